"""Given tasks: one owner (a user, a site, a patient) is one task, and what there is of its labelled examples is what is known.

Nothing is drawn but which examples are learned from and which are asked about. What would be new is the owner, so train, validation
and test share no owner, and classes (like and dislike, say) stay the same; an owner's task stands in ``group``, by which intervals
for what is new already go.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Dataset
from metadash.data.splits import split_by_group
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked, OneOf

NOBODY = -1
"""The row that fills up where a class of an owner has fewer examples than another."""


@dataclass(frozen=True)
class GivenSpec(Checked):
    """The tasks of the owners of one role, ``column`` being the column of instances that names the owner.

    ``n_way`` classes each (an owner with more is asked about some of them), at most ``n_shot`` support examples and ``n_query`` queries
    of each class, by ``seed``; ``split_seed`` deals the owners to the roles.
    """

    column: str
    role: Annotated[str, OneOf(ROLES)] = "test"
    n_way: Annotated[int, Between(2, 1000)] = 2
    n_shot: Annotated[int, Between(1, 1000)] = 5
    n_query: Annotated[int, Between(1, 1000)] = 15
    split_seed: Annotated[int, Between(0, SEED)] = 0
    seed: Annotated[int, Between(0, SEED)] = 0


def owner_roles(dataset: Dataset, column: str, seed: int) -> pd.Series:
    """The role of each owner, by name. Raises BadInput where there are fewer than three owners, or instances without one."""
    owners = dataset.instance_columns([column])[column]
    if owners.isna().any():
        raise BadInput(f"Instance {int(owners.isna().argmax())} has no {column}; a task needs to know whose each example is.")
    names = pd.Series(np.sort(owners.astype(str).unique()))
    if len(names) < 3:
        raise BadInput(f"The column '{column}' names {len(names)} owners; train, validation and test need one each.")
    return pd.Series(split_by_group(names, seed), index=names)


def given_tasks(dataset: Dataset, spec: GivenSpec) -> EpisodeManifest:
    """One episode an owner of the role, in the order of their names; the same spec and data give the same rows.

    Of a class's examples, in random order, the first are learned from and the rest asked about, at least one of each. Classes have as
    many as they have: what is missing to the largest is filled up by ``NOBODY``. Raises BadInput for an owner who has examples of too
    few classes, and names it.
    """
    roles = owner_roles(dataset, spec.column, spec.split_seed)
    names = roles.index[roles == spec.role].tolist()
    owners = dataset.instance_columns([spec.column])[spec.column].astype(str).to_numpy()
    shape = len(names), spec.n_way
    classes = np.zeros(shape, dtype=np.int64)
    support, query = (np.full((*shape, k), NOBODY, dtype=np.int64) for k in (spec.n_shot, spec.n_query))
    generator = np.random.default_rng(spec.seed)
    for e, name in enumerate(names):
        rows = generator.permutation(np.flatnonzero(owners == name))
        known, counts = np.unique(dataset.class_of[rows], return_counts=True)
        usable = known[counts >= 2]
        if len(usable) < spec.n_way:
            raise BadInput(
                f"The {spec.column} '{name}' has two examples or more, one to learn from and one to ask about, of {len(usable)} classes; "
                f"a task needs {spec.n_way}. Lower n_way, or leave the {spec.column} out."
            )
        chosen = np.sort(generator.choice(usable, spec.n_way, replace=False))
        classes[e] = chosen
        for n, identity in enumerate(chosen):
            mine = rows[dataset.class_of[rows] == identity]
            shown = min(spec.n_shot, len(mine) - 1)
            asked = mine[shown : shown + spec.n_query]
            support[e, n, :shown], query[e, n, : len(asked)] = mine[:shown], asked
    return EpisodeManifest(classes, support, query, np.arange(len(names)), tuple(names), dataset.fingerprint)
