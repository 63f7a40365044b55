"""What can be taken of a data set, or done away with: its card, its files, itself."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.which_data import KEY, take
from metadash.data.dataset import Dataset
from metadash.data.library import EMBEDDED, remove_dataset
from metadash.errors import BadInput
from metadash.runs.queue.jobs import active_jobs

SAID = "md_removed"


def section(data: Dataset) -> None:
    remove(data)


def remove(data: Dataset) -> None:
    """Delete a data set of one's own, once its name was typed."""
    st.subheader("Delete it", anchor=False)
    if data.name in EMBEDDED:
        st.caption(f"*{plain(data.name)}* comes with MetaDash: it would be made anew, and cannot be deleted.")
        return
    st.markdown("Its tables and inputs go; the runs on it stay, with their numbers. What you imported it from is not touched.")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    typed = left.text_input(f"Type {plain(data.name)} to delete it", key="md_remove_name", placeholder=data.name)
    right.button(
        "Delete this data set",
        icon=":material/delete:",
        key="md_remove",
        disabled=typed.strip() != data.name,
        on_click=removed,
        args=(data.name,),
    )
    if problem := st.session_state.pop(SAID, ""):
        st.error(plain(problem), icon=":material/error:")


def removed(name: str) -> None:
    """Refused while something computes on it: that would fail halfway."""
    workspace = server.workspace()
    try:
        if busy := [job for job in active_jobs(workspace) if job.spec.dataset == name]:
            raise BadInput(f"{len(busy)} of the runs on their way are about '{name}'; cancel them on *Train*, or wait for them.")
        remove_dataset(workspace, name)
    except BadInput as problem:
        st.session_state[SAID] = str(problem)
        return
    st.session_state.pop("md_remove_name", None)
    st.session_state.pop(KEY, None)
    take(next(iter(EMBEDDED)))
