"""A piece of work that a part of a page asks for: what pressing the button will tell, the button, the bar with *cancel*."""

from collections.abc import Sequence

import streamlit as st

from metadash import settings
from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.parts.jobs import (
    LOOK_EVERY,
    THEIRS,
    active,
    cancel,
    how_long,
    jobs_of,
    on_its_way,
    outlook,
    progress_bar,
    theirs,
    troubled,
)
from metadash.dashboard.share.closed import closed, not_prepared, who_can
from metadash.data.dataset import Dataset
from metadash.specs.any_spec import Spec
from metadash.specs.run import RunSpec
from metadash.stats import words


def offer(
    specs: Sequence[Spec],
    data: Dataset,
    key: str,
    label: str,
    promise: str = "",
    *,
    busy: bool | None = None,
    icon: str = "play_arrow",
    primary: bool = True,
    enabled: bool = True,
    note: str = "",
    stop: str = "Cancel",
    each: bool = False,
) -> None:
    """The button that computes what is not stored of ``specs``, or the bar while that goes on; nothing once all is there.

    ``promise`` is what pressing it will tell, ``note`` stands behind how long that takes. ``busy``: whether they were on their way (see
    ``on_its_way``) before the page read what is stored, where it has; what ended since is then watched once more, and not offered anew.
    ``primary``: whether the page waits for it. ``stop`` and ``each``: as ``watch`` has them.
    """
    busy = on_its_way(specs, data) if busy is None else busy
    if busy:
        watch(specs, data, key.removesuffix("_go"), stop, each)
        return
    store = server.store()
    missing = [spec for spec in specs if not store.find(spec, data)]
    if not missing:
        return
    parts = jobs_of(missing, data)
    if closed() and not primary:
        st.caption(f"“{label}”: not among the answers that are stored here; {who_can()}.")
        return
    if closed():
        not_prepared(f"{how_long(parts)} on a machine like this")
        return
    for job in troubled(parts)[:1]:
        st.warning(f"The last attempt ended early: {plain(job.title)}. {plain(job.message)}", icon=":material/warning:")
    if promise:
        st.markdown(promise)
    if st.button(label, type="primary" if primary else "secondary", icon=f":material/{icon}:", key=key, disabled=not enabled):
        begin(specs, data)
    workers, count = settings.worker_count(), sum(not part.done for part in parts)
    counted = f"{words.count(count)} runs, " if count > 1 else ""
    st.caption(
        f"{words.capital(f'{counted}{how_long(parts)}')} on this machine with {words.plural_of(workers, 'worker')}. {note}".strip()
    )


def begin(specs: Sequence[Spec], data: Dataset, again: bool = True) -> None:
    """What a pressed button does: the bar is drawn at once, where the button stands, before the runs are queued; then the page runs
    ``again`` and watches them. What does not fit the data is said in its sentence instead."""
    with one_sentence():
        parts = jobs_of(specs, data)
        seen, missing = outlook(parts), sum(not part.done for part in parts)
        area = st.empty()
        drawn = area.container()
        drawn.progress(seen.fraction, f"{100 * seen.fraction:.0f} % · {words.left(*words.span(seen.low, seen.high))}")
        drawn.caption(f"Handing over {words.plural_of(missing, 'run')}")
        try:
            server.board().refuse_too_many(specs)
            for spec in specs:
                server.board().submit(spec)
        except Exception:
            area.empty()
            raise
    if again:
        st.rerun()


@st.fragment(run_every=LOOK_EVERY)
def watch(specs: Sequence[Spec], data: Dataset, key: str, label: str = "Cancel", each: bool = False) -> None:
    """One bar over all of ``specs``, with *cancel*; the page is run again when none is on its way any more, or whenever ``each`` of
    them has ended."""
    with one_sentence():
        parts = jobs_of(specs, data)
        done = sum(part.done for part in parts)
        before = st.session_state.get(f"{key} done", done)
        st.session_state[f"{key} done"] = done
        if not active(parts) or (each and done != before):
            st.rerun()
        progress_bar(parts)
        if closed():
            return
        others = theirs([part.job for part in parts])
        why = THEIRS if others else "What is finished stays, and it can go on from there."
        if st.button(label, icon=":material/close:", key=f"{key}_cancel", help=why, disabled=others):
            cancel(parts)
            st.rerun()


def anew(spec: RunSpec, data: Dataset) -> str:
    """A note where a stored learner has to be trained once more before it can be looked into."""
    current = server.store().find(spec, data) is not None
    return "" if current else "The learner was trained by an earlier version of MetaDash and is trained anew first."
