"""Every learner in every mode, with each of its options as small and as large as may be: it learns, guesses where it must, or is refused.

The list of learners and what their options may hold are walked, so that whatever is new is in here by itself. The data set is easy: a
method that makes sense is far above chance on it after a few steps.
"""

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.fields import Between, hints_of
from metadash.front.data import from_tables
from metadash.learners.core.entry import LearnerEntry
from metadash.learners.core.fusions import MODULATING
from metadash.learners.core.options import OF_NETWORKS, ONLY_WITH, LearnerOptions
from metadash.learners.registry import ENTRIES, LEARNERS
from metadash.runs.kinds import KINDS, check
from metadash.runs.progress import History, silent
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import OF_RUN, run_for
from metadash.specs.run import RunSpec
from metadash.training import trainer
from metadash.workspace import Workspace
from tests.builders import one_sentence

N_CLASSES, EACH, DIM, WAYS = 36, 24, 8, 4
CHANCE, WELL_ABOVE, NEAR = 100 / WAYS, 10.0, 6.0
"""In %; a test of 16 tasks with 20 queries at each number of shots is 1.1 off, as often as not."""

TASKS = {"n_way": WAYS, "shots": (1, 3), "n_query": 5, "n_episodes": 16, "ways": (), "strategy": "uniform", "meta_batch": 4}
OF_MODE: dict[str, dict[str, Any]] = {
    "quick": {"backbone": "none", "steps": 20},
    "full": {"backbone": "mlp", "width": 8, "backbone_episodes": 60, "steps": 3, "n_episodes": 8},
}
MANY, FEW = 20, 2
COUNTS = tuple(name for name, hint in hints_of(LearnerOptions).items() if name.endswith(("_steps", "_epochs")))
"""With more inner steps than ``MANY`` (and of references, which only learn to read metadata), ``FEW`` steps of training are enough."""

GUESSING: dict[tuple[str, Any], str] = {
    ("inner_lr", 1e-6): "its steps lead nowhere",
    ("alpha", (0.0, 0.0)): "its steps lead nowhere before training has moved them",
    ("finetune_lr", 1e-6): "a head that starts anywhere stays there",
    ("inner_lr", 10.0): "a step of ten times the gradient leaves a whole network",
    ("neighbours", 100): "where all queries are neighbours, all get one answer",
}
"""What may be asked for, and leaves a learner no better than a guess, with the reason."""


@dataclass(frozen=True)
class Case:
    """One run: a learner, what it is told, and the one choice that is unusual."""

    learner: str
    mode: str = "quick"
    option: str = ""
    value: Any = None
    choices: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = [f"{self.option}={self.value}"] if self.option else []
        told += [f"{name}={value}" for name, value in self.choices.items() if name != "sources"]
        return " ".join([self.learner, self.mode, *told])

    @property
    def entry(self) -> LearnerEntry:
        return LEARNERS[self.learner]

    @property
    def must_guess(self) -> bool:
        return self.learner == "chance" or (self.option, self.value) in GUESSING

    @property
    def options(self) -> dict[str, Any]:
        """End to end with the steps of the quick mode, since there is no time for the small ones of the papers."""
        steps = dict(self.entry.quick) if self.mode == "full" else {}
        needed = {other: True for name, other in ONLY_WITH.items() if name == self.option}
        return steps | needed | ({self.option: self.value} if self.option else {})

    def spec(self, data: Dataset) -> RunSpec:
        usual = {**TASKS, **OF_MODE[self.mode]}
        if self.entry.family == "reference" or (self.option in COUNTS and self.value is not None and self.value > MANY):
            usual["steps"] = FEW
        if self.option in COUNTS and self.value is not None and self.value > MANY:
            usual |= {"shots": (3,), "n_episodes": 8}
        if self.entry.gates and self.option == "hidden":  # an LSTM of so many units over every parameter
            usual |= {"shots": (3,), "n_episodes": 8, "steps": 4}
        sources = self.choices.get("sources", ("hint",) if self.entry.needs_metadata else ())
        if not (sources or self.mode == "full" or self.entry.learns):
            usual = {name: value for name, value in usual.items() if name not in ("steps", "meta_batch")}
        chosen = {name: value for name, value in self.choices.items() if name != "sources"}
        return run_for(data, sources, learner=self.learner, mode=self.mode, options=tuple(self.options.items()), **usual | chosen)


def extremes(hint: Any) -> list[Any]:
    """The values at the ends of what a field may hold; all of them where they are few."""
    marks = getattr(hint, "__metadata__", ())
    kind = hint.__origin__ if marks else hint
    inside = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return [*inside]
    if kind is bool:
        return [True, False]
    if typing.get_origin(kind) is tuple and Ellipsis not in inside:
        low, high = zip(*((extremes(one)[0], extremes(one)[-1]) for one in inside), strict=True)
        return [low, (low[0], high[1]), high]
    of = int if int in (kind, *inside) else float
    return [of(end) for mark in marks if isinstance(mark, Between) for end in (mark.low, mark.high)]


