"""The end of runs on the *Runs* page: first what would be lost, then a second click."""

from collections.abc import Sequence

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.runs.one import SAID
from metadash.errors import BadInput
from metadash.runs.shelf.deleting import delete, loss_of
from metadash.stats import words

ASKED = "runs to delete"


def ask(digests: Sequence[str]) -> None:
    st.session_state[ASKED] = list(digests)


def keep() -> None:
    st.session_state.pop(ASKED, None)


def deletion(digests: Sequence[str]) -> None:
    """The button for those that are chosen, and what follows it."""
    if st.session_state.get(ASKED) != list(digests):
        keep()  # others are chosen now
        what = "it" if len(digests) == 1 else f"these {words.count(len(digests))}"
        st.button(f"Delete {what} …", icon=":material/delete:", key="rn_delete", on_click=ask, args=(digests,))
        return
    try:
        told = loss_of(server.store(), digests).sentences
    except BadInput as problem:
        keep()
        st.error(plain(problem), icon=":material/error:")
        return
    with st.container(border=True):
        st.markdown(f"**Delete for good?** {plain(' '.join(told))}")
        with st.container(horizontal=True):
            sure = st.button("Delete for good", icon=":material/delete_forever:", key="rn_sure")
            st.button("Keep", key="rn_keep", on_click=keep)
    if sure:
        try:
            gone = delete(server.workspace(), digests)
        except BadInput as problem:
            st.error(plain(problem), icon=":material/error:")
        else:
            keep()
            st.session_state[SAID] = (
                f"{words.plural_of(len(gone.runs) or len(digests), 'run')} deleted, {words.memory(gone.size)} free again."
            )
            st.rerun()
