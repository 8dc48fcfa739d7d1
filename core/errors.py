"""What went wrong, in words a user can act on.

`DongseonError` carries an English format string, which is also the key of its translation, and the
fields that fill it. The command line prints it; the app translates it. Nothing else reaches a user.
"""

from __future__ import annotations


class DongseonError(Exception):
    """A wrong input or a missing thing, said in one sentence.

    msgid   English format string, for instance ``"camera {camera} is not known: add it first"``;
            it is the gettext id, so it must be a literal
    fields  values for the format string
    """

    def __init__(self, msgid: str, /, **fields: object) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.fields = fields

    def __str__(self) -> str:
        return self.msgid.format(**self.fields)


class BadInput(DongseonError):
    """The user gave something that cannot be used; the command line exits with 2."""


class NotFound(BadInput):
    """A case, camera, tracklet or file that was named does not exist."""


class FootageError(BadInput):
    """A video, picture or stream cannot be read."""


class ModelError(DongseonError):
    """A weight file is missing, damaged, or does not fit the gallery."""


class Unfinished(FootageError):
    """A recording changes while it is read: it is still being written; trying again later helps."""


class DiskFull(DongseonError):
    """A disk is full: nothing was lost, but somebody must make room."""


class Busy(DongseonError):
    """Another process holds what is needed; trying again later helps."""
