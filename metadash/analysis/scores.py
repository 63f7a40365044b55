"""Stored per-episode scores of several runs as aligned arrays: the only way in for every comparison."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from metadash.analysis.intervals import Interval, episode_interval, new_classes_interval
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
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
    """``accuracy`` [K, S, E] in 0..1: shots, seeds (runs alike but for their seed), episodes of one manifest."""

    shots: tuple[int, ...]
    accuracy: np.ndarray
    manifest: EpisodeManifest
    digests: tuple[str, ...]
    seeds: tuple[int, ...]

    def at(self, shot: int) -> np.ndarray:
        """[S, E] at one number of shots."""
        return self.accuracy[self.shots.index(shot)]

    @property
    def group(self) -> np.ndarray | None:
        """[E] the group each task was drawn within, or None where tasks are not drawn within groups."""
        return self.manifest.group if (self.manifest.group >= 0).any() else None

    def means(self, shot: int) -> tuple[Interval, Interval]:
        """Accuracy in %, mean over seeds, with its interval over episodes and its interval over new classes."""
        return both_intervals(100 * self.at(shot).mean(axis=0), self)


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
    stacked = []
    for run in order:
        frame, tests = run.scores().sort_values(["shot", "episode"]), spec_of(run).evaluation
        if len(frame) != len(tests.shots) * tests.n_episodes:
            raise BadInput(f"The run {run.digest} is damaged (scores are missing); delete its folder and train again.")
        stacked.append((frame["correct"] / frame["queries"]).to_numpy().reshape(len(tests.shots), -1))
    return Scores(
        next(iter(shots)),
        np.stack(stacked, axis=1),
        store.manifest(order[0]),
        tuple(run.digest for run in order),
        tuple(spec_of(run).seed for run in order),
    )


def spec_of(run: Run) -> RunSpec:
    assert isinstance(run.spec, RunSpec)
    return run.spec
