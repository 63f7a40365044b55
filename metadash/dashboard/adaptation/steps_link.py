"""Runs whose learner adapts to each task step by step, and the links that lead to what its steps do."""

from collections.abc import Mapping, Sequence

import streamlit as st

from metadash.answers.stored_arms import StoredArm
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain
from metadash.learners.registry import LEARNERS, entry_of
from metadash.specs.views import adapts

ICON = "moving"


def adapting(arms: Sequence[StoredArm]) -> list[StoredArm]:
    return [arm for arm in arms if adapts(arm.spec.learner)]


def learners_that_adapt() -> dict[str, str]:
    """Name and title, in the order of the registry."""
    return {name: entry.title for name, entry in LEARNERS.items() if adapts(name)}


def adaptation_links(arms: Sequence[StoredArm], names: Mapping[str, str]) -> None:
    """One link for each of the arms that adapts; nothing where none does."""
    with st.container(horizontal=True):
        for arm in adapting(arms):
            link_to("adaptation", f"See “{plain(names[arm.id])}” adapt", ICON, ad_run=arm.runs[0].digest)


def arm_title(arm: StoredArm, names: Mapping[str, str]) -> str:
    """The learner by its title, and what tells the arm from its neighbours."""
    name = names[arm.id].removeprefix(f"{arm.spec.learner}, ")
    return f"{entry_of(arm.spec.learner).title}, {name}"
