"""Links from one page to another, with what the other is to show."""

from collections.abc import Mapping

import streamlit as st

from metadash.dashboard.links.address import not_possible
from metadash.dashboard.links.history import came_back
from metadash.dashboard.places import PAGES

UNBOUND = "unbound in link"
"""In the session: the parameters that this page, not a widget, writes into the link."""


def link_to(page: str, label: str, icon: str, help: str | None = None, /, **chosen: str | list[str]) -> None:
    """A link to ``pages/<page>.py``; ``chosen`` are the values of that page's own widgets, by key. ``help`` stands there on hover, by
    default what the page is for."""
    data = st.session_state.get("dataset")
    query = {**({"dataset": data} if data else {}), **chosen}
    st.page_link(PAGES / f"{page}.py", label=label, icon=f":material/{icon}:", help=help, query_params=query)


def leave_page() -> None:
    """Parameters that the page before wrote are none of the next page's."""
    for key in st.session_state.pop(UNBOUND, set()):
        if not came_back() and key in st.query_params and st.query_params.get_all(key) == st.session_state.get(f"{key} in link"):
            del st.query_params[key]


def from_link(key: str, labels: Mapping[str, str], many: bool = False, name: str = "") -> list[str]:
    """Give the unbound widget ``key`` the ids that the link names; call before it is drawn. Returns those that are not there.

    For widgets whose options are ids, shown as ``labels``. Streamlit's own ``bind`` writes the labels into the link, and the label
    of a run changes when other runs come: the link would lose its meaning. With ``name``, the label of the widget, what is not
    there is said above the page; without, the page says it.
    """
    asked, last = st.query_params.get_all(key), st.session_state.get(f"{key} in link", [])
    if came_back():
        wanted = asked
        st.session_state.pop(key, None)
    elif asked and asked != last:
        wanted = asked  # a link
    elif key not in st.session_state:
        wanted = last  # back from another page
    else:
        keep_under_new_labels(key, labels)
        return []
    found = [identity for identity in dict.fromkeys(wanted) if identity in labels]
    odd = [identity for identity in wanted if identity not in labels]
    if len(wanted) > 1 and not many:
        found, odd = [], wanted  # twice says nothing
    if found:
        st.session_state[key] = found if many else found[0]
    if odd and name and wanted is asked:
        not_possible(key, odd, name)
    return odd


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
    put(key, list(value) if isinstance(value, list) else [value] if value else [])


def put(key: str, chosen: list[str]) -> None:
    """Write these values of an unbound parameter into the link; none of them takes it out."""
    if chosen != st.query_params.get_all(key):
        if chosen:
            st.query_params[key] = chosen
        else:
            del st.query_params[key]
    st.session_state[f"{key} in link"] = chosen
    st.session_state.setdefault(UNBOUND, set()).add(key)
