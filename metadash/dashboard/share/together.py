"""A comment that several people may write: who looks reads the newest, and nobody's words are replaced unseen."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import one_sentence
from metadash.errors import Overtaken

Store = Callable[[str, str], object]
"""Of what is written, and of what was seen before. Raises Overtaken."""


def comment_field(label: str, stands: str, key: str, store: Store, most: int, placeholder: str) -> None:
    """The field over what ``stands`` there; what a visitor wrote and could not be stored stays in it, with theirs below."""
    seen, theirs = f"{key} seen", f"{key} theirs"
    if key not in st.session_state:
        st.session_state.pop(theirs, None)
        st.session_state[seen] = stands
    elif st.session_state[key] == st.session_state.get(seen):
        st.session_state[key] = st.session_state[seen] = stands  # nothing of one's own stands in the field
    on_change = partial(put, key, store)
    st.text_area(label, stands, max_chars=most, key=key, height=68, placeholder=placeholder, on_change=on_change)
    if (other := st.session_state.get(theirs)) is None:
        return
    st.warning(
        f"Somebody else has written here meanwhile: “{plain(other)}”. That stands; yours is in the field above, not stored yet.",
        icon=":material/group:",
    )
    with st.container(horizontal=True):
        st.button("Put mine in its place", key=f"{key}_mine", on_click=partial(put, key, store, True))
        st.button("Take theirs", key=f"{key}_theirs", on_click=partial(take, key))


def put(key: str, store: Store, over: bool = False) -> None:
    """``over``: in the place of what was shown as theirs."""
    seen, theirs = f"{key} seen", f"{key} theirs"
    text = st.session_state[key]
    with one_sentence():
        try:
            store(text, st.session_state[theirs] if over else st.session_state[seen])
        except Overtaken as problem:
            st.session_state[theirs] = problem.theirs
        else:
            st.session_state[seen] = text
            st.session_state.pop(theirs, None)


def take(key: str) -> None:
    st.session_state[key] = st.session_state[f"{key} seen"] = st.session_state.pop(f"{key} theirs")
