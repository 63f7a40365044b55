"""Metrics: what the one number that a task is scored with means, in which unit it is said, and which way is better.

A learner's answers to the queries of one task become one *value*, stored beside its counts. All that is said of values (intervals, Shapley
values, verdicts, worth in shots, charts, words) asks the metric for its unit, its bounds and its sign, and takes any. What is said of
*gains* is turned so that more is better: a fall of an error is a gain.

A new metric is one entry here, and a ``value`` stored by whatever scores the tasks (docs/development.md).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Literal, Protocol

import numpy as np

from metadash.errors import BadInput

PERCENT = {"%": "percent"}
"""Units as they stand in the name of a column, where they cannot stand as they are."""


class Task(Protocol):
    """What guessing depends on: a manifest, an evaluation, or :class:`Ways`."""

    @property
    def n_way(self) -> int: ...


@dataclass(frozen=True)
class Ways:
    """Tasks of which nothing is known but how many classes they tell apart."""

    n_way: int


def nobody_knows(task: Task) -> None:
    """The chance level of a metric that depends on the values of the targets, not on their number."""


@dataclass(frozen=True)
class Metric:
    """One number a task, and how it is said.

    ``name`` stands in files, ``title`` in sentences. A stored value times ``scale`` is in ``unit``, in which ``bounds`` say where it can
    lie (None: nowhere an end), ``rope`` what makes no practical difference, and ``chance`` what guessing gets in a task (None where
    that cannot be said of the task alone). ``counted``: a value is how many of the queries, over their number, so that counts can be stored
    in its place. ``gain`` is what an improvement is counted in: "points", "years less". ``decimals`` of a value
    in tables.
    """

    name: str
    title: str
    unit: str
    gain: str
    rope: float
    scale: float = 1.0
    bounds: tuple[float | None, float | None] = (None, None)
    better: Literal["higher", "lower"] = "higher"
    chance: Callable[[Task], float | None] = nobody_knows
    decimals: int = 1
    counted: bool = False

    @property
    def sign(self) -> float:
        """+1 where more is better, −1 where less is."""
        return 1.0 if self.better == "higher" else -1.0

    @property
    def per_value(self) -> float:
        """What one more of a stored value gains, in ``unit``: the scale, negative where less is better."""
        return self.sign * self.scale

    def check(self, values: np.ndarray) -> None:
        """Raises ValueError for stored values that are none of this metric: missing, infinite, or beyond its bounds."""
        low, high = (None if bound is None else bound / self.scale for bound in self.bounds)
        beyond = (low is not None and (values < low).any()) or (high is not None and (values > high).any())
        if beyond or not np.isfinite(values).all():
            ends = " to ".join("no end" if bound is None else f"{bound:g}" for bound in (low, high))
            raise ValueError(f"Scores must be values of {self.title} from {ends}, none missing.")

    def check_rope(self, rope: float) -> None:
        """Raises BadInput for what cannot be half the width of *no practical difference*."""
        most = self.bounds[1] or math.inf
        if not isinstance(rope, Real) or not 0 <= rope < most:
            span = f"from 0 to {most:g}" if most < math.inf else "a number, 0 or more"
            said = f"{rope:g}" if isinstance(rope, Real) else repr(rope)
            raise BadInput(f"The practical threshold is {said} {self.gain}; it must be {span}.")

    # --- in words ----------------------------------------------------------------------------------------------------------------

    @property
    def axis(self) -> str:
        """``accuracy, %``"""
        return f"{self.title}, {self.unit}"

    @property
    def gain_axis(self) -> str:
        """``points of accuracy``, ``years less mean absolute error``"""
        return f"{self.gain} {'of ' if self.better == 'higher' else ''}{self.title}"

    @property
    def moves(self) -> str:
        """The verb in front of a gain: accuracy ``moves by`` +2 points, an error ``falls by`` so many years."""
        return "moves by" if self.better == "higher" else "falls by"

    def said(self, value: float) -> str:
        """A value in its unit: ``76.9 %``."""
        return f"{value:.{self.decimals}f} {self.unit}"

    @property
    def column(self) -> str:
        """Of a table: ``accuracy_percent``."""
        return f"{self.name}_{PERCENT.get(self.unit, self.unit)}"

    @property
    def gain_column(self) -> str:
        """Of a table: ``difference_points``."""
        return f"difference_{self.gain.replace(' ', '_')}"


def guessing_one_of(task: Task) -> float:
    """In %, of a query that belongs to one of the task's classes, each as likely."""
    return 100 / task.n_way


ACCURACY = Metric(
    name="accuracy",
    title="accuracy",
    unit="%",
    gain="points",
    rope=0.5,
    scale=100.0,
    bounds=(0.0, 100.0),
    chance=guessing_one_of,
    counted=True,
)
"""The share of a task's queries that are told their own class: right answers over queries."""


def guessing_which_is_above(task: Task) -> float:
    """In %, of two items in the right order."""
    return 50.0


MAE = Metric(
    name="mae",
    title="mean absolute error",
    unit="stars",
    gain="stars less",
    rope=0.01,
    bounds=(0.0, None),
    better="lower",
    decimals=3,
)
"""How far foreseen ratings lie from those that were given, on a scale of five stars."""


def of_ranking(name: str, title: str, chance: Callable[[Task], float | None] = nobody_knows) -> Metric:
    """A share, in %, that says how well a user's items are ordered."""
    return Metric(name, title, "%", "points", rope=0.5, scale=100.0, bounds=(0.0, 100.0), chance=chance)


NDCG = of_ranking("ndcg_at_5", "nDCG@5")
"""The discounted gain of the first five, over that of the best order."""
AUC = of_ranking("auc", "AUC", guessing_which_is_above)
"""How often of two items the one that was liked stands above the other."""
PRECISION = of_ranking("precision_at_5", "precision@5")
"""The share of the first five that were liked; what it is by chance depends on how many there are to find."""
HIT_RATE = of_ranking("hit_at_5", "HR@5")
"""How often any of the first five was liked."""

METRICS = {metric.name: metric for metric in (ACCURACY, MAE, NDCG, AUC, PRECISION, HIT_RATE)}


def metric_of(name: str) -> Metric:
    """Raises BadInput for one that this version does not know."""
    if name not in METRICS:
        raise BadInput(
            f"These scores are values of '{name}', a metric that this version does not know; it knows {', '.join(METRICS)}."
        )
    return METRICS[name]


def refuse_mixed(metrics: set[Metric]) -> None:
    """Raises BadInput where scores of different metrics were to be put together."""
    if len(metrics) > 1:
        names = " and ".join(sorted(metric.title for metric in metrics))
        raise BadInput(
            f"These runs were scored by different metrics ({names}); only runs scored by the same one can be compared."
        )