def modes(entry: LearnerEntry) -> tuple[str, ...]:
    return ("quick",) if entry.family == "reference" else ("quick", "full")


def usual_cases() -> Iterator[Case]:
    """Each learner as it comes, in each mode, with each fusion and distance."""
    for entry in ENTRIES:
        for mode in modes(entry):
            for fusion in entry.fusions:
                if fusion == "none":
                    yield Case(entry.name, mode)
                elif fusion != "auxiliary" or mode == "full":
                    sources = ("hint", "tone") if fusion in MODULATING else ("hint",)
                    yield Case(entry.name, mode, choices={"fusion": fusion, "sources": sources})
            for distance in entry.distances[1:]:
                yield Case(entry.name, mode, choices={"distance": distance})


def option_cases() -> Iterator[Case]:
    """Each option of each learner at the ends of its range: over a frozen embedding, or end to end where only a network reads it."""
    hints = hints_of(LearnerOptions)
    for entry in ENTRIES:
        for option in entry.options:
            mode = "full" if option in OF_NETWORKS else "quick"
            for value in extremes(hints[option]):
                yield Case(entry.name, mode, option, value)


LONG = ("steps", "patience", "meta_batch", "seed", "tune")
"""What only lasts longer, or says nothing, at its greatest."""


def training_cases() -> Iterator[Case]:
    """Each field of a run that is a number or one of a few words, at its ends, for a head that reads metadata and for one that adapts."""
    hints = hints_of(RunSpec)
    for name in OF_RUN:
        if name in ("learner", "mode", "fusion", "distance", "control"):
            continue  # walked above; falsified metadata are the controls' own tests
        for value in extremes(hints[name])[: 1 if name in LONG else None]:
            yield Case("prototypical", choices={"sources": ("hint",), name: value})
            yield Case("maml", choices={name: value})


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Classes lie far apart; *hint* tells where, *tone* (of instances) tells nothing."""
    draw = np.random.default_rng(0)
    code = 2 * draw.normal(size=(N_CLASSES, 4))
    centre = code @ draw.normal(size=(4, DIM)) / 2
    inputs = (centre[:, None] + 0.25 * draw.normal(size=(N_CLASSES, EACH, DIM))).reshape(-1, DIM)
    classes = pd.DataFrame({"class_name": [f"c{c}" for c in range(N_CLASSES)], **{f"hint {k}": code[:, k] for k in range(4)}})
    instances = pd.DataFrame(
        {"class_name": np.repeat(classes["class_name"], EACH).to_numpy(), "tone": draw.normal(size=len(inputs))}
    )
    sources = {"hint": [f"hint {k}" for k in range(4)], "tone": "tone"}
    roles = ["train"] * 18 + ["validation"] * 8 + ["test"] * 10
    return from_tables(
        classes, instances, inputs, sources, split=roles, workspace=Workspace(tmp_path_factory.mktemp("easy") / "workspace")
    )


@pytest.fixture(autouse=True)
def few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation on fewer tasks: with a thousand steps within each, they would cost more than all else."""
    monkeypatch.setattr(trainer, "VALIDATION_EPISODES", {"quick": 8, "full": 8})


def accuracy(spec: RunSpec, data: Dataset) -> float:
    """In %, over all numbers of shots; as a run is computed, but not stored."""
    check(spec, data)
    needed = [train(need, data.workspace) for need in spec.needs]
    outcome = KINDS["learner"].function()(spec, data, needed, RunStore(data.workspace), History(silent))
    return float(outcome.frames["scores"]["value"].mean() * 100)


@pytest.mark.parametrize("case", [*usual_cases()], ids=str)
def test_every_learner_is_far_above_chance_as_it_comes(case: Case, easy: Dataset) -> None:
    found = accuracy(case.spec(easy), easy)
    if case.must_guess:
        assert found == CHANCE
    else:
        assert found > CHANCE + WELL_ABOVE


@pytest.mark.parametrize("case", [*option_cases(), *training_cases()], ids=str)
def test_whatever_may_be_chosen_learns_or_must_guess_or_is_refused_in_one_sentence(case: Case, easy: Dataset) -> None:
    try:
        found = accuracy(case.spec(easy), easy)
    except BadInput as refusal:
        one_sentence(refusal)
        return
    assert np.isfinite(found) and found > CHANCE - NEAR, "below chance: it learns the opposite"
    if not case.must_guess:
        assert found > CHANCE + WELL_ABOVE


def test_what_may_guess_is_an_option_and_at_an_end_of_its_range() -> None:
    hints = hints_of(LearnerOptions)
    assert all(value in extremes(hints[option]) for option, value in GUESSING)
