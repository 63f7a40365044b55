"""Which trained learner does the work: those of the data set that read what is true, the cheapest that no other beats before others."""

from collections.abc import Sequence

import streamlit as st

from metadash.ablation.plan import tolerant_run
from metadash.answers.stored_arms import StoredArm, run_words
from metadash.dashboard import server
from metadash.dashboard.compare.learners import named, shelf
from metadash.dashboard.links.pages import from_link, to_link
from metadash.dashboard.parts.escape import plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.using.best import best_run
from metadash.runs.store import Run
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec

KEY, AWAITED = "us_run", "us_awaited"
"""The widget; in the session: the run that this person has asked to be trained here."""


def quick_learner(data: Dataset) -> RunSpec:
    """What one click trains on a first visit: the usual run, without metadata, within seconds where a backbone comes with the data."""
    return run_for(data)


def told_learner(data: Dataset) -> RunSpec | None:
    """One that reads what is known of classes, and can do without what nobody knows of a new one; None where nothing is known of any."""
    return tolerant_run(data) if data.class_sources() else None


def usable(data: Dataset) -> list[StoredArm]:
    """The stored learners of the data set that this version's code has trained, but for falsified controls; newest first."""
    arms = [arm for arm in shelf()[0] if arm.dataset == data.name and arm.spec.control == "none" and not arm.spec.falsified]
    return [arm for arm in arms if (found := server.store().find(arm.spec, data)) and found.digest in arm.digests]


@st.cache_data(max_entries=16, show_spinner=False)
def _best(stamp: str, _data: Dataset) -> tuple[str, str]:
    try:
        found = best_run(_data)
    except BadInput:
        return "", ""
    return found.run.digest, found.sentence


def recommended(data: Dataset, arms: Sequence[StoredArm]) -> tuple[StoredArm, str]:
    """The cheapest that no other is shown to beat, and that in a sentence; the newest, without one, where that is none of ``arms``."""
    stored = " ".join(sorted(digest for arm in arms for digest in arm.digests))
    digest, why = _best(f"{data.fingerprint} {server.store().folder} {stored}", data)
    return next(((arm, why) for arm in arms if digest in arm.digests), (arms[0], ""))


def choose_learner(data: Dataset, arms: Sequence[StoredArm]) -> tuple[StoredArm, Run]:
    """The control, with what is recommended first."""
    first, why = recommended(data, arms)
    names = named(arms)
    order = [first, *(arm for arm in arms if arm is not first)]
    runs = {run.digest: (arm, run) for arm in order for run in arm.runs}

    def label(digest: str) -> str:
        arm, run = runs[digest]
        return f"{names[arm.id]}, {run_words(run)}"

    if st.session_state.get(AWAITED) in runs:
        st.session_state[KEY] = st.session_state.pop(AWAITED)
        st.toast("The learner that you asked for is trained, and chosen.", icon=":material/check_circle:")
    unknown = from_link(KEY, {digest: label(digest) for digest in runs})
    chosen = st.selectbox(
        "Learner", list(runs), format_func=label, key=KEY, help=plain(why) or "The newest that is stored stands first."
    )
    to_link(KEY)
    if unknown:
        st.warning(f"The link names a run that is not stored here: {plain(', '.join(unknown))}.", icon=":material/link_off:")
    return runs[chosen]
