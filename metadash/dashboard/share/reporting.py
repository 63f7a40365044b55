"""*Report*: the answer of a page as a file, or as a section of a report that is kept."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.share.closed import closed
from metadash.errors import BadInput
from metadash.figures.document import LARGEST, bundle, html_document
from metadash.figures.section import Section
from metadash.front.sharing.reports import LONGEST, add

PLACE, GIVEN, LAST = "report place", "report given", "report last"
"""In the session: where the button stands, what the page gave, the title of the report that was last added to."""
USUAL = "My report"
Make = Callable[[], Section]


def place() -> None:
    """Keep the room where the button will stand."""
    st.session_state[PLACE] = st.container(key="report_button")


def report(name: str, make: Make) -> None:
    """What the page has to tell; ``make`` is called when somebody takes it, ``name`` begins the names of files."""
    st.session_state[GIVEN] = name, make


def forget() -> None:
    """At the beginning of a page: what the page before had to tell is not this one's."""
    st.session_state.pop(GIVEN, None)
    st.session_state.pop(PLACE, None)


def draw() -> None:
    """At the end of a page: the button, where the page has an answer."""
    given, where = st.session_state.get(GIVEN), st.session_state.get(PLACE)
    if given is None or where is None:
        return
    name, make = given
    with where, st.popover("Report", icon=":material/description:", width="stretch", key="rp_open", on_change="rerun") as opened:
        if not opened.open:
            return
        st.caption("The answer with its chart, numbers, methods and the command that repeats it.")
        download("One HTML file", partial(as_html, make), f"{name}.html", "text/html", icon=":material/html:", width="stretch")
        download(
            "Markdown and CSV (zip)",
            partial(as_bundle, make),
            f"{name}.zip",
            "application/zip",
            icon=":material/folder_zip:",
            width="stretch",
        )
        if not closed():
            collect(make)


def collect(make: Make) -> None:
    title = st.text_input("Or add it to a report", st.session_state.get(LAST, USUAL), max_chars=LONGEST, key="rp_title")
    if st.button("Add", icon=":material/playlist_add:", key="rp_add", width="stretch"):
        try:
            found = add(server.workspace(), title, make())
        except BadInput as problem:
            st.error(plain(problem), icon=":material/error:")
        else:
            st.session_state[LAST] = found.title
            st.success(f"Added to “{plain(found.title)}”.", icon=":material/check:")
    link_to("reports", "All reports", "summarize")


def as_html(make: Make) -> str:
    section = make()
    return html_document(section.title, [(section, "")], LARGEST)


def as_bundle(make: Make) -> bytes:
    section = make()
    return bundle(section.title, [(section, "")])
