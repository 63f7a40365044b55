"""What to do next: which label and which cell of the metadata would help most, by how much, for the classes that a person has named."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from metadash.answers.export import simple
from metadash.data.dataset import Dataset
from metadash.data.given.given import Given
from metadash.errors import BadInput
from metadash.figures.section import Section
from metadash.front.shown import ShownRun
from metadash.front.using.asked import columns_read, few_enough
from metadash.learners.registry import entry_of
from metadash.runs.kinds import title_of
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.specs.use import LABEL, StepsSpec
from metadash.stats.intervals import Interval, episode_interval

MOST_QUERIES = 5
MOST_EXAMPLES = 20
"""Beyond, one more is worth too little to be measured."""


@dataclass(frozen=True)
class Step:
    """One kind of thing to do, for the ``classes`` that are in the same state: a ``label`` each, or a cell of the source ``step`` each.

    ``gain``: the points by which accuracy over all the classes rises for one label or cell, with its interval over tasks of validation
    classes. ``own``: the same for queries of the one class alone.
    """

    step: str
    classes: tuple[str, ...]
    examples: int
    gain: Interval
    own: Interval

    @property
    def is_label(self) -> bool:
        return self.step == LABEL

    @property
    def per(self) -> str:
        """``label`` or ``cell``"""
        return "label" if self.is_label else "cell"

    @property
    def words(self) -> str:
        """``Label one more of ash, oak: +0.9 points a label [0.6, 1.2].``"""
        some = ", ".join(self.classes[:4]) + (f" and {len(self.classes) - 4} more" if len(self.classes) > 4 else "")
        each = " each" * (len(self.classes) > 1)
        what = f"Label one more{each} of {some}" if self.is_label else f"Fill in {self.step} for {some}"
        return f"{what}: {self.gain.centre} a {self.per} {self.gain.bracket}."


@dataclass(frozen=True, repr=False)
class NextSteps(ShownRun):
    """Steps in the order of what one label or one cell is expected to gain, by the run of a ``StepsSpec``."""

    run: Run
    state_of: dict[str, tuple[Any, ...]]
    doubt: dict[str, float]

    @property
    def spec(self) -> StepsSpec:
        """What was asked."""
        return self.run.spec_as(StepsSpec)

    @cached_property
    def steps(self) -> list[Step]:
        """The largest gain first. Within one, the classes that are most in doubt first."""
        states, found = self.spec.different, []
        most = max(state[0] for state in states)
        at = {name: states.index((min(own[0], most), *own[1:])) for name, own in self.state_of.items()}
        frame = self.run.frame("steps")
        for state, step in dict.fromkeys(zip(frame["state"].tolist(), frame["step"].tolist(), strict=True)):
            rows = frame[(frame["state"] == state) & (frame["step"] == step)]
            classes = [name for name, place in at.items() if place == state]
            classes.sort(key=lambda name: -self.doubt.get(name, 0.0))
            gain, own = (episode_interval(rows[column].to_numpy()) for column in ("gain", "own"))
            found.append(Step(step, tuple(classes), states[state][0], gain, own))
        return sorted(found, key=lambda step: -step.gain.estimate)

    def frame(self) -> pd.DataFrame:
        """A row a step, the best first: ``step`` ("label" or a source), ``per``, ``classes``, their ``examples``, and the expected ``gain`` in
        points of one label or cell with its interval (``low``, ``high``), and that of the class's own queries (``own``)."""
        rows = [
            {
                "step": one.step,
                "per": one.per,
                "classes": list(one.classes),
                "examples": one.examples,
                "gain": one.gain.estimate,
                "low": one.gain.low,
                "high": one.gain.high,
                "own": one.own.estimate,
            }
            for one in self.steps
        ]
        return pd.DataFrame(rows)

    @property
    def lines(self) -> list[str]:
        """A sentence a step."""
        return [f"{place}. {step.words}" for place, step in enumerate(self.steps, 1)]

    @property
    def sentence(self) -> str:
        """What helps most."""
        best = self.steps[0]
        if best.gain.low is not None and best.gain.low <= 0:
            return "No single label or cell is sure to help; the list says what is likeliest to."
        return best.words

    def __str__(self) -> str:
        tests = self.spec
        behind = f"{tests.n_episodes} {tests.n_way}-way tasks of {tests.role} classes, each asked before and after one class took the step"
        return "\n".join([*self.lines, f"  ({behind})"])

    def __repr__(self) -> str:
        return self.sentence

    def parts(self) -> Section:
        return Section(
            title_of(self.spec),
            [self.sentence, *self.lines],
            {"Steps": self.frame()},
            [f"{self.spec.dataset}\nrun {self.digest}"],
        )

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``predict --next-steps --json`` prints them."""
        steps = [
            {"step": one.step, "per": one.per, "classes": list(one.classes), "gain": simple(one.gain), "own": simple(one.own)}
            for one in self.steps
        ]
        return {"digest": self.digest, "steps": steps}


def states_of(spec: RunSpec, data: Dataset, given: Given) -> dict[str, tuple[Any, ...]]:
    """What is known of each class: how many examples it has, and of which sources anything is told."""
    rows, read = given.said.metadata or {}, columns_read(spec, data)
    return {
        name: (
            min(shots, MOST_EXAMPLES),
            *[source for source, columns in read.items() if any(column in rows.get(name, {}) for column in columns)],
        )
        for name, shots in given.shots.items()
    }


def steps_spec(spec: RunSpec, data: Dataset, states: Sequence[tuple[Any, ...]]) -> StepsSpec:
    """The run that says what steps are worth for classes in some states, on tasks of as many validation classes, or the most there are.

    Raises BadInput where the data set has too few validation classes or examples.
    """
    members = data.split(spec.split)["validation"]
    counts = np.bincount(data.class_of, minlength=len(data.classes))[members]
    most = int(counts.min()) - 2 if len(counts) else 0  # one for the step, one to ask
    n_way = spec.evaluation.n_way if entry_of(spec.learner).fixed_way else min(len(states), len(members))
    if most < 0 or n_way < 2 or n_way > len(members):
        raise BadInput(
            f"The split '{spec.split}' of '{data.name}' has too few validation classes or examples to say what a step is worth."
        )
    kept = tuple((min(state[0], most), *state[1:]) for state in states)
    n_query = max(1, min(MOST_QUERIES, int(counts.min()) - max(state[0] for state in kept) - 1))
    return StepsSpec(spec, kept, n_way, n_query, n_episodes=few_enough(40 if spec.adapts_network else 400, n_way, n_query))


def doubts(frame: pd.DataFrame) -> dict[str, float]:
    """How unsure labels of each class are on average, from the frame of a ``Labelled``."""
    return {str(name): 1 - float(sure) for name, sure in frame.groupby("label")["probability"].mean().items()}
