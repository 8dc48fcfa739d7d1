"""English sentences in, the same sentences in the reader's language out.

English sources are the gettext ids. They come from `_("...")` and `N_("...")` in the app and, in
core, from the first argument of every error and every `note`. `python -m app.i18n extract` adds
new ones to the Korean catalogue and keeps what is translated; `python -m app.i18n compile` makes
the file that is read at run time.
"""

from __future__ import annotations

import ast
import gettext
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import errors
from core.errors import DongseonError
from core.types import UNKNOWN, Note, Traits

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES: Mapping[str, str] = {"ko": "한국어", "en": "English"}
ROOT = Path(__file__).resolve().parent.parent
NO_LINE: Any = None  # babel writes a file without a line for it
LOCALE = ROOT / "app" / "locale"
PO = LOCALE / "ko" / "LC_MESSAGES" / "dongseon.po"

_language: ContextVar[str] = ContextVar("language", default="ko")


def use(language: str) -> None:
    """Speak this language from here on, in this browser session's run."""
    _language.set(language if language in LANGUAGES else "ko")


def language() -> str:
    """The language spoken now: "ko" or "en"."""
    return _language.get()


def _(msgid: str, /, **fields: object) -> str:
    """The sentence in the reader's language, its fields filled in."""
    text = _catalogue(language()).gettext(msgid)
    return text.format(**{k: _field(v) for k, v in fields.items()}) if fields else text


def N_(msgid: str) -> str:  # noqa: N802 (gettext's own name for "translate later")
    """Mark a word for the catalogue; `_` translates it where it is shown."""
    return msgid


ATTRIBUTE_WORDS: Mapping[str, str] = {
    "direction": N_("Facing"),
    "gender": N_("Sex"),
    "age": N_("Age"),
    "upper_type": N_("Top"),
    "upper_color": N_("Top colour"),
    "lower_type": N_("Bottoms"),
    "lower_color": N_("Bottoms colour"),
    "shoe_color": N_("Shoe colour"),
    "hair": N_("Hair"),
    "hat": N_("Headwear"),
    "glasses": N_("Glasses"),
    "bag": N_("Bag"),
    "mask": N_("Mask"),
}

COLOR_WORDS: Mapping[str, str] = {
    "black": N_("black"),
    "white": N_("white"),
    "gray": N_("gray"),
    "navy": N_("navy"),
    "blue": N_("blue"),
    "sky": N_("sky blue"),
    "red": N_("red"),
    "pink": N_("pink"),
    "orange": N_("orange"),
    "yellow": N_("yellow"),
    "beige": N_("beige"),
    "brown": N_("brown"),
    "khaki": N_("khaki"),
    "green": N_("green"),
    "purple": N_("purple"),
}

COLOR_CODES: Mapping[str, str] = {
    "black": "#1a1a1a",
    "white": "#ffffff",
    "gray": "#8c8c8c",
    "navy": "#1b2a57",
    "blue": "#2060d0",
    "sky": "#7fc4f0",
    "red": "#d22630",
    "pink": "#f29ab8",
    "orange": "#f08020",
    "yellow": "#f7d417",
    "beige": "#e2d0ae",
    "brown": "#6f4a2c",
    "khaki": "#7d7a45",
    "green": "#2d8a43",
    "purple": "#7a3fa0",
}
"""What a colour word looks like on screen, in the order of core.types.COLORS."""

VALUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "direction": {"front": N_("front"), "side": N_("side"), "back": N_("back")},
    "gender": {"male": N_("male"), "female": N_("female")},
    "age": {
        "child": N_("child"),
        "teenager": N_("teenager"),
        "young_adult": N_("young adult"),
        "middle_aged": N_("middle-aged"),
        "elderly": N_("elderly"),
    },
    "upper_type": {
        "long_sleeve": N_("long sleeves"),
        "short_sleeve": N_("short sleeves"),
        "sleeveless": N_("sleeveless"),
        "outerwear": N_("coat or jacket"),
        "dress": N_("dress"),
    },
    "upper_color": COLOR_WORDS,
    "lower_type": {
        "long_trousers": N_("long trousers"),
        "short_trousers": N_("shorts"),
        "skirt": N_("skirt"),
    },
    "lower_color": COLOR_WORDS,
    "shoe_color": COLOR_WORDS,
    "hair": {
        "none": N_("bald"),
        "short": N_("short hair"),
        "bob": N_("bob"),
        "long": N_("long hair"),
    },
    "hat": {"none": N_("no headwear"), "hat": N_("hat"), "helmet": N_("helmet")},
    "glasses": {
        "none": N_("no glasses"),
        "glasses": N_("spectacles"),
        "sunglasses": N_("sunglasses"),
    },
    "bag": {
        "none": N_("no bag"),
        "backpack": N_("backpack"),
        "handbag": N_("handbag"),
        "crossbody": N_("crossbody bag"),
    },
    "mask": {"none": N_("no mask"), "mask": N_("mask worn")},
}


