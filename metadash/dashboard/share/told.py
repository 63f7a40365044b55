"""What a page has to tell, and where *Share* will stand: said while the page is drawn, used at its end."""

from collections.abc import Callable

import streamlit as st

from metadash.figures.section import Section

PLACE, GIVEN = "report place", "report given"
"""In the session: where the button stands, what the page gave."""
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
