"""What every page has: the brand, errors in one sentence, warnings, tables that read as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from app.i18n import _, say
from app.widgets.words import inert
from core.errors import DongseonError
from core.types import (
    Note,
)

STYLE = Path(__file__).with_name("look.css")
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="7" fill="#1d5a8c"/><path d="M8 24 13 14l7 4 5-10" fill="none" stroke="#fff" '
    'stroke-width="2.4" stroke-linejoin="round"/><g fill="#fff"><circle cx="8" cy="24" r="3"/>'
    '<circle cx="13" cy="14" r="2"/><circle cx="20" cy="18" r="2"/><circle cx="25" cy="8" r="3"/>'
    "</g></svg>"
)
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32">{mark}<text x="42" y="23" '
    'font-family="Pretendard, Noto Sans KR, Noto Sans CJK KR, Malgun Gothic, sans-serif" '
    'font-size="20" font-weight="700" fill="#1b2430">{name}</text></svg>'
)


def brand() -> None:
    """The product's name in the corner, and what Streamlit only says in English."""
    mark = MARK.replace("<svg ", '<svg width="32" height="32" ')
    st.logo(LOGO.format(mark=mark, name=_("Dongseon")), size="large")
    zone = '[data-testid="stFileUploaderDropzone'
    texts = {
        f'{zone}"] button p': _("Choose photos"),
        f'{zone}Instructions"] span': _("or drop them here"),
    }
    rules = [
        f"{place} {{font-size: 0}} {place}::after {{font-size: 0.95rem; content: {said}}}"
        for place, text in texts.items()
        for said in [json.dumps(text, ensure_ascii=False)]
    ]
    keep = ".stApp {word-break: keep-all; overflow-wrap: anywhere}"  # Korean breaks between words
    look = STYLE.read_text("utf-8")
    st.html(f"<style>{keep} {' '.join(rules)} {look}</style>")


def failed(error: DongseonError) -> None:
    """One sentence that says what is wrong and what to do."""
    st.error(inert(say(error)), icon=":material/error:")


@contextmanager
def guarded() -> Iterator[None]:
    """Show here what goes wrong inside, and draw on with the rest of the page."""
    try:
        yield
    except DongseonError as error:
        failed(error)


def warn(sentences: Iterable[Note]) -> None:
    """What a reader must know first, in one box."""
    said = [inert(say(sentence)) for sentence in sentences]
    if said:
        text = said[0] if len(said) == 1 else "\n".join(f"- {one}" for one in said)
        st.warning(text, icon=":material/warning:")


def fault() -> None:
    """What is shown when the program itself is wrong; the server's log says where."""
    st.error(
        _("The program made a mistake, not you. Reload the page; if it stays, have the log read."),
        icon=":material/error:",
    )


def table(rows: Sequence[Mapping[str, object]], *, alt: str, height: int | None = None) -> None:
    """A table that reads as text: cells are never Markdown; None is an empty cell."""
    cells = [{k: "" if v is None else inert(v) for k, v in row.items()} for row in rows]
    size: int | Literal["content"] = height if height and len(rows) > 12 else "content"
    st.table(pd.DataFrame(cells), border="horizontal", hide_index=True, height=size, alt=alt)
