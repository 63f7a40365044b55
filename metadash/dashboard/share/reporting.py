"""*Share*: the answer of a page as a file, or as a section of a report that is kept; the page as a saved view."""

from functools import partial

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.share.closed import closed
from metadash.dashboard.share.told import GIVEN, PLACE, Make
from metadash.dashboard.share.views import save_here
from metadash.errors import BadInput
from metadash.figures.document import LARGEST, bundle, html_document
from metadash.front.sharing.reports import LONGEST, add

LAST = "report last"
"""In the session: the title of the report that was last added to."""
USUAL = "My report"


def draw() -> None:
    """At the end of a page: the button; the answer where the page has one, and the page as a view."""
    given, where = st.session_state.get(GIVEN), st.session_state.get(PLACE)
    if where is None or (given is None and closed()):
        return
    with where, st.popover("Share", icon=":material/ios_share:", width="stretch", key="rp_open", on_change="rerun") as opened:
        if not opened.open:
            return
        if given is not None:
            take(*given)
        if not closed():
            save_here()
            link_to("reports", "Reports and views", "summarize")


def take(name: str, make: Make) -> None:
    """The answer as files, or as a section of a report."""
    with st.container():
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


def as_html(make: Make) -> str:
    section = make()
    return html_document(section.title, [(section, "")], LARGEST)


def as_bundle(make: Make) -> bytes:
    section = make()
    return bundle(section.title, [(section, "")])
