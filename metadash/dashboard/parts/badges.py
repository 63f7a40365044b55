"""A decision as a badge (mark, words and colour), and what a score must not be shown without: the same on every page."""

from typing import Literal

import streamlit as st

from metadash.answers.family import marked
from metadash.dashboard.parts.escape import plain
from metadash.specs.run import RunSpec
from metadash.specs.transduction import sentence
from metadash.stats.verdict import Decision, Verdict

Colour = Literal["primary", "red", "gray", "orange", "green"]

COLOURS: dict[Verdict, Colour] = {
    Verdict.HELPS: "primary",
    Verdict.HURTS: "red",
    Verdict.EQUIVALENT: "gray",
    Verdict.UNDETERMINED: "gray",
}


def badge_of(decision: Decision, compared: bool = False) -> tuple[str, Colour]:
    """Label and Streamlit's name of the colour: ``▲ very likely helps``; ``compared``: of one learner against another (``▲ better``).

    The colour is the verdict's whatever the grade: how sure it is, the words say.
    """
    return marked(decision, compared), COLOURS[decision.verdict]


def announced(spec: RunSpec) -> None:
    """That the queries of a task are classified together; nothing where each is answered by itself."""
    if told := sentence(spec):
        st.caption(f":material/groups: {plain(told)}")
