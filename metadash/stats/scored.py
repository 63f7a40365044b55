"""Per-episode scores as aligned arrays, with what an interval needs to know of the tasks they were counted on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from metadash.errors import BadInput
from metadash.stats.intervals import Interval, episode_interval, new_classes_interval


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
    def n_query(self) -> int: ...

    def __len__(self) -> int: ...

    def at_ways(self, n_way: int) -> "Tasks": ...


class Scored(Protocol):
    """Whatever was scored on a manifest: all that an interval needs to know beside the numbers."""

    @property
    def manifest(self) -> Tasks: ...

    @property
    def group(self) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Scores:
    """``accuracy`` [K, S, E] in 0..1: shots, seeds (runs alike but for their seed), episodes of one manifest.

    ``fewer`` holds the same of fewer ways, where the runs were scored at some: the tasks of ``manifest`` with their first classes
    only. ``at_ways`` makes Scores of them, so that whatever is said of all the ways can be said of fewer.
    """

    shots: tuple[int, ...]
    accuracy: np.ndarray
    manifest: Tasks
    digests: tuple[str, ...]
    seeds: tuple[int, ...]
    fewer: Mapping[int, np.ndarray] = field(default_factory=dict)

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
        accuracy = self.accuracy if n_way == self.n_way else self.fewer[n_way]
        return Scores(self.shots, accuracy, self.manifest.at_ways(n_way), self.digests, self.seeds)

    def at(self, shot: int) -> np.ndarray:
        """[S, E] at one number of shots."""
        return self.accuracy[self.shots.index(shot)]

    @property
    def group(self) -> np.ndarray | None:
        """[E] the group each task was drawn within, or None where tasks are not drawn within groups."""
        return self.manifest.group if (self.manifest.group >= 0).any() else None

    def means(self, shot: int) -> tuple[Interval, Interval]:
        """Accuracy in %, mean over seeds, with its interval over episodes and its interval over new classes."""
        return accuracy_intervals(self.at(shot).mean(axis=0), self)


def accuracy_intervals(fractions: np.ndarray, scores: Scored) -> tuple[Interval, Interval]:
    """As ``both_intervals``, in %, for one accuracy [E] in 0..1 an episode: the one way to every interval of an accuracy."""
    inside, new = both_intervals(100 * fractions, scores)
    return as_accuracy(inside), as_accuracy(new)


def as_accuracy(interval: Interval) -> Interval:
    """The interval of a mean in %, cut where no mean can lie. A symmetric interval reaches beyond 100 % where all but a few tasks are
    solved; what is cut off holds no possible accuracy, so the rest covers as often. Estimate, standard error and method stay."""
    if interval.low is None or interval.high is None:
        return interval
    return replace(interval, low=max(interval.low, 0.0), high=min(interval.high, 100.0))


def both_intervals(values: np.ndarray, scores: Scored) -> tuple[Interval, Interval]:
    """*These test classes* and *new classes* for one value [E] an episode of the manifest of ``scores``."""
    return episode_interval(values), new_classes_interval(values, scores.manifest.classes, scores.group)
