"""What the answer to a user's task is worth: one number a task by each metric, ties counted as if their order were drawn.

Arrays are [E, Q]: tasks, and the ratings that were to be foreseen. ``there`` marks those that are, since users have as many as they have.
A method that foresees the same for all gets just what guessing gets, which is the chance level of each metric, task by task.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import comb

Array = np.ndarray
FIRST = 5
"""How many items are looked at of a ranking."""
ALIKE = 9
"""Decimals of a foreseen rating; what differs beyond is a tie."""


@dataclass(frozen=True)
class Asked:
    """``truth`` [E, Q] ratings in stars, ``liked`` [E, Q] those above the user's own mean, ``there`` [E, Q]."""

    truth: Array
    liked: Array
    there: Array


def mean_absolute_error(asked: Asked, foreseen: Array) -> Array:
    """[E] in stars."""
    error = np.where(asked.there, np.abs(asked.truth - foreseen), 0)
    return error.sum(axis=1) / asked.there.sum(axis=1)


def ndcg(asked: Asked, foreseen: Array, first: int = FIRST) -> Array:
    """[E] normalised discounted cumulative gain of the ``first`` places, with gains 2^stars − 1 (Burges et al., ICML 2005; Järvelin &
    Kekäläinen, ACM TOIS 2002).

    A user whose ratings are all alike is ranked right by any order: 1.
    """
    gain = np.where(asked.there, np.exp2(asked.truth) - 1, 0)
    found, best = (discounted(gain, order, asked.there, first) for order in (foreseen, asked.truth))
    return np.minimum(
        np.divide(found, best, out=np.ones_like(found), where=best > 0), 1.0
    )  # sums in another order may differ in the last bit


def discounted(gain: Array, order: Array, there: Array, first: int) -> Array:
    """[E] the gains in descending ``order``, discounted by the logarithm of their place; within a tie each has the tie's mean discount."""
    above, tied = places(order, there)
    sums = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(2, first + 2)))])
    upto = np.minimum(above, first), np.minimum(above + tied, first)
    discount = (sums[upto[1]] - sums[upto[0]]) / np.maximum(tied, 1)
    return np.where(there, gain * discount, 0).sum(axis=1)


def places(order: Array, there: Array) -> tuple[Array, Array]:
    """For each rating how many of its task stand above it, and how many at its own height, itself among them: [E, Q] both."""
    height = np.where(there, np.round(order, ALIKE), -np.inf)
    above = (height[:, None, :] > height[:, :, None]).sum(axis=2)
    tied = ((height[:, None, :] == height[:, :, None]) & there[:, None, :]).sum(axis=2)
    return above, tied


def area_under_curve(asked: Asked, foreseen: Array) -> Array:
    """[E] how often a rating that was liked stands above one that was not; one half where a task has only one of the two."""
    height = np.round(foreseen, ALIKE)
    pairs = (asked.liked & asked.there)[:, :, None] & (~asked.liked & asked.there)[:, None, :]
    right = (height[:, :, None] > height[:, None, :]) + 0.5 * (height[:, :, None] == height[:, None, :])
    count = pairs.sum(axis=(1, 2))
    return np.divide((right * pairs).sum(axis=(1, 2)), count, out=np.full(len(count), 0.5), where=count > 0)


def precision(asked: Asked, foreseen: Array, first: int = FIRST) -> Array:
    """[E] the share of the ``first`` places (or of all, where there are fewer) that were liked."""
    above, tied = places(foreseen, asked.there)
    within = np.clip((first - above) / np.maximum(tied, 1), 0, 1)
    chosen = np.minimum(first, asked.there.sum(axis=1))
    return (within * (asked.liked & asked.there)).sum(axis=1) / chosen


def hit_rate(asked: Asked, foreseen: Array, first: int = FIRST) -> Array:
    """[E] the chance that any of the ``first`` places was liked; drawn among those of a tie that reaches beyond them."""
    above, tied = places(foreseen, asked.there)
    liked = asked.liked & asked.there
    sure = (liked & (above + tied <= first)).any(axis=1)
    across = asked.there & (above < first) & (above + tied > first)
    size, wanted = across.sum(axis=1), (across & liked).sum(axis=1)
    free = np.where(across, first - above, 0).max(axis=1, initial=0)
    missed = np.where(size > 0, comb(size - wanted, free) / np.maximum(comb(size, free), 1), 1.0)
    return np.where(sure, 1.0, 1 - missed)


VALUES: dict[str, Callable[[Asked, Array], Array]] = {
    "mae": mean_absolute_error,
    "ndcg_at_5": ndcg,
    "auc": area_under_curve,
    "precision_at_5": precision,
    "hit_at_5": hit_rate,
}
"""By the metrics' names in ``metadash.stats.metric``."""
