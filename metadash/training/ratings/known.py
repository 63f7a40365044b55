"""What is learned from the ratings of meta-train users alone: means, how far items and users lie from them, how items go together."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

Array = np.ndarray
ROUNDS = 4
"""Rounds of fitting item and user offsets in turn; they move by less than a thousandth of a star after."""
USER_SHRINK = 5.0
"""Of meta-train users' offsets, while those of items are fitted."""
FACTORS = 20


@dataclass(frozen=True)
class Ratings:
    """``user`` [I] (a number each), ``item`` [I] and ``stars`` [I] of every rating, and how many items there are."""

    user: Array
    item: Array
    stars: Array
    n_items: int

    def of(self, rows: Array) -> "Ratings":
        """Some of them, users numbered anew."""
        user = np.unique(self.user[rows], return_inverse=True)[1]
        return Ratings(user, self.item[rows], self.stars[rows], self.n_items)


@dataclass(frozen=True)
class Known:
    """What ``ratings`` of meta-train users tell. ``shrink``: as many ratings at the mean an item is taken to have besides its own."""

    ratings: Ratings
    shrink: float
    mean: float = field(init=False)
    offset: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", float(self.ratings.stars.mean()))
        object.__setattr__(self, "offset", self.fitted[0])

    @cached_property
    def fitted(self) -> tuple[Array, Array]:
        """How far each item [n_items] and each user lies from the mean: shrunk means of what the other leaves."""
        known = self.ratings
        of_item, of_user = np.bincount(known.item, minlength=known.n_items), np.bincount(known.user)
        items, users = np.zeros(len(of_item)), np.zeros(len(of_user))
        for _ in range(ROUNDS):
            left = known.stars - self.mean - users[known.user]
            items = np.bincount(known.item, left, minlength=len(items)) / (of_item + self.shrink)
            left = known.stars - self.mean - items[known.item]
            users = np.bincount(known.user, left, minlength=len(users)) / (of_user + USER_SHRINK)
        return items, users

    @cached_property
    def left(self) -> csr_array:
        """What offsets leave of each rating: sparse [n_items, users]."""
        items, users = self.fitted
        known = self.ratings
        left = known.stars - self.mean - items[known.item] - users[known.user]
        left = np.where(np.abs(left) < 1e-9, 1e-9, left)  # a zero would pass for a rating that was not given
        return csr_array((left.astype(np.float32), (known.item, known.user)), shape=(len(items), len(users)))

    @cached_property
    def factors(self) -> Array:
        """[n_items, F] how items load on the first directions of what offsets leave, by singular value decomposition (Sarwar et al. 2000).

        Of each direction the square root of its singular value stays with the items. An item that no meta-train user rated lies at zero.
        """
        rank = min(FACTORS, min(self.left.shape) - 1)
        if rank < 1:
            return np.zeros((self.left.shape[0], 1))
        start = np.random.default_rng(0).normal(size=min(self.left.shape))
        loads, values, _ = svds(self.left.astype(np.float64), k=rank, v0=start)
        strongest = np.argsort(-values, kind="stable")
        loads = loads[:, strongest] * np.sqrt(np.maximum(values[strongest], 0))
        return loads * np.sign(
            loads[np.abs(loads).argmax(axis=0), np.arange(rank)]
        )  # the sign is arbitrary: the largest is positive

    def scaled(self, features: Array) -> Array:
        """Features [n_items, D] centred over meta-train ratings, of mean square length 1 there: one strength then fits whatever they are."""
        rated = np.bincount(self.ratings.item, minlength=len(features)) / len(self.ratings.item)
        centred = features - rated @ features
        length = rated @ np.square(centred).sum(axis=1)
        return centred / np.sqrt(length) if length > 0 else centred
