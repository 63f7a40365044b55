"""How a learner is trained, where that is not as usual: on which tasks, from which start, with which rate, and which weights are kept.

What is usual suits small data: tasks like those of the tests, the trained backbone as a start, a constant rate, the weights that were
best on validation classes. What papers do differs from learner to learner, and stands in the recipes of the learners' entries.
"""

import typing
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from metadash.canonical import QUIET
from metadash.errors import BadInput
from metadash.fields import Between, Checked
from metadash.learners.registry import entry_of

if typing.TYPE_CHECKING:
    from metadash.specs.run import RunSpec

Schedule = Literal["constant", "cosine", "linear", "step"]
Start = Literal["backbone", "random"]

AS_TESTS: Literal["as-tests"] = "as-tests"


@dataclass(frozen=True)
class Training(Checked):
    """``ways`` and ``queries`` of a training task (0: as many as the tests have), and ``shots``, of which each step draws one number
    (none: those of the tests). ``strategy`` *uniform* draws any training classes together, however the tests are drawn.

    ``start`` *random*: the network learns from random weights, all of it at one rate, and no backbone is trained before. ``schedule``: how
    the rate falls over the steps: not at all, by half a cosine or a line to zero, or to a half after each fifth of them. ``keep``: the
    weights that were best on validation classes, or the last ones.
    """

    ways: Annotated[int, Between(0, 200)] = field(default=0, metadata=QUIET)
    shots: tuple[Annotated[int, Between(1, 1000)], ...] = field(default=(), metadata=QUIET)
    queries: Annotated[int, Between(0, 1000)] = field(default=0, metadata=QUIET)
    strategy: Literal["as-tests", "uniform"] = field(default=AS_TESTS, metadata=QUIET)
    start: Start = field(default="backbone", metadata=QUIET)
    schedule: Schedule = field(default="constant", metadata=QUIET)
    keep: Literal["best", "last"] = field(default="best", metadata=QUIET)

    def settle(self) -> None:
        if list(self.shots) != sorted(set(self.shots)):
            raise BadInput(f"train_shots is {self.shots}; it must be different whole numbers from 1 on, smallest first.")
        if self.ways == 1:
            raise BadInput("train_ways is 1; a task has two classes or more (0: as many as the tests have).")

    @property
    def changes(self) -> dict[str, Any]:
        """What is not as usual, by the names of the choices of ``run_for``."""
        usual = Training()
        return {CHOICES[name]: getattr(self, name) for name in CHOICES if getattr(self, name) != getattr(usual, name)}

    @property
    def words(self) -> list[str]:
        """What is not as usual, each in a few words: ``60-way training``, ``random start``."""
        shots = " or ".join(map(str, self.shots))
        said = {
            "ways": f"{self.ways}-way training",
            "shots": f"trained at {shots} shot{'s' * (self.shots != (1,))}",
            "queries": f"{self.queries} training quer{'ies' if self.queries != 1 else 'y'}",
            "strategy": "uniform training tasks",
            "start": "random start",
            "schedule": {"cosine": "cosine-annealed", "linear": "linearly annealed", "step": "rate halved four times"}.get(
                self.schedule, ""
            ),
            "keep": "last weights",
        }
        return [said[name] for name, choice in CHOICES.items() if choice in self.changes]


CHOICES = {
    "ways": "train_ways",
    "shots": "train_shots",
    "queries": "train_queries",
    "strategy": "train_strategy",
    "start": "start",
    "schedule": "schedule",
    "keep": "keep",
}
"""The names that ``run_for``, the verb ``train`` (with dashes) and ``md.train`` have for its fields."""


AS_USUAL = {
    "ways": "trained at the ways of the tests",
    "shots": "trained at the shots of the tests",
    "queries": "as many training queries as the tests",
    "strategy": "training tasks like the tests",
    "start": "started from the backbone",
    "schedule": "at a constant rate",
    "keep": "best weights",
}
"""Each field of Training at its default, in words."""


def training_in_words(name: str, value: Any) -> str:
    """Of one field, as it is stored: ``60-way training``, ``at a constant rate``."""
    asked: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value}
    said = Training(**asked).words
    return said[0] if said else AS_USUAL[name]


def normal_training(spec: "RunSpec") -> Training:
    """Without what is as in the tests, so that equal meanings stay one run."""
    asked, tests = spec.training, spec.evaluation
    same = {
        "ways": asked.ways == tests.n_way,
        "shots": asked.shots == tests.shots,
        "queries": asked.queries == tests.n_query,
        "strategy": tests.strategy == "uniform",
    }
    usual = Training()
    return replace(asked, **{name: getattr(usual, name) for name, equal in same.items() if equal})


def check_training(spec: "RunSpec") -> None:
    """Raises BadInput for a way of training that would change nothing."""
    asked, entry = spec.training, entry_of(spec.learner)
    if not spec.trains and asked.changes:
        raise BadInput(f"{next(iter(asked.changes))} would be ignored: {nothing_to_train(spec.learner)}.")
    if spec.mode == "quick" and spec.from_random:
        raise BadInput(
            "start is random, and in quick mode the network is frozen as it starts, so it would never learn; use the mode full, or the start "
            "backbone."
        )
    if asked.ways and entry.fixed_way:
        raise BadInput(
            f"train_ways is {asked.ways}, and the learner '{spec.learner}' has a head of one row for each class, so it is trained at the ways "
            f"of its tests; leave train_ways out, or test it at n_way {asked.ways}."
        )
    if asked.schedule != "constant" and entry.annealed:
        raise BadInput(
            f"schedule would be ignored by the learner '{spec.learner}': as in its paper, its step {entry.annealed} falls linearly to zero."
        )


def nothing_to_train(learner: str) -> str:
    """Why a quick run of it without metadata has nothing to train, in words."""
    if entry_of(learner).family == "reference":
        return f"the learner '{learner}' is a reference over a fixed embedding, and nothing of it is trained"
    return f"over a frozen backbone and without metadata nothing of the learner '{learner}' is trained; use the mode full, or name sources"
