"""Per-episode scores as aligned arrays, with what an interval needs to know of the tasks they were counted on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from metadash.errors import BadInput
from metadash.stats.intervals import Interval, episode_interval, new_classes_interval
from metadash.stats.metric import ACCURACY, Metric


class Tasks(Protocol):
    """The tasks that scores were counted on: ``classes`` [E, N], the ``group`` [E] each was drawn within (-1: none), and a name by content."""

    @property
    def classes(self) -> np.ndarray: ...

    @property
    def group(self) -> np.ndarray: ...

    @property
    def hash(self) -> str: ...

    @property
    def n_way(self) -> int: ...

    @property
    def queries_each(self) -> int: ...

    def __len__(self) -> int: ...

    def at_ways(self, n_way: int) -> "Tasks": ...


class Scored(Protocol):
    """Whatever was scored on a manifest: all that an interval needs to know beside the numbers."""

    @property
    def manifest(self) -> Tasks: ...

    @property
    def group(self) -> np.ndarray | None: ...

    @property
    def metric(self) -> Metric: ...


@dataclass(frozen=True)
class Scores:
    """``values`` [K, S, E] of ``metric``: shots, seeds (runs alike but for their seed), episodes of one manifest.

    ``fewer`` holds the same of fewer ways, where the runs were scored at some: the tasks of ``manifest`` with their first classes
    only. ``at_ways`` makes Scores of them, so that whatever is said of all the ways can be said of fewer.
    """

    shots: tuple[int, ...]
    values: np.ndarray
    manifest: Tasks
    digests: tuple[str, ...]
    seeds: tuple[int, ...]
    fewer: Mapping[int, np.ndarray] = field(default_factory=dict)
    metric: Metric = ACCURACY

    @property
    def n_way(self) -> int:
        return self.manifest.n_way

    @property
    def ways(self) -> tuple[int, ...]:
        """Every number of ways that there are scores of, smallest first."""
        return (*sorted(self.fewer), self.n_way)

    def at_ways(self, n_way: int) -> "Scores":
        """The scores of the same tasks at ``n_way`` ways, without those of fewer. Raises BadInput where there are none."""
        if n_way not in self.ways:
            raise BadInput(f"These runs were scored at {self.n_way} ways; there are no scores at {n_way}.")
        values = self.values if n_way == self.n_way else self.fewer[n_way]
        return Scores(self.shots, values, self.manifest.at_ways(n_way), self.digests, self.seeds, metric=self.metric)

    def at(self, shot: int) -> np.ndarray:
        """[S, E] at one number of shots."""
        return self.values[self.shots.index(shot)]

    @property
    def group(self) -> np.ndarray | None:
        """[E] the group each task was drawn within, or None where tasks are not drawn within groups."""
        return self.manifest.group if (self.manifest.group >= 0).any() else None

    def means(self, shot: int) -> tuple[Interval, Interval]:
        """The mean over seeds in the metric's unit, with its interval over episodes and its interval over new classes."""
        return mean_intervals(self.at(shot).mean(axis=0), self)


def mean_intervals(values: np.ndarray, scores: Scored) -> tuple[Interval, Interval]:
    """As ``gain_intervals``, for one stored value [E] an episode, in the metric's unit: the one way to every interval of a mean."""
    inside, new = both_intervals(scores.metric.scale * values, scores)
    return as_mean(inside, scores.metric), as_mean(new, scores.metric)


def as_mean(interval: Interval, metric: Metric = ACCURACY) -> Interval:
    """The interval of a mean in the metric's unit, cut where no mean can lie. A symmetric interval reaches beyond 100 % where all but a few
    tasks are solved; what is cut off holds no possible mean, so the rest covers as often. Estimate, standard error and method stay."""
    if interval.low is None or interval.high is None:
        return replace(interval, counted_in=metric.unit)
    least, most = metric.bounds
    low = interval.low if least is None else max(interval.low, least)
    high = interval.high if most is None else min(interval.high, most)
    return replace(interval, low=low, high=high, counted_in=metric.unit)


def as_gain(interval: Interval, metric: Metric) -> Interval:
    """The interval of a gain, by the name of what it is counted in; it is not cut."""
    return interval if interval.counted_in == metric.gain else replace(interval, counted_in=metric.gain)


def gain_intervals(gains: np.ndarray, scores: Scored) -> tuple[Interval, Interval]:
    """*These test classes* and *new classes* for one gain [E] an episode, in the metric's unit."""
    inside, new = both_intervals(gains, scores)
    return as_gain(inside, scores.metric), as_gain(new, scores.metric)


def new_interval(gains: np.ndarray, scores: Scored, level: float = 0.95) -> Interval:
    """*New classes* alone, at whatever ``level``."""
    return as_gain(new_classes_interval(gains, scores.manifest.classes, scores.group, level), scores.metric)


def both_intervals(values: np.ndarray, scores: Scored) -> tuple[Interval, Interval]:
    """*These test classes* and *new classes* for one number [E] an episode of the manifest of ``scores``."""
    return episode_interval(values), new_classes_interval(values, scores.manifest.classes, scores.group)
