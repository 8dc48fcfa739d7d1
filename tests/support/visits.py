"""Pages opened by Streamlit's own test driver, read and pressed in words."""

from __future__ import annotations

import io
from collections.abc import Mapping
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


def fill(app: AppTest, *, reason: str = "실종 신고", pictures=()) -> AppTest:
    """Write title and reason of a new case, give photos, and send it."""
    app = give(app, {f"p{n}.jpg": picture for n, picture in enumerate(pictures)})
    field(app, "text_input", "사건명 또는 사건번호").set_value("2026-0412")
    field(app, "text_input", "검색 사유(필수)").set_value(reason)
    return press(app, "사건 열고 검색")


def give(app: AppTest, photos: Mapping[str, bytes]) -> AppTest:
    """Upload photos {name: bytes} all at once."""
    if not photos:
        return app
    for name, content in photos.items():
        app.file_uploader[0].upload(name, content, "application/octet-stream")
    return app.run()
