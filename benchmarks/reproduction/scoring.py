"""Scores a trained learner on frozen episodes; what only looks at embeddings embeds every drawing once."""

from typing import Any

import numpy as np

from benchmarks.reproduction.cells import Cell
from benchmarks.reproduction.tasks import Tests
from metadash.data.dataset import Dataset
from metadash.learners.core.base import EmbeddingLearner, Learner
from metadash.learners.registry import check_options, entry_of
from metadash.stats.intervals import episode_interval, paired_differences
from metadash.training.evaluate import embed, places, score

PART = 50
"""Episodes a call: the Relation Network's pairs of 250 twenty-way episodes would take a gigabyte."""


def wrong_queries(learner: Learner, cell: Cell, dataset: Dataset, tests: Tests) -> dict[tuple[int, int], np.ndarray]:
    """How many queries of each episode [E] it got wrong, at each setting of the cell."""
    ways = sorted({way for way, _ in cell.settings})
    rows = np.concatenate([part.ravel() for way in ways for part in (tests.manifests[way].support, tests.manifests[way].query)])
    needed, position = places(rows, len(dataset.inputs))
    if isinstance(learner, EmbeddingLearner):
        table = embed(learner.backbone, dataset.inputs, needed)
    else:
        table = np.array(dataset.inputs[needed])
    wrong = {}
    for way in ways:
        manifest, shots = tests.manifests[way], tuple(shot for w, shot in cell.settings if w == way)
        parts = [score(learner, table, position, manifest[i : i + PART], shots, []) for i in range(0, len(manifest), PART)]
        of_shot = manifest.n_way * manifest.n_query - np.concatenate(parts, axis=1)
        wrong |= {(way, shot): row for shot, row in zip(shots, of_shot, strict=True)}
    return wrong


def summary(wrong: np.ndarray, queries: int) -> dict[str, Any]:
    """As it is stored: the mean accuracy in %, Student's t interval over the episodes, and every episode's wrong queries as text, so
    that learners and seeds can be paired and averaged later."""
    interval = episode_interval(paired_differences(1 - wrong / queries, np.zeros(len(wrong)))[0])
    return {
        "accuracy": round(interval.estimate, 3),
        "reach": None if interval.low is None else round(interval.estimate - interval.low, 3),
        "episodes": len(wrong),
        "queries": queries,
        "wrong": " ".join(map(str, wrong.tolist())),
    }


def statistics_of(cell: Cell) -> str:
    """Whose batch-norm statistics classify a query: "batch" lets the queries of a task see one another, the others do not."""
    return (
        check_options(cell.learner, dict(cell.options)).batch_norm
        if "batch_norm" in entry_of(cell.learner).options
        else "running"
    )
