"""The part of *Train* that proposes an arrangement: features, what is done to them, and a light head, as validation classes like best."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from metadash.answers.choosing.proposal import Proposal, read_proposal
from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.watching import offer
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.networks.encoders.registry import feature_entry, is_trained
from metadash.specs.choosing.arrangements import proposal_for
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.stats import words

USUAL = {
    "distance": "euclidean",
    "normalise": "usual",
    "recipe": "quick",
    "mode": "quick",
    "backbone_training": "episodes",
    "options": "",
}
"""What an arrangement does not say; it is said all the same, since something else may be chosen."""
CONTROLS = {name: f"tr_{name}" for name in ("learner", "backbone", *USUAL)}


def arrangement_part(data: Dataset, chosen: list[RunSpec]) -> None:
    """The proposal for tasks like those that are chosen (as many ways and queries, drawn alike), or the button that computes it."""
    try:
        spec = proposal_for(data, **tasks_of(chosen))
    except BadInput:
        return  # what does not fit is said where the run is offered
    with st.container(border=True):
        st.markdown("#### Which features, and which head?")
        found = server.store().find(spec, data)
        if found is None:
            several = words.plural_of(len(spec.runs), "arrangement")
            offer(
                [spec],
                data,
                "tr_propose_go",
                "Propose an arrangement",
                f"{several} of features (as they are, centred, of length one, through a network) and light heads, on the same tasks of validation "
                "classes. You will read which they like best, and by how much. Test classes stay unseen.",
                primary=False,
                icon="lightbulb",
            )
            return
        try:
            proposal = read_proposal(found, server.store())
        except BadInput as damage:
            st.error(plain(damage), icon=":material/error:")
            return
        told(proposal)


def tasks_of(chosen: list[RunSpec]) -> dict[str, Any]:
    """Of the runs that are chosen; where they are refused, what is usual."""
    if not chosen:
        return {}
    tests = chosen[0].evaluation
    drawn = {"strategy": tests.strategy, "column": tests.column if tests.strategy != "uniform" else None}
    return {**drawn, "n_way": tests.n_way, "n_query": tests.n_query, "split": chosen[0].split}


def told(proposal: Proposal) -> None:
    st.markdown(plain(proposal.sentence))
    with st.container(horizontal=True):
        st.button(
            "Use it",
            icon=":material/check:",
            key="tr_use",
            on_click=use,
            args=(proposal.choices,),
            help="Chooses its learner, features and what is done to them below.",
        )
    with st.expander("All arrangements", icon=":material/table_chart:"):
        st.dataframe(proposal.frame(), hide_index=True, width="stretch")
        st.caption(
            "Means over validation tasks; brackets: 95 % for other tasks of these classes. The first is the best of many, so a little too good."
        )


def use(choices: Mapping[str, Any]) -> None:
    """Gives the controls of *Train* the values of an arrangement."""
    for name, key in CONTROLS.items():
        st.session_state[key] = choices.get(name, USUAL.get(name))
    entry = feature_entry(choices["backbone"])
    if entry.widths:
        st.session_state[f"tr_{entry.name}_width"] = choices.get("width", entry.width)
    if is_trained(entry.name):
        st.session_state["tr_episodes"] = choices.get("backbone_episodes", BackboneSpec.episodes)