def attribute_word(name: str) -> str:
    """The reader's word for an attribute of core.types.ATTRIBUTES."""
    return _(ATTRIBUTE_WORDS[name])


def value_word(name: str, value: str) -> str:
    """The reader's word for an attribute's value; `unknown` too."""
    return _("not known") if value == UNKNOWN else _(VALUE_WORDS[name][value])


def both_words(name: str, value: str) -> tuple[str, str]:
    """The reader's words for an attribute and its value."""
    return attribute_word(name), value_word(name, value)


def say(sentence: Note | DongseonError) -> str:
    """A note or an error of core in the reader's language."""
    fields = {k: _field(v) for k, v in sentence.fields.items()}
    return _catalogue(language()).gettext(sentence.msgid).format(**fields)


def _field(value: object) -> object:
    """A field that is itself a sentence, or names attributes, is translated too."""
    if isinstance(value, Traits):
        return ", ".join(trait(name, of) for name, of in value.items)
    return say(value) if isinstance(value, Note) else value


def trait(name: str, value: str) -> str:
    """An attribute with its value ("" = none), in the reader's words; no word is said twice."""
    said = attribute_word(name)
    if not value:
        return said
    of = value_word(name, value)
    return of if said.casefold() in of.casefold() else f"{said} {of}"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("dongseon", LOCALE, [language], fallback=True)


def msgids(root: Path = ROOT) -> dict[str, list[str]]:
    """Every sentence a user can meet -> the places it is written, as "app/main.py:12"."""
    found: dict[str, list[str]] = {}
    sentences = {"note"} | {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, DongseonError)
    }
    for folder in ("app", "core"):
        for path in sorted((root / folder).rglob("*.py")):
            called = sentences | ({"_", "N_"} if folder == "app" else set())
            for msgid, line in _literals(ast.parse(path.read_text("utf-8")), called):
                found.setdefault(msgid, []).append(f"{path.relative_to(root).as_posix()}:{line}")
    return found


def _literals(tree: ast.AST, called: set[str]) -> Iterator[tuple[str, int]]:
    """(first literal argument, line) of every call of one of the names."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        first = node.args[0]
        if name in called and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value, node.lineno


def read(path: Path = PO) -> Catalog:
    """The Korean catalogue, empty if there is none yet."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if not path.exists():
        return Catalog(locale="ko", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale="ko")


def extract(path: Path = PO) -> list[str]:
    """Write the catalogue anew from the sources; return the ids that still need a translation."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    old, new = read(path), Catalog(locale="ko", charset="utf-8", header_comment="")
    for msgid, places in sorted(msgids().items()):
        files = sorted({place.split(":")[0] for place in places})  # no lines: they move too often
        known: Any = old.get(msgid)
        new.add(msgid, known.string if known else "", [(name, NO_LINE) for name in files])
    with path.open("wb") as file:
        write_po(file, new, width=100, sort_output=True, omit_header=True)
    text = (
        'msgid ""\nmsgstr ""\n"Language: ko\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    )
    path.write_text(text + path.read_text("utf-8"), "utf-8")
    return [str(m.id) for m in new if m.id and not m.string]


def compile_catalogue(path: Path = PO) -> Path:
    """Write the binary catalogue beside the text one; return its path."""
    from babel.messages.mofile import write_mo

    target = path.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, read(path))
    return target


def main(arguments: list[str]) -> int:
    """`extract` or `compile`; `extract` ends with 1 while something is untranslated."""
    if arguments == ["extract"]:
        missing = extract()
        print(*missing, sep="\n")
        return 1 if missing else 0
    if arguments == ["compile"]:
        print(compile_catalogue())
        return 0
    print("usage: python -m app.i18n extract | compile", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
