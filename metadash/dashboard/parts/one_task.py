"""Which of a run's test tasks is looked at, with how many labelled examples: the choice of *Adaptation* and *Prototypes*."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.dashboard.parts.frame import end_page, term
from metadash.runs.record import Run
from metadash.specs.run import RunSpec
from metadash.specs.views import shots_to_look_at


def choose_task(left: DeltaGenerator, right: DeltaGenerator, run: Run, key: str) -> tuple[int, int]:
    """The number of the task, from 1, and its shots, under ``key``_episode and ``key``_shot; ends the page where there is none to look at."""
    spec = run.spec_as(RunSpec)
    episode = left.number_input(
        "Test task",
        1,
        spec.evaluation.n_episodes,
        1,
        key=f"{key}_episode",
        bind="query-params",
        help="Its number among the test tasks of the run.",
    )
    looked = shots_to_look_at(spec)
    if not looked:
        st.info(
            "This learner was tested without labelled examples alone, so there are none to look at; choose another.",
            icon=":material/block:",
        )
        end_page()
    return episode, right.selectbox("Shots", looked, key=f"{key}_shot", bind="query-params", help=term("n_shot"))
