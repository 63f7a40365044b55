"""Links from one page to another, with what the other is to show."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[2] / "pages"


def link_to(page: str, label: str, icon: str, **chosen: str | list[str]) -> None:
    """A link to ``pages/<page>.py``; ``chosen`` are the values of that page's own widgets, by key."""
    data = st.session_state.get("dataset")
    query = {**({"dataset": data} if data and data != "glyphs" else {}), **chosen}
    st.page_link(PAGES / f"{page}.py", label=label, icon=f":material/{icon}:", query_params=query)


def from_link(key: str, labels: Mapping[str, str], many: bool = False) -> list[str]:
    """Give the unbound widget ``key`` the ids that the link names; call before it is drawn. Returns those that are not there.

    For widgets whose options are ids, shown as ``labels``. Streamlit's own ``bind`` writes the labels into the link, and the label
    of a run changes when other runs come: the link would lose its meaning.
    """
    asked, last = st.query_params.get_all(key), st.session_state.get(f"{key} in link", [])
    if asked and asked != last:
        wanted = asked  # a link, or back and forward
    elif key not in st.session_state:
        wanted = last  # back from another page
    else:
        keep_under_new_labels(key, labels)
        return []
    found = [identity for identity in wanted if identity in labels]
    if found:
        st.session_state[key] = found if many else found[0]
    return [identity for identity in wanted if identity not in labels]


def keep_under_new_labels(key: str, labels: Mapping[str, str]) -> None:
    """The browser holds the label of what was chosen; where labels have changed, it is told the choice again."""
    now = list(labels.items())
    if st.session_state.get(f"{key} labels") != now:
        held = st.session_state[key]
        st.session_state[key] = [one for one in held if one in labels] if isinstance(held, list) else held
        if not isinstance(held, list) and held not in labels:
            del st.session_state[key]
    st.session_state[f"{key} labels"] = now


def to_link(key: str) -> None:
    """Write what the widget ``key`` holds into the link; call after it is drawn."""
    value = st.session_state.get(key)
    chosen = list(value) if isinstance(value, list) else [value] if value else []
    if chosen != st.query_params.get_all(key):
        if chosen:
            st.query_params[key] = chosen
        else:
            del st.query_params[key]
    st.session_state[f"{key} in link"] = chosen
