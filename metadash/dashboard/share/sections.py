"""One section of a report as the page *Reports* shows it: what it says, what was written to it, its place."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import tried
from metadash.dashboard.parts.theme import chart
from metadash.dashboard.share.closed import closed
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.front.sharing.reports import LONGEST_COMMENT, Report, commented, moved, without


def draw_section(report: Report, place: int, section: Section | None, comment: str) -> None:
    """Title, answer and chart; its place and its comment where anything may be changed. ``section``: None where it cannot be read."""
    name, _ = report.sections[place]
    with st.container(border=True):
        left, right = st.columns([4, 1.4], vertical_alignment="center")
        left.markdown(f"##### {place + 1}. {plain(section.title) if section else 'A section that cannot be read'}")
        if not closed():
            with right.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
                move(report, name, place, -1, "arrow_upward", "Up")
                move(report, name, place, 1, "arrow_downward", "Down")
                st.button(
                    ":material/close:",
                    key=f"rp_out_{name}",
                    help="Take it out of the report",
                    on_click=partial(change, without, report.id, name),
                )
        if section is None:
            st.caption("Files leave it out. Take it out of the report, and add it from its page again.")
            return
        st.markdown(f"**{plain(section.told[0])}**")
        if section.small:
            st.caption(plain(section.small))
        if closed():
            st.markdown(plain(comment))
        else:
            comment_field(report, name, comment)
        with st.expander("Chart and numbers", icon=":material/table:", on_change="rerun", key=f"rp_more_{name}") as more:
            if more.open:
                for heading, draw in section.pictures.items():
                    st.caption(plain(heading))
                    figure = draw().update_layout(paper_bgcolor=LIGHT.background)  # drawn for paper, whatever the theme
                    chart(figure, key=f"rp_chart_{name}_{heading}", alt=f"{heading}: {section.told[0]}")
                for heading, frame in section.numbers.items():
                    st.caption(plain(heading))
                    st.dataframe(frame, alt=heading)


def comment_field(report: Report, name: str, comment: str) -> None:
    """What somebody else has written since stands in it too, unless it holds words that could not be kept."""
    key = f"rp_comment_{report.id}_{name}"
    before = st.session_state.get(f"{key} seen")
    if key not in st.session_state or st.session_state[key] == before != comment:
        st.session_state[key] = comment
    st.session_state[f"{key} seen"] = comment
    st.text_area(
        "What you write to it",
        max_chars=LONGEST_COMMENT,
        key=key,
        height=68,
        placeholder="What should a reader take from this?",
        on_change=partial(write, report.id, name, key, comment),
    )


def move(report: Report, name: str, place: int, by: int, icon: str, label: str) -> None:
    st.button(
        f":material/{icon}:",
        key=f"rp_{label.lower()}_{name}",
        help=label,
        disabled=not 0 <= place + by < len(report.sections),
        on_click=partial(change, moved, report.id, name, by),
    )


def change(how: Callable[..., Report], *arguments: Any) -> None:
    tried(how, server.workspace(), *arguments)


def write(identity: str, name: str, key: str, seen: str) -> None:
    change(commented, identity, name, st.session_state[key], seen)
