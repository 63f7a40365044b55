"""The part of *Train* that proposes an arrangement: features, what is done to them, and a light head, as validation classes like best."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from metadash.answers.choosing.proposal import Proposal, in_words, read_proposal
from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.jobs import on_its_way
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.train.how import TUNING
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.networks.encoders.registry import feature_entry
from metadash.specs.choosing.arrangements import proposal_for
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.specs.run import RunSpec
from metadash.stats import words

ASKED = "tr_propose asked"  # in the session: somebody waited for a proposal here


def arrangement_part(data: Dataset, chosen: list[RunSpec]) -> None:
    """The proposal for tasks like those that are chosen (as many ways and queries, drawn alike), or the button that computes it."""
    try:
        spec = _proposal(data.fingerprint, canonical_json(tasks_of(chosen)), data)
    except BadInput:
        return  # what does not fit is said where the run is offered
    if on_its_way([spec], data):
        st.session_state[ASKED] = True  # it stays open for who waited for it
    label = "Not sure which? Let validation classes propose features and a learner"
    with st.expander(label, expanded=ASKED in st.session_state, icon=":material/lightbulb:"):
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
        told(proposal, chosen)


@st.cache_resource(max_entries=64, show_spinner=False)
def _proposal(fingerprint: str, key: str, _data: Dataset) -> ProposalSpec:
    return proposal_for(_data, **json.loads(key))


def tasks_of(chosen: list[RunSpec]) -> dict[str, Any]:
    """Of the runs that are chosen; where they are refused, what is usual."""
    if not chosen:
        return {}
    tests = chosen[0].evaluation
    drawn = {"strategy": tests.strategy, "column": tests.column if tests.strategy != "uniform" else None}
    return {**drawn, "n_way": tests.n_way, "n_query": tests.n_query, "split": chosen[0].split}


def told(proposal: Proposal, chosen: Sequence[RunSpec]) -> None:
    best = proposal.runs[proposal.best]
    shots = " and ".join(map(str, proposal.shots))
    several = f", with the highest mean over {shots} shots" if len(proposal.shots) > 1 else ""
    st.markdown(f"**Proposed: {plain(in_words(best))}**{several}.  \n{plain(proposal.sentence)}")
    used = bool(chosen) and follows(chosen[0], best)
    st.button(
        "In use" if used else "Use it",
        icon=":material/check:",
        key="tr_use",
        on_click=use,
        args=(best,),
        disabled=used,
        help="Chooses its learner, its features and what is done to them, frozen and untuned, as they were tried. Metadata and tasks stay as chosen.",
    )
    st.dataframe(proposal.frame(), hide_index=True, width="stretch")
    st.caption(
        "Means over validation tasks; brackets: 95 % for other tasks of these classes. The first is the best of many, so a little too good."
    )


def follows(run: RunSpec, best: RunSpec) -> bool:
    """Whether a run reads the features of an arrangement with its head."""
    same = ("learner", "backbone", "distance", "normalised", "mode", "tune", "options")
    return all(getattr(run, name) == getattr(best, name) for name in same)


def use(best: RunSpec) -> None:
    """Gives the controls of *Train* the values of an arrangement, and takes back what would make it another."""
    network = best.backbone
    st.session_state.update(
        tr_learner=best.learner,
        tr_backbone=network.backbone,
        tr_distance=best.distance,
        tr_normalise=best.normalise,
        tr_recipe="quick",
        tr_mode="quick",
        tr_tune=next(iter(TUNING)),
        tr_options="",
    )
    trained, entry = network.choices, feature_entry(network.backbone)
    if entry.widths:
        st.session_state[f"tr_{entry.name}_width"] = trained.get("width", entry.width)
    if "backbone_episodes" in trained:
        st.session_state.update(
            {
                "tr_episodes": trained["backbone_episodes"],
                "tr_backbone_training": trained.get("backbone_training", "episodes"),
                "tr_own": False,
            }
        )
