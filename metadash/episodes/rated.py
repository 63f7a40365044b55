"""Tasks of users: what is known of one is some of the user's ratings, and the user's others are to be foreseen.

Targets are numbers, so nothing is told apart: a task has one place for a class (``n_way`` 1), whose support and queries are rows of
ratings; the rating itself stands in the data set. Users are what train, validation and test do not share, and each is tested in one fold.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Dataset
from metadash.data.folds import MOST_FOLDS, fold_roles
from metadash.data.ratings.rated import Rated, ratings_of
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked, OneOf
from metadash.stats.words import plural_of

Order = Literal["random", "time"]
FEWEST_ASKED = 2
"""With one rating to foresee there is no order to be right about."""


@dataclass(frozen=True)
class RatedSpec(Checked):
    """The tasks of the users of one role in ``fold`` (from 1) of ``folds``.

    ``n_shot`` of a user's ratings are learned from and at most ``n_query`` others asked about, ``draws`` times for each user; in ``order`` of
    *time* the earliest are learned from and those that come next asked about, which there is one way to do. Users with fewer than ``n_shot`` + 2 ratings are left out.
    """

    fold: Annotated[int, Between(1, MOST_FOLDS)] = 1
    folds: Annotated[int, Between(2, MOST_FOLDS)] = 5
    role: Annotated[str, OneOf(ROLES)] = "test"
    n_shot: Annotated[int, Between(1, 1000)] = 15
    n_query: Annotated[int, Between(FEWEST_ASKED, 1000)] = 10
    draws: Annotated[int, Between(1, 100)] = 2
    order: Order = "random"
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        if self.fold > self.folds:
            raise BadInput(f"fold is {self.fold}; it must be from 1 to {self.folds} (folds).")
        if self.order == "time" and self.draws > 1:
            raise BadInput(f"In order of time a user's ratings can be parted in one way only; draws is {self.draws}, make it 1.")


def user_roles(dataset: Dataset, rated: Rated, fold: int, folds: int) -> pd.Series:
    """The role of each user, by name, in the order of names. Raises BadInput for fewer users than folds ask for."""
    names = pd.Series(np.sort(dataset.instance_columns([rated.user])[rated.user].astype(str).unique()))
    if len(names) < folds + 2:
        raise BadInput(
            f"'{dataset.name}' has {plural_of(len(names), 'user')}; {folds} folds of test users need at least {folds + 2}."
        )
    return pd.Series(fold_roles(names, fold, folds), index=names)


def rated_tasks(dataset: Dataset, spec: RatedSpec) -> EpisodeManifest:
    """The users of the role in the order of their names, each ``draws`` times; the same spec and data give the same rows.

    Queries are as many for every number of shots: those left after ``n_shot``, −1 where there are fewer than ``n_query``. Raises BadInput
    where no user has enough ratings, or their times are wanted and not known.
    """
    rated = ratings_of(dataset)
    if spec.order == "time" and rated.time is None:
        raise BadInput(f"'{dataset.name}' does not say when ratings were given; choose the order random.")
    roles = user_roles(dataset, rated, spec.fold, spec.folds)
    users = dataset.instance_columns([rated.user])[rated.user].astype(str).to_numpy()
    times = (
        None if spec.order == "random" or rated.time is None else dataset.instance_columns([rated.time])[rated.time].to_numpy()
    )
    rows_of = by_user(users)
    names = [name for name in roles.index[roles == spec.role] if len(rows_of[name]) >= spec.n_shot + FEWEST_ASKED]
    if not names:
        raise BadInput(
            f"No {spec.role} user of '{dataset.name}' has {spec.n_shot + FEWEST_ASKED} ratings, {spec.n_shot} to learn from and {FEWEST_ASKED} to "
            "ask about; lower the shots."
        )
    shape = len(names) * spec.draws, 1
    support = np.zeros((*shape, spec.n_shot), dtype=np.int64)
    query = np.full((*shape, spec.n_query), -1, dtype=np.int64)
    generator = np.random.default_rng([spec.seed, spec.folds, spec.fold, ROLES.index(spec.role)])
    for e in range(len(support)):
        mine = generator.permutation(rows_of[names[e // spec.draws]])
        if times is not None:
            mine = mine[np.argsort(times[mine], kind="stable")]
        asked = mine[spec.n_shot : spec.n_shot + spec.n_query]
        support[e, 0], query[e, 0, : len(asked)] = mine[: spec.n_shot], asked
    owner = np.repeat(np.arange(len(names)), spec.draws)
    return EpisodeManifest(np.zeros(shape, dtype=np.int64), support, query, owner, tuple(names), dataset.fingerprint)


def by_user(users: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of each."""
    order = np.argsort(users, kind="stable")
    names, starts = np.unique(users[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
