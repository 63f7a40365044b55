"""A metric as unlike accuracy as there is: lower is better, no upper end, nothing counted, a narrow band. It is registered by tests alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.run import Evaluation, RunSpec
from metadash.stats.metric import METRICS, Metric

MAE = Metric(
    name="mae",
    title="mean absolute error",
    unit="years",
    gain="years less",
    rope=0.05,
    bounds=(0.0, None),
    better="lower",
    decimals=2,
)


@contextmanager
def scored_by(metric: Metric) -> Iterator[None]:
    """Every task is scored by ``metric``, as one of another kind than classification would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METRICS, metric.name, metric)
        patch.setattr(Evaluation, "metric", property(lambda tests: metric))
        yield


def store_values(store: RunStore, spec: RunSpec, dataset: Dataset, values: np.ndarray, metric: Metric = MAE) -> Run:
    """A finished run whose scores were made up: ``values`` [K, E] of ``metric``, which has no counts beside them."""
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    store.keep_manifest(manifest)
    shot, episode = np.meshgrid(spec.evaluation.shots, np.arange(len(manifest)), indexing="ij")
    frame = pd.DataFrame(
        {"n_way": spec.evaluation.n_way, "shot": shot.ravel(), "episode": episode.ravel(), "value": values.ravel()}
    )
    about = {"manifest": manifest.hash, "metric": metric.name, "batch_norm": "running", "kappa": 0.5 if spec.sources else None}
    parts = {"frames": {"scores": frame}, "arrays": {}, "weights": {}, "log": ""}
    return store.write(run_digest(spec, dataset), spec, dataset, summary=about, environment={}, seconds=1.5, **parts)  # type: ignore[arg-type]
