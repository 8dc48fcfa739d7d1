"""Pages opened by Streamlit's own test driver, read and pressed in words."""

from __future__ import annotations

import io
from pathlib import Path

import tiny
from PIL import Image
from streamlit.testing.v1 import AppTest

from app import i18n

MAIN = Path(i18n.__file__).with_name("main.py")
FRAME = "from app.main import draw\ndraw()\n"  # a script away from pages/, as the server sees it
PAGE = {path.stem: str(path) for path in MAIN.parent.joinpath("pages").glob("[a-z]*.py")}
"""{name of a page: its file}"""
EVIL = "<script>alert(1)</script> **bold** ![x](http://evil.example/x.png) `code` :red[x] $a$"


def words(app: AppTest) -> str:
    """Everything the page says."""
    nodes = [*app.main, *app.sidebar]
    said = [str(getattr(n, name, "")) for n in nodes for name in ("value", "label", "options")]
    return "\n".join(said)


def photo(color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 128), color).save(buffer, "JPEG")
    return buffer.getvalue()


def red_photo() -> bytes:
    """A photo of the red figure."""
    picture = tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.main.button if b.label == label).click().run()


def field(app: AppTest, kind: str, label: str):
    return next(f for f in getattr(app, kind) if f.label == label)
