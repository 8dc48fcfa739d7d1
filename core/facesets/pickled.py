"""A pickle of lists of bytes and truth values in, those values out; nothing is ever executed.

`pickletools` names the operations without running them; the few that build lists, tuples, bytes,
text, small numbers and truth values are done here, every other one is refused. One name may occur,
`_codecs.encode`: it is how Python 3 writes bytes for readers of protocol 2. It is not called
either, but recognised.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MAX_BYTES = 500_000_000
MAX_STEPS = 4_000_000  # a published file of 14,000 pictures takes some 60,000
MAX_NUMBER = 255

_MARK = object()
_ENCODE = object()  # stands for the name _codecs.encode
_BYTES = object()  # stands for the name bytes: b"" is written as bytes()

NAMES: Mapping[tuple[str, str], object] = {
    ("_codecs", "encode"): _ENCODE,
    ("__builtin__", "bytes"): _BYTES,
    ("builtins", "bytes"): _BYTES,
}
VALUES = frozenset({"SHORT_BINBYTES", "BINBYTES", "BINBYTES8"})
OLD_TEXT = frozenset({"SHORT_BINSTRING", "BINSTRING"})  # bytes, if Python 2 wrote them
TEXT = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
NUMBERS = frozenset({"INT", "BININT", "BININT1", "BININT2"})
IGNORED = frozenset({"PROTO", "FRAME"})
PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})


def read(path: Path) -> object:
    """What the file holds: tuples and lists of bytes, text, numbers and truth values.

    Raises ValueError with the reason if there is anything else in it, or too much.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("it is larger than 500 MB")
    return _Machine().run(path.read_bytes())


class _Machine:
    """A stack and a memory, as a pickle's reader has them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}
        self.does: Mapping[str, Callable[[], None]] = {
            "MARK": lambda: self.stack.append(_MARK),
            "NEWTRUE": lambda: self.stack.append(True),
            "NEWFALSE": lambda: self.stack.append(False),
            "EMPTY_LIST": lambda: self.stack.append([]),
            "EMPTY_TUPLE": lambda: self.stack.append(()),
            "LIST": lambda: self.stack.append(self._to_mark()),
            "TUPLE": lambda: self.stack.append(tuple(self._to_mark())),
            "TUPLE1": lambda: self._tuple(1),
            "TUPLE2": lambda: self._tuple(2),
            "TUPLE3": lambda: self._tuple(3),
            "APPEND": lambda: self._extend([self._pop()]),
            "APPENDS": lambda: self._extend(self._to_mark()),
            "MEMOIZE": lambda: self._put(len(self.memory)),
            "STACK_GLOBAL": self._named,
            "REDUCE": self._reduce,
        }

    def run(self, content: bytes) -> object:
        for step, (operation, argument, at) in enumerate(pickletools.genops(content)):
            if step >= MAX_STEPS:
                raise ValueError("it has too many parts")
            if operation.name == "STOP":
                break
            self._do(operation.name, argument, at)
        if len(self.stack) != 1:
            raise ValueError("it is cut short")
        return self.stack[0]

    def _do(self, name: str, argument: Any, at: int | None) -> None:
        if name in VALUES:
            self.stack.append(argument)
        elif name in OLD_TEXT:
            self.stack.append(argument.encode("latin-1"))
        elif name in TEXT:
            self.stack.append(argument)
        elif name in NUMBERS:
            if not 0 <= argument <= MAX_NUMBER:
                raise ValueError("a number in it is neither true nor false")
            self.stack.append(argument)
        elif name in PUTS:
            self._put(argument)
        elif name in GETS:
            if argument not in self.memory:
                raise ValueError("it refers to what it does not hold")
            self.stack.append(self.memory[argument])
        elif name == "GLOBAL":
            self._name(*argument.split(" ", 1))
        elif name in self.does:
            self.does[name]()
        elif name not in IGNORED:
            raise ValueError(f"it asks for {name} at byte {at}, which such a file does not need")

    def _pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise ValueError("it is damaged")
        return self.stack.pop()

    def _to_mark(self) -> list[Any]:
        """What lies above the last mark, which is taken away, too."""
        for k in range(len(self.stack) - 1, -1, -1):
            if self.stack[k] is _MARK:
                above = self.stack[k + 1 :]
                del self.stack[k:]
                return above
        raise ValueError("it is damaged")

    def _tuple(self, n: int) -> None:
        self.stack.append(tuple([self._pop() for _ in range(n)][::-1]))

    def _extend(self, more: list[Any]) -> None:
        if not self.stack or not isinstance(self.stack[-1], list):
            raise ValueError("it is damaged")
        self.stack[-1].extend(more)

    def _put(self, key: int) -> None:
        if not self.stack or self.stack[-1] is _MARK:
            raise ValueError("it is damaged")
        self.memory[key] = self.stack[-1]

    def _named(self) -> None:
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise ValueError("it is damaged")
        self._name(module, name)

    def _name(self, module: str, name: str) -> None:
        if (module, name) not in NAMES:
            raise ValueError(
                f"it asks for {module[:40]}.{name[:40]}, which such a file does not need"
            )
        self.stack.append(NAMES[module, name])

    def _reduce(self) -> None:
        """The two calls by which Python 3 writes bytes in protocol 2; neither is made."""
        given, called = self._pop(), self._pop()
        if called is _BYTES and given == ():
            self.stack.append(b"")
        elif called is _ENCODE and _latin(given):
            try:
                self.stack.append(given[0].encode("latin-1"))
            except UnicodeEncodeError:
                raise ValueError("a picture in it is damaged") from None
        else:
            raise ValueError("it asks for a call, which such a file does not need")


def _latin(given: object) -> bool:
    """Whether these are a text and the name of Latin 1."""
    if not (isinstance(given, tuple) and len(given) == 2):
        return False
    return isinstance(given[0], str) and given[1] in ("latin1", "latin-1")
