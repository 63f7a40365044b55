"""Three questions that are ready to be asked of any data set with metadata about its classes: one click fills in the choices of a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from metadash.ablation.plan import ablation_run, ablation_spec, tolerant_run
from metadash.answers.answer import OWN, answer_spec, own_question
from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.instances import known_sources
from metadash.dashboard.share.closed import ICONS
from metadash.data.dataset import Dataset, Question
from metadash.metadata.changes import KINDS
from metadash.specs.any_spec import Spec


@dataclass(frozen=True)
class Ready:
    """A question as a visitor would put it, the page that answers it with what chosen there, what the answer says, and the runs behind it
    (worked out when somebody asks: *Start* runs at every click)."""

    asked: str
    page: str
    tells: str
    specs: Callable[[], Sequence[Spec]]
    query: dict[str, str | list[str]] = field(default_factory=dict)

    def link(self, label: str = "") -> None:
        link_to(self.page, label or self.asked, ICONS[self.page], self.tells, **self.query)


def ready_questions(data: Dataset) -> list[Ready]:
    """None where nothing is known about the classes of the data set."""
    of_classes = [name for name in known_sources(data) if data.source(name).level == "class"]
    if not of_classes:
        return []
    question = alone(data, of_classes)
    source = question.sources[0]
    found = [
        Ready(
            f"Does “{source}” alone help with one example?",
            "start",
            f"How many points “{source}” adds at one labelled example per class, how sure that is, and what the same does with its rows shuffled.",
            lambda: answer_spec(data, question).jobs(data, server.store()),
            {"q": OWN, "q_sources": [source]} if question.id == OWN else {"q": question.id},
        )
    ]
    if len(of_classes) > 1:
        found.append(
            Ready(
                "Which source does it?",
                "ablation",
                f"What each of the {len(of_classes)} sources adds beside the others, worth most first, and which would do alone.",
                lambda: ablation_spec(data, ablation_run(data, of_classes), "screen").runs,
                {"ab_tier": "screen"},
            )
        )
    first = next(iter(data.description.questions), None)
    asked = source if first is None or source in first.sources else first.sources[0]  # what the learner on *What if* reads
    found.append(
        Ready(
            f"What if a third of “{asked}” is wrong?",
            "what_if",
            "What a trained learner loses when the metadata of new classes are partly mixed up, and which queries it gets wrong then.",
            lambda: [tolerant_run(data)],
            {f"wi_kind_{asked}": KINDS["swap"], f"wi_share_{asked}": "35"},
        )
    )
    return found


def alone(data: Dataset, of_classes: Sequence[str]) -> Question:
    """The first question of the data set about one source, else one about the first that there is."""
    asked = (question for question in data.description.questions if len(question.sources) == 1)
    return next((question for question in asked if question.sources[0] in of_classes), None) or own_question(
        data, of_classes[:1], "siblings" if data.description.sibling_column else "uniform"
    )


def ready_row(data: Dataset) -> None:
    """The three, side by side. To the query of a link the browser adds what this page holds, so what is asked here is chosen by a button."""
    if found := ready_questions(data):
        with st.container(horizontal=True, vertical_alignment="center", key="ready"):
            for one in found:
                if one.page == "start":
                    icon = f":material/{ICONS[one.page]}:"
                    st.button(one.asked, key="ready_here", icon=icon, help=one.tells, on_click=choose, args=(one.query,))
                else:
                    one.link()


def choose(query: dict[str, str | list[str]]) -> None:
    """Before the page runs again: what the link would have said."""
    st.session_state.update(query)
