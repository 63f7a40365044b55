"""Which examples decided: what becomes of an answer without each of them, or where there are too many, which lie nearest."""

import numpy as np
import pandas as pd

from metadash.stats.calibration import probabilities
from metadash.training.use.answering import Answering

SHOWN = 3
"""Examples told of each query."""

MOST_LEFT_OUT = 60
"""Examples that are left out one after the other; of more, only those nearest are told."""

MOST_ASKED = 200_000
"""Queries times examples."""


def deciding(answering: Answering, logits: np.ndarray) -> pd.DataFrame:
    """Rows of (query, rank, example, distance, change): of each query the examples of its label that speak most for it.

    ``example`` is a place among the support of ``answering``, ``distance`` the Euclidean one where the learner compares (missing where it
    adapts its whole network), ``change`` by how much the probability of the label falls, uncalibrated, when that example is left out
    (missing of a class's only example, and where there are too many examples to try).
    """
    n_query, n_support = len(logits), len(answering.label)
    label = logits.argmax(axis=1)
    if not n_support or not n_query:
        return pd.DataFrame({"query": [], "rank": [], "example": [], "distance": [], "change": []}).astype(
            {"query": int, "rank": int, "example": int}
        )
    place = answering.label.numpy()
    own = place[None, :] == label[:, None]
    apart = distances(answering)
    fallen = np.full((n_query, n_support), np.nan)
    if n_support <= MOST_LEFT_OUT and n_query * n_support <= MOST_ASKED and not answering.together:
        before = probabilities(logits)[np.arange(n_query), label]
        alone = np.equal(place[:, None], place[None, :]).sum(axis=1) == 1
        for example in range(n_support):
            asked = np.flatnonzero(own[:, example])
            if len(asked) and not alone[example]:  # without its only example a class lies nowhere
                without = probabilities(answering(left_out=example, queries=asked))
                fallen[asked, example] = before[asked] - without[np.arange(len(asked)), label[asked]]
    key = np.where(own, -fallen if not np.isnan(fallen[own]).any() else np.nan_to_num(apart), np.inf)
    order = np.argsort(key, axis=1, kind="stable")[:, :SHOWN]
    each = order.shape[1]
    frame = pd.DataFrame({"query": np.repeat(np.arange(n_query), each), "rank": np.tile(np.arange(1, each + 1), n_query)})
    frame["example"] = order.ravel()
    frame = frame[own[frame["query"], frame["example"]]].reset_index(drop=True)
    frame["distance"] = apart[frame["query"], frame["example"]]
    frame["change"] = fallen[frame["query"], frame["example"]]
    return frame


def distances(answering: Answering) -> np.ndarray:
    """[Q, S] Euclidean, where the learner compares; missing where it changes its network."""
    if answering.query.dim() != 2:
        return np.full((len(answering.query), len(answering.support)), np.nan)
    a, b = answering.query.double().numpy(), answering.support.double().numpy()
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0))
