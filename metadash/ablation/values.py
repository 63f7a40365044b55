"""The value of every scored subset of sources, episode by episode: what the effects of an ablation are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from metadash.answers.scores import load_scores
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.specs.subsets import HeadsSpec, MaskedSpec, SourceArm
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY, Metric, refuse_mixed
from metadash.stats.scored import Scores, mean_intervals


@dataclass(frozen=True)
class Values:
    """``totals`` [S, A, K, E] over ``queries``: seeds, arms, shots, episodes of one manifest. An episode's value of ``metric`` is its total over
    ``queries``: right answers, in a quarter of the memory; of a metric that counts nothing it is the value itself, over 1.

    ``folds`` are the numbers of episodes of each fold, where the manifest is made of several; else it is empty.
    """

    arms: tuple[SourceArm, ...]
    shots: tuple[int, ...]
    seeds: tuple[int, ...]
    totals: np.ndarray
    queries: int
    manifest: EpisodeManifest
    digests: tuple[str, ...]
    folds: tuple[int, ...] = ()
    metric: Metric = ACCURACY

    @property
    def fold_parts(self) -> list[slice]:
        """The episodes of each fold."""
        ends = np.cumsum(self.folds).tolist()
        return [slice(end - size, end) for end, size in zip(ends, self.folds, strict=True)]

    @property
    def masks(self) -> list[int]:
        """The subsets of the arms with real metadata; they come first."""
        return [arm.mask for arm in self.arms if arm.control == "none"]

    @cached_property
    def group(self) -> np.ndarray | None:
        """[E] the group each task was drawn within, or None where tasks are not drawn within groups."""
        return self.manifest.group if (self.manifest.group >= 0).any() else None

    def of(self, arm: SourceArm) -> np.ndarray:
        """[S, K, E] values of the metric."""
        return self.totals[:, self.arms.index(arm)] / self.queries

    def mean(self, arm: SourceArm, shot: int) -> tuple[Interval, Interval]:
        """Of an arm in the metric's unit, for these test classes and for new ones."""
        return mean_intervals(self.of(arm)[:, self.shots.index(shot)].mean(axis=0), self)

    def effects(self, weights: np.ndarray, shot: int) -> np.ndarray:
        """``weights`` [F, M] over the first M arms to gains [F, S, E] in the metric's unit, episode by episode and seed by seed."""
        chosen = self.totals[:, : weights.shape[1], self.shots.index(shot)]
        return self.metric.per_value / self.queries * np.stack([weights @ seed.astype(float) for seed in chosen], axis=1)

    def difference(self, first: SourceArm, second: SourceArm, shot: int) -> np.ndarray:
        """[S, E] what the first gains over the second."""
        one, other = (self.totals[:, self.arms.index(arm), self.shots.index(shot)].astype(float) for arm in (first, second))
        return self.metric.per_value / self.queries * (one - other)


def stacked(runs: Sequence[Run], arms: Sequence[SourceArm], store: RunStore) -> Values:
    """Runs of heads or of masked subsets that differ in their seed alone. Raises BadInput when they cannot be put together."""
    order = sorted(runs, key=lambda run: run_behind(run).seed)
    manifests = {run.summary["manifest"] for run in order}
    if len(manifests) > 1:
        raise BadInput("These runs were scored on different test episodes; only runs on the same episodes can be compared.")
    refuse_mixed({run.metric for run in order})
    manifest, shots = store.manifest(order[0]), run_behind(order[0]).evaluation.shots
    found = [totals_of(run) for run in order]
    for run, (totals, _) in zip(order, found, strict=True):
        if totals.shape != (len(arms), len(shots), len(manifest)):
            raise BadInput(f"The run {run.digest} is damaged (scores are missing); delete its folder and train again.")
    return Values(
        tuple(arms),
        shots,
        tuple(run_behind(run).seed for run in order),
        np.stack([totals for totals, _ in found]),
        found[0][1],
        manifest,
        tuple(run.digest for run in order),
        metric=order[0].metric,
    )


def totals_of(run: Run) -> tuple[np.ndarray, int]:
    """[A, K, E] of heads or masked subsets, and over how many queries: right answers, or the values themselves over 1."""
    return (run.array("correct"), run.summary["queries"]) if run.metric.counted else (run.array("value"), 1)


def pooled(folds: Sequence[Values]) -> Values:
    """The folds of a cross-fitting as one: their episodes one after another, arm beside arm and seed beside seed.

    A seed of one fold is matched with the same seed of every other; each class is a test class in one fold only, so that an
    interval over classes or groups sees each once. Raises BadInput where the folds were not asked the same.
    """
    first = folds[0]
    refuse_mixed({found.metric for found in folds})
    asked = {(found.arms, found.shots, found.seeds, found.queries) for found in folds}
    if len(asked) > 1:
        raise BadInput("These folds were asked different things; they cannot be pooled.")
    return Values(
        first.arms,
        first.shots,
        first.seeds,
        np.concatenate([found.totals for found in folds], axis=-1),
        first.queries,
        EpisodeManifest.joined([found.manifest for found in folds]),
        tuple(dict.fromkeys(digest for found in folds for digest in found.digests)),
        tuple(len(found.manifest) for found in folds),
        first.metric,
    )


def run_behind(run: Run) -> RunSpec:
    return (run.spec_as(HeadsSpec) if run.kind == "heads" else run.spec_as(MaskedSpec)).run


def gathered(runs: dict[SourceArm, list[Run]], seeds: tuple[int, ...], store: RunStore) -> Values:
    """Ordinary runs, for each arm one a seed (or one for all, where nothing is trained)."""
    scores: dict[SourceArm, Scores] = {arm: load_scores(found, store) for arm, found in runs.items()}
    first = next(iter(scores.values()))
    if any(found.manifest.hash != first.manifest.hash or found.shots != first.shots for found in scores.values()):
        raise BadInput("These runs were scored on different test episodes; only runs on the same episodes can be compared.")
    refuse_mixed({found.metric for found in scores.values()})
    shape = (len(first.shots), len(seeds), len(first.manifest))
    values = np.stack([np.broadcast_to(found.values, shape) for found in scores.values()]).transpose(2, 0, 1, 3)
    totals, queries = values, 1
    if first.metric.counted:
        queries = first.manifest.queries_each
        totals = np.rint(values * queries).astype(np.uint16)
    return Values(
        tuple(scores),
        first.shots,
        seeds,
        totals,
        queries,
        cast(EpisodeManifest, first.manifest),
        tuple(dict.fromkeys(digest for found in scores.values() for digest in found.digests)),
        metric=first.metric,
    )
