"""Stored per-episode scores of several runs as aligned arrays: the only way in for every comparison."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.specs.probes import ProxySpec
from metadash.specs.run import RunSpec
from metadash.stats.metric import refuse_mixed
from metadash.stats.scored import Scores


def load_scores(runs: list[Run], store: RunStore) -> Scores:
    """Runs that differ in their seed only, stacked. Raises BadInput when they were scored on different episodes, or by
    different metrics."""
    manifests = {run.summary["manifest"] for run in runs}
    shots = {spec_of(run).evaluation.shots for run in runs}
    if len(manifests) > 1 or len(shots) > 1:
        raise BadInput("These runs were scored on different test episodes; only runs on the same episodes can be compared.")
    refuse_mixed({run.metric for run in runs})
    order = sorted(runs, key=lambda run: spec_of(run).seed)
    stacked = [values_by_ways(run) for run in order]
    ways = [n_way for n_way in stacked[0] if all(n_way in found for found in stacked)]
    by_ways = {n_way: np.stack([found[n_way] for found in stacked], axis=1) for n_way in ways}
    return Scores(
        next(iter(shots)),
        by_ways.pop(spec_of(order[0]).evaluation.n_way),
        store.manifest(order[0]),
        tuple(run.digest for run in order),
        tuple(spec_of(run).seed for run in order),
        by_ways,
        order[0].metric,
    )


def pooled_scores(folds: Sequence[Scores]) -> Scores:
    """The folds of a cross-fitting as one: their episodes one after another, seed beside seed. Raises BadInput where they were not asked the
    same."""
    if len(folds) == 1:
        return folds[0]
    first = folds[0]
    refuse_mixed({found.metric for found in folds})
    if len({(found.shots, found.seeds, found.ways) for found in folds}) > 1:
        raise BadInput("These folds were asked different things; they cannot be pooled.")
    return Scores(
        first.shots,
        np.concatenate([found.values for found in folds], axis=-1),
        EpisodeManifest.joined([cast(EpisodeManifest, found.manifest) for found in folds]),
        tuple(dict.fromkeys(digest for found in folds for digest in found.digests)),
        first.seeds,
        {n_way: np.concatenate([found.fewer[n_way] for found in folds], axis=-1) for n_way in first.fewer},
        first.metric,
    )


def values_by_ways(run: Run) -> dict[int, np.ndarray]:
    """[K, E] of the run's metric at each number of ways. Scores without the column n_way, of an older version, are at the evaluation's."""
    frame, tests = run.scores(), spec_of(run).evaluation
    if "n_way" not in frame:
        frame = frame.assign(n_way=tests.n_way)
    found = {}
    for n_way in sorted({*frame["n_way"].tolist(), tests.n_way}):
        rows = frame[frame["n_way"] == n_way].sort_values(["shot", "episode"])
        if len(rows) != len(tests.shots) * tests.n_episodes:
            raise BadInput(f"The run {run.digest} is damaged (scores are missing); delete its folder and train again.")
        found[n_way] = values_in(rows).reshape(len(tests.shots), -1)
    return found


def values_in(rows: pd.DataFrame) -> np.ndarray:
    """The value of each row of stored scores. An older version stored counts alone: right answers of so many queries."""
    return (rows["value"] if "value" in rows else rows["correct"] / rows["queries"]).to_numpy()


def spec_of(run: Run) -> RunSpec | ProxySpec:
    """That of a run that was scored on test tasks."""
    assert isinstance(run.spec, RunSpec | ProxySpec)
    return run.spec
