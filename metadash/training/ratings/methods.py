"""Methods that foresee a new user's ratings from a few, all over the same offsets: from the mean of everything to ridge on metadata.

A method is one function over tasks: ``support`` [E, K] items with ``stars`` [E, K], ``query`` [E, Q] items, to foreseen stars [E, Q]. Its
strength is chosen on validation users; strength 0 is the method below it, to the last bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from metadash.training.ratings.known import Known

Array = np.ndarray
AT_ONCE = 4_000_000
"""Numbers of a block of tasks: 32 MB."""


@dataclass(frozen=True)
class Users:
    """Tasks: the items that were rated and how, and the items that are asked about."""

    support: Array
    stars: Array
    query: Array

    def __len__(self) -> int:
        return len(self.support)

    def __getitem__(self, tasks: slice) -> "Users":
        return Users(self.support[tasks], self.stars[tasks], self.query[tasks])


Foresee = Callable[[Known, Users, Any], Array]


def everything(known: Known, users: Users, strength: None) -> Array:
    return np.full(users.query.shape, known.mean)


def own_mean(known: Known, users: Users, shrink: float) -> Array:
    found = known.mean + (users.stars - known.mean).sum(axis=1) / (users.stars.shape[1] + shrink)
    return np.repeat(found[:, None], users.query.shape[1], axis=1)


def item_mean(known: Known, users: Users, strength: None) -> Array:
    return known.mean + known.offset[users.query]


def own_offset(known: Known, users: Users, shrink: float) -> Array:
    """[E] how far a user lies from what items get."""
    return surprises(known, users).sum(axis=1) / (users.stars.shape[1] + shrink)


def surprises(known: Known, users: Users) -> Array:
    """[E, K] what a user's ratings say beyond those of others."""
    return users.stars - known.mean - known.offset[users.support]


def both_offsets(known: Known, users: Users, shrink: float) -> Array:
    return item_mean(known, users, None) + own_offset(known, users, shrink)[:, None]


def ridge_over(features: Array) -> Foresee:
    """A user's own weights on ``features`` [n_items, D] and own offset, both shrunk: ridge regression of what item offsets leave.

    ``strength`` (w, shrink): the prior variance of the weights and the inverse one of the offset, in units of the noise. With w = 0 it
    is ``both_offsets``.
    """

    def foresee(known: Known, users: Users, strength: tuple[float, float]) -> Array:
        weight, shrink = strength
        base = both_offsets(known, users, shrink)
        if not weight:
            return base
        found = np.empty(users.query.shape)
        shots = users.support.shape[1]
        for tasks in blocks(len(users), features.shape[1] * (shots + users.query.shape[1])):
            part = users[tasks]
            known_rows, asked_rows = features[part.support], features[part.query]
            among = weight * (known_rows @ known_rows.transpose(0, 2, 1)) + 1 / shrink + np.eye(shots)
            solved = np.linalg.solve(among, surprises(known, part)[..., None])
            across = weight * (asked_rows @ known_rows.transpose(0, 2, 1)) + 1 / shrink
            found[tasks] = item_mean(known, part, None) + (across @ solved)[..., 0]
        return found

    return foresee


def neighbours(known: Known, users: Users, strength: tuple[float, float, float]) -> Array:
    """A user's own surprises at the items most like the one that is asked about (Sarwar et al., WWW 2001).

    Likeness: the cosine of what offsets leave over meta-train users, times n / (n + 30) for n users who rated both (Bell & Koren 2007).
    ``strength`` (weight, stay, shrink): ``stay`` is how much likeness speaks for no change, ``shrink`` that of the user's offset.
    """
    weight, stay, shrink = strength
    base = both_offsets(known, users, shrink)
    if not weight:
        return base
    rows = known.left
    norms = np.sqrt(np.maximum(rows.power(2).sum(axis=1), 1e-12))
    for tasks in blocks(len(users), rows.shape[1] * (users.support.shape[1] + users.query.shape[1])):
        part = users[tasks]
        support, query = (rows[items.ravel()].toarray().reshape(*items.shape, -1) for items in (part.support, part.query))
        together = (query != 0).astype(np.float32) @ (support != 0).astype(np.float32).transpose(0, 2, 1)
        alike = query @ support.transpose(0, 2, 1) / (norms[part.query][:, :, None] * norms[part.support][:, None, :])
        alike = alike * together / (together + 30)
        own = surprises(known, part) - own_offset(known, part, shrink)[:, None]
        base[tasks] += weight * (alike @ own[..., None])[..., 0] / (np.abs(alike).sum(axis=2) + stay)
    return base


def blocks(tasks: int, numbers: int) -> list[slice]:
    """Tasks some at a time, each of so many ``numbers``."""
    step = max(1, AT_ONCE // max(numbers, 1))
    return [slice(start, start + step) for start in range(0, tasks, step)]
