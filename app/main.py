"""A browser in, the page it asked for out: navigation, language, officer.

`streamlit run app/main.py` reads this file twice: once as a module, for the server and its
middleware, and at every visit as the script that draws the page.
"""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from app import forms, session, widgets
from app.guard import Guard
from app.i18n import _
from app.lost import Lost, pages_in, root

LOG = logging.getLogger("dongseon")
PAGES = Path(__file__).resolve().parent / "pages"


def draw() -> None:
    """One visit: the frame, and inside it the page, which settles everything else itself."""
    session.settle()
    st.set_page_config(page_title=_("Dongseon"), page_icon=widgets.MARK, layout="wide")
    widgets.brand()
    page = st.navigation(
        {
            _("Investigation"): [
                st.Page(PAGES / "case.py", title=_("Case"), icon=":material/folder_shared:"),
                st.Page(PAGES / "search.py", title=_("Search"), icon=":material/person_search:"),
                st.Page(PAGES / "route.py", title=_("Route"), icon=":material/route:"),
                st.Page(
                    PAGES / "securing.py", title=_("Securing list"), icon=":material/assignment:"
                ),
            ],
            _("Administration"): [
                st.Page(PAGES / "cameras.py", title=_("Cameras"), icon=":material/videocam:"),
                st.Page(PAGES / "footage.py", title=_("Collect footage"), icon=":material/movie:"),
                st.Page(PAGES / "system.py", title=_("System"), icon=":material/settings:"),
            ],
        }
    )
    with st.sidebar:
        chosen, officer = forms.desk(session.language(), session.officer())
    session.choose_officer(officer)
    if chosen != session.language():
        session.choose_language(chosen)
        st.rerun()
    page.run()


def fault(error: Exception) -> bool:
    """A mistake of ours: the log gets the traceback, the reader one sentence."""
    LOG.error("page failed", exc_info=error)
    widgets.fault()
    return True


def home(request: Request) -> RedirectResponse:
    """The case page stands at the root; whoever types its name gets there too."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{query}")


if __name__ == "__main__":
    draw()
else:
    PagesManager.uses_pages_directory = False  # else the first visitor gets pages/ without a frame
    app = st.App(
        Path(__file__).resolve(),
        routes=[Route("/case", home), Route("/case/", home)],
        middleware=[
            Middleware(Guard),
            Middleware(Lost, pages_in(PAGES), root()),
        ],
        on_script_error=fault,
    )
