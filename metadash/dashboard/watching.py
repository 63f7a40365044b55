"""A piece of work that a part of a page asks for: what pressing the button will tell, the button, the bar with *cancel*."""

from collections.abc import Sequence

import streamlit as st

from metadash import settings
from metadash.analysis import words
from metadash.dashboard import house
from metadash.dashboard.escape import plain
from metadash.dashboard.frame import one_sentence
from metadash.dashboard.jobs import LOOK_EVERY, active, cancel, jobs_of, on_its_way, progress_bar, troubled
from metadash.dashboard.learning import seconds_for
from metadash.data.dataset import Dataset
from metadash.training.kinds import Spec


def offer(specs: Sequence[Spec], data: Dataset, key: str, label: str, promise: str) -> None:
    """The button that computes what is not stored of ``specs``, or the bar while that goes on; nothing once all is there."""
    busy = on_its_way(specs, data)
    store = house.store()
    specs = [spec for spec in specs if not store.find(spec, data)]
    if not specs:
        return
    if busy:
        watch(specs, data, key)
        return
    for job in troubled(jobs_of(specs, data))[:1]:
        st.warning(f"The last attempt ended early: {plain(job.title)}. {plain(job.message)}", icon=":material/warning:")
    st.markdown(promise)
    if st.button(label, type="primary", icon=":material/play_arrow:", key=key):
        board = house.board()
        for spec in specs:
            board.submit(spec)
        st.rerun()
    workers = settings.worker_count()
    missing = len({spec for spec in specs})
    st.caption(
        f"{missing} run{'s' if missing > 1 else ''}, {words.duration(seconds_for(specs, data))} on this machine with "
        f"{workers} worker{'s' if workers > 1 else ''}."
    )


@st.fragment(run_every=LOOK_EVERY)
def watch(specs: Sequence[Spec], data: Dataset, key: str, label: str = "Cancel") -> None:
    """One bar over all of ``specs``, with *cancel*; the page is run again when none is on its way any more."""
    with one_sentence():
        parts = jobs_of(specs, data)
        if not active(parts):
            st.rerun()
        progress_bar(parts)
        if st.button(label, icon=":material/close:", key=f"{key}_cancel"):
            cancel(parts)
