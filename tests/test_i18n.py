"""The Korean catalogue is whole: every sentence a user can meet is there, with the same fields."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st
from babel.messages.catalog import Catalog

from app import i18n
from core import errors
from core.errors import BadInput, DongseonError
from core.types import ATTRIBUTES, UNKNOWN, note

SENTENCES = set(i18n.msgids())
HANGUL = re.compile("[ᄀ-ᇿ㄰-㆏가-힣]")
APP = i18n.ROOT / "app"
PAGES = sorted({*APP.rglob("*.py")} - {APP / "i18n.py"})
SPOKEN_KEYWORDS = {"label", "help", "placeholder", "caption", "alt", "text", "title", "body"}
SILENT = {"code", "html", "logo", "form", "Page"}  # what these are given is no sentence
OWN_NAME = "한국어 / English"  # the switch names every language in itself


def fields(text: str) -> set[str]:
    """The names between braces, also inside the bold of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def calls(path: Path) -> list[ast.Call]:
    return [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]


def bare(node: ast.expr) -> list[str]:
    """Words in an argument that are shown as they stand, not through a call of `_`; no paths."""
    if isinstance(node, ast.Constant):
        found = [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.JoinedStr):
        found = [text for part in node.values for text in bare(part)]
    elif isinstance(node, ast.BoolOp | ast.IfExp | ast.BinOp | ast.List | ast.Tuple):
        found = [text for part in ast.iter_child_nodes(node) for text in bare(part)]  # type: ignore[arg-type]
    else:
        found = []
    return [text for text in found if re.search(r"[^\W\d_]{2}", text) and text[0] != "/"]


@pytest.fixture
def speak():
    """Speak a language for one test."""
    yield i18n.use
    i18n.use("ko")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return i18n.read()


def test_every_sentence_is_translated(catalogue: Catalog) -> None:
    missing = [msgid for msgid in SENTENCES if not getattr(catalogue.get(msgid), "string", "")]
    assert not missing, "run `python -m app.i18n extract`, translate, then `compile`"


def test_translations_have_the_same_fields(catalogue: Catalog) -> None:
    wrong = [str(m.id) for m in catalogue if m.string and fields(m.string) != fields(str(m.id))]
    assert not wrong


def test_catalogue_holds_nothing_that_nobody_says(catalogue: Catalog) -> None:
    assert {str(message.id) for message in catalogue if message.id} == SENTENCES


def test_compiled_catalogue_is_the_written_one(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id:
            assert i18n._catalogue("ko").gettext(str(message.id)) == message.string


def test_every_error_of_core_has_a_literal_sentence() -> None:
    names = {n for n, v in vars(errors).items() if isinstance(v, type)} | {"note"}
    for path in sorted((i18n.ROOT / "core").rglob("*.py")):
        for call in calls(path):
            if getattr(call.func, "id", "") in names and call.args:
                first = call.args[0]
                literal = isinstance(first, ast.Constant) and isinstance(first.value, str)
                passes_on = path.name == "errors.py"
                assert literal or passes_on, f"{path}:{call.lineno}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(APP)))
def test_page_shows_no_words_outside_the_catalogue(path: Path) -> None:
    for call in calls(path):
        name = getattr(call.func, "attr", "")
        target = getattr(getattr(call.func, "value", None), "id", "")
        if target in ("re", "datetime", "LOG") or name in SILENT or not name:
            continue
        if target not in ("session", "i18n") and name in vars(st):
            spoken = call.args[:1] + [k.value for k in call.keywords if k.arg in SPOKEN_KEYWORDS]
            said = [text for node in spoken for text in bare(node) if text != OWN_NAME]
            assert not said, f"{path.name}:{call.lineno} {said}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(APP)))
def test_page_holds_no_korean(path: Path) -> None:
    assert not HANGUL.search(path.read_text("utf-8").replace(OWN_NAME, ""))


def test_every_attribute_and_value_has_a_word(speak) -> None:
    for language in i18n.LANGUAGES:
        speak(language)
        for name, values in ATTRIBUTES.items():
            assert i18n.attribute_word(name)
            shown = [i18n.value_word(name, value) for value in (*values, UNKNOWN)]
            assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("name", "value", "ko", "en"),
    [
        ("hat", "none", "모자 없음", "no headwear"),
        ("bag", "handbag", "손가방", "handbag"),
        ("bag", "backpack", "가방 배낭", "Bag backpack"),
        ("mask", "", "마스크", "Mask"),
    ],
)
def test_a_trait_says_no_word_twice(speak, name: str, value: str, ko: str, en: str) -> None:
    for language, said in (("ko", ko), ("en", en)):
        speak(language)
        assert i18n.trait(name, value) == said


def test_errors_and_notes_are_said_in_the_readers_language(speak) -> None:
    error = BadInput("camera {camera} is not known: add it first", camera="c07")
    assert "c07" in i18n.say(error)
    assert HANGUL.search(i18n.say(error))
    speak("en")
    assert i18n.say(error) == str(error)


def test_a_sentence_inside_a_sentence_is_translated_too(speak) -> None:
    said = i18n.say(note("face not used: {why}", why=note("no face to be seen")))
    assert "no face" not in said


def test_a_sentence_without_translation_is_said_in_english() -> None:
    assert i18n.say(DongseonError("nobody wrote {n} of these", n=3)) == "nobody wrote 3 of these"


def test_an_unknown_language_means_korean(speak) -> None:
    speak("xx")
    assert i18n.language() == "ko"


def test_extract_keeps_translations_and_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ko.po"
    missing = i18n.extract(path)
    assert set(missing) == SENTENCES
    path.write_text(path.read_text("utf-8").replace('msgid "red"\nmsgstr ""', KEPT), "utf-8")
    assert set(i18n.extract(path)) == set(missing) - {"red"}
    assert KEPT in path.read_text("utf-8")


KEPT = 'msgid "red"\nmsgstr "빨강"'


def test_command_names_its_two_verbs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.i18n", "purge"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "extract | compile" in done.stderr
