"""Stored per-episode scores of several runs as aligned arrays: the only way in for every comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from metadash.analysis.intervals import Interval, episode_interval, new_classes_interval
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.training.probes import ProxySpec
from metadash.training.spec import RunSpec
from metadash.training.store import Run, RunStore


class Scored(Protocol):
    """Whatever was scored on a manifest: all that an interval needs to know beside the numbers."""

    @property
    def manifest(self) -> EpisodeManifest: ...

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
    manifest: EpisodeManifest
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


def load_scores(runs: list[Run], store: RunStore) -> Scores:
    """Runs that differ in their seed only, stacked. Raises BadInput when they were scored on different episodes."""
    manifests = {run.summary["manifest"] for run in runs}
    shots = {spec_of(run).evaluation.shots for run in runs}
    if len(manifests) > 1 or len(shots) > 1:
        raise BadInput("These runs were scored on different test episodes; only runs on the same episodes can be compared.")
    order = sorted(runs, key=lambda run: spec_of(run).seed)
    stacked = [accuracy_by_ways(run) for run in order]
    ways = [n_way for n_way in stacked[0] if all(n_way in found for found in stacked)]
    by_ways = {n_way: np.stack([found[n_way] for found in stacked], axis=1) for n_way in ways}
    return Scores(
        next(iter(shots)),
        by_ways.pop(order[0].spec.evaluation.n_way),  # type: ignore[union-attr]
        store.manifest(order[0]),
        tuple(run.digest for run in order),
        tuple(spec_of(run).seed for run in order),
        by_ways,
    )


def pooled_scores(folds: Sequence[Scores]) -> Scores:
    """The folds of a cross-fitting as one: their episodes one after another, seed beside seed. Raises BadInput where they were not asked the
    same."""
    if len(folds) == 1:
        return folds[0]
    first = folds[0]
    if len({(found.shots, found.seeds, found.ways) for found in folds}) > 1:
        raise BadInput("These folds were asked different things; they cannot be pooled.")
    return Scores(
        first.shots,
        np.concatenate([found.accuracy for found in folds], axis=-1),
        EpisodeManifest.joined([found.manifest for found in folds]),
        tuple(dict.fromkeys(digest for found in folds for digest in found.digests)),
        first.seeds,
        {n_way: np.concatenate([found.fewer[n_way] for found in folds], axis=-1) for n_way in first.fewer},
    )


def accuracy_by_ways(run: Run) -> dict[int, np.ndarray]:
    """[K, E] in 0..1 at each number of ways of a run. Scores without the column n_way, of an older version, are at the evaluation's."""
    frame, tests = run.scores(), run.spec.evaluation  # type: ignore[union-attr]
    if "n_way" not in frame:
        frame = frame.assign(n_way=tests.n_way)
    found = {}
    for n_way in sorted({*frame["n_way"].tolist(), tests.n_way}):
        rows = frame[frame["n_way"] == n_way].sort_values(["shot", "episode"])
        if len(rows) != len(tests.shots) * tests.n_episodes:
            raise BadInput(f"The run {run.digest} is damaged (scores are missing); delete its folder and train again.")
        found[n_way] = (rows["correct"] / rows["queries"]).to_numpy().reshape(len(tests.shots), -1)
    return found


def spec_of(run: Run) -> RunSpec | ProxySpec:
    """That of a run that was scored on test tasks."""
    assert isinstance(run.spec, RunSpec | ProxySpec)
    return run.spec
