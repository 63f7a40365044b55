"""Where nothing may be changed (``serve --read-only``, ``serve --demo``), or not by who visits (a viewer): what stands in the place of a
button, and the banner.

A button that is not drawn is a courtesy. What it would do is refused where it would be done (``refuse_change`` of ``metadash/workspace.py``).
"""

import time

import streamlit as st

from metadash import settings
from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.prepared import Prepared, prepared
from metadash.stats import words
from metadash.workspace import why_closed

INSTALL = "`make run`"
ICONS = {
    "start": "rocket_launch",
    "ablation": "balance",
    "compare": "stacked_line_chart",
    "adaptation": "moving",
    "prototypes": "scatter_plot",
    "what_if": "help_center",
    "use": "new_label",
}


def closed() -> bool:
    """Whether who visits only sees what is stored."""
    return bool(why_closed())


def shown() -> Prepared | None:
    """What the prepared answers say of themselves, where such are shown."""
    return prepared(server.workspace().root) if settings.read_only() else None


def who_can() -> str:
    """Why nothing is computed, and who could, as the end of a sentence."""
    if settings.read_only():
        return f"nothing can be computed on this server; MetaDash on your own machine ({INSTALL}) answers it"
    return "a viewer starts no job; an editor of this MetaDash can"


def banner() -> None:
    """That nothing can be changed here, what the answers rest on and which there are; above every page."""
    if not closed():
        return
    about = shown()
    with st.container(key="closed_banner", border=True):
        if not settings.read_only():
            st.caption(
                ":material/visibility: **You are a viewer.** Look through, filter, query, chart and download what is stored; editors compute and change."
            )
            return
        if about is None:
            st.caption(
                ":material/visibility: **Read-only.** You see what this workspace holds; nothing can be computed or changed here."
            )
            return
        made = time.strftime("%Y-%m-%d", time.gmtime(about.made))
        told, there = st.columns([4, 1.5], vertical_alignment="center")
        told.caption(
            f":material/visibility: **Demo, read-only.** The answers were computed on {made} by MetaDash {about.version} (code `{about.code}`), and their "
            f"checksums compared here. Nothing can be computed or changed; {INSTALL} on your own machine does that."
        )
        with there.popover("What there is to see", icon=":material/explore:", width="stretch"):
            links(about)


def links(about: Prepared, page: str = "") -> None:
    """To all that is prepared, or to what is on one page."""
    for title, where, query in about.roads:
        if page in ("", where):
            link_to(where, title, ICONS.get(where, "arrow_forward"), **query)


def not_prepared(takes: str = "") -> None:
    """In place of a button that would compute, with what there is instead; ``takes`` is how long that is."""
    cost = f" It takes {takes}." if takes else ""
    st.markdown("#### This is not among the answers that are stored here.")
    st.caption(f"{words.capital(who_can())}.{cost}")
    here = st.session_state.get("address page") or "start"
    about = shown()
    if about and any(where == here for _, where, _ in about.roads):
        st.caption("These are there:")
        links(about, here)
