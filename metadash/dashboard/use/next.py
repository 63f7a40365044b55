"""What to do next: which further label, and which cell of the metadata, is expected to help most, asked of validation classes in the same state."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.jobs import on_its_way
from metadash.dashboard.parts.watching import offer
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.using.labelled import Labelled
from metadash.front.using.next_steps import NextSteps, doubts, states_of, steps_spec
from metadash.specs.run import RunSpec
from metadash.stats import words


def next_steps(data: Dataset, learner: RunSpec, result: Labelled) -> None:
    """The button, or the list."""
    states = states_of(learner, data, result.given)
    try:
        spec = steps_spec(learner, data, list(states.values()))
    except BadInput as problem:
        st.caption(plain(problem))
        return
    busy = on_its_way([spec], data)
    run = server.store().find(spec, data)
    if run is None:
        offer([spec], data, "us_next", "What would help most?", busy=busy, icon="lightbulb", primary=False)
        if not busy:
            st.caption(
                "You will read which further label, and which value of the metadata, is expected to raise accuracy most, with intervals."
            )
        return
    found = NextSteps(run, states, doubts(result.frame()))
    st.markdown(f"**{plain(found.sentence)}**")
    if len(found.steps) > 1 or found.sentence != found.steps[0].words:
        st.markdown("\n".join(f"1. {plain(step.words)}" for step in found.steps))
    tests = found.spec
    st.caption(
        f"In points of accuracy over all classes, 95 % over {words.count(tests.n_episodes)} {tests.n_way}-way tasks of validation classes, each asked before "
        "and after one class took the step."
    )
