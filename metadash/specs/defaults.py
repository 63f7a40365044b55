"""Numbers of tasks that a data set can serve: the usual ones where they fit, the largest that do where they do not.

What a person chose is kept, whether it fits or not: ``metadash.specs.check`` says what does not. What was left open is fitted around it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Dataset
from metadash.data.folds import fold_name
from metadash.data.sql.query import select_ids
from metadash.episodes.deals import Deals
from metadash.errors import BadInput, nearest
from metadash.specs.run import BackboneSpec, Evaluation, usual_ways

USUAL, USUAL_BACKBONE = Evaluation(), BackboneSpec("any", "any")
TASK_PIXELS = 2**21
"""Of a backbone's training task: 120 images of up to 132 × 132, 32 of 256 × 256. Time and memory (about 1 GB of Conv-4) go with them."""


@dataclass(frozen=True)
class Fitting:
    """``n_way``, ``shots``, ``n_query`` and ``ways`` of an Evaluation; ``backbone`` holds n_way, n_shot and n_query of its backbone's
    training tasks. ``smallest`` is the number of examples of the smallest class that tasks may draw, ``fewest`` that of the classes
    of the role that has fewest (within one group, where tasks are drawn within groups)."""

    n_way: int
    shots: tuple[int, ...]
    n_query: int
    backbone: dict[str, int]
    smallest: int
    fewest: int

    @property
    def ways(self) -> tuple[int, ...]:
        return usual_ways(self.n_way)

    @property
    def evaluation(self) -> dict[str, int | tuple[int, ...]]:
        return {"n_way": self.n_way, "shots": self.shots, "n_query": self.n_query, "ways": self.ways}

    @property
    def usual(self) -> bool:
        return (self.n_way, self.shots, self.n_query) == (USUAL.n_way, USUAL.shots, USUAL.n_query)

    @property
    def note(self) -> str:
        """One sentence of what is not as usual and why, for whoever chose none of it; empty where all is."""
        if self.usual:
            return ""
        shots = (
            " or ".join([", ".join(map(str, self.shots[:-1])), str(self.shots[-1])])
            if len(self.shots) > 1
            else str(self.shots[0])
        )
        return (
            f"Tasks are fitted to this data set ({self.smallest} examples in the smallest class, {self.fewest} classes to choose from where "
            f"there are fewest): {self.n_way}-way, {shots} shot{'s' * (self.shots[-1] != 1)}, {self.n_query} "
            f"quer{'ies' if self.n_query > 1 else 'y'} a class."
        )


def fitting(
    dataset: Dataset,
    split: str | Sequence[str],
    strategy: str = "uniform",
    column: str | None = None,
    *,
    where: str | None = None,
    n_way: int | None = None,
    shots: Sequence[int] | None = None,
    n_query: int | None = None,
) -> Fitting:
    """Numbers that fit every role of a split (or of several, as the folds of cross-fitting are); those given are kept.

    ``strategy`` and ``column`` as an EpisodeSpec's; ``where`` narrows the test classes. A pure function of the data set and its
    arguments. Raises BadInput for a split or column that is not there and for a condition that is none.
    """
    splits = [dataset.split(name) for name in ([split] if isinstance(split, str) else split)]
    chosen = None if not where else select_ids(dataset.database, "classes", where)
    pools = [
        roles[role] if role != "test" or chosen is None else np.intersect1d(roles[role], chosen)
        for roles in splits
        for role in ROLES
    ]
    counts = np.bincount(dataset.class_of, minlength=len(dataset.classes))
    group = group_of(dataset, strategy, column)
    fewest = min((most_together(pool, group) for pool in pools), default=0)
    ways = n_way or int(np.clip(fewest, 2, USUAL.n_way))
    drawable = np.unique(np.concatenate([usable(pool, group, ways) for pool in pools]))
    smallest = int(counts[drawable].min()) if len(drawable) else 0
    plans = plans_of(smallest, shots, n_query)
    plan = next(plans)
    if strategy == "disjoint" and column:
        served = deals_of(dataset, column, drawable, ways)
        while not served.serve(max(plan[0]), plan[1]) and (less := next(plans, None)):
            plan = less
    return Fitting(ways, *plan, backbone_numbers(splits, counts, dataset.inputs.shape[1:]), smallest, fewest)


def fitting_folds(
    dataset: Dataset,
    strategy: str = "uniform",
    column: str | None = None,
    *,
    n_way: int = USUAL.n_way,
    choices: Sequence[int] = (5, 3),
) -> int:
    """In how many folds to cross-fit: the first of ``choices`` that leaves every role of every fold ``n_way`` classes for a task, else the
    first that leaves it as many as can be had; 0 where not even two are left. Raises BadInput for a column that is not there."""
    group = group_of(dataset, strategy, column)
    found = {}
    for folds in choices:
        try:
            splits = [dataset.split(fold_name(fold + 1, folds)) for fold in range(folds)]
        except BadInput:  # too few groups of classes
            continue
        found[folds] = min(n_way, *(most_together(members, group) for roles in splits for members in roles.values()))
    best = max(found.values(), default=0)
    return next(folds for folds, ways in found.items() if ways == best) if best >= 2 else 0


def group_of(dataset: Dataset, strategy: str, column: str | None) -> np.ndarray | None:
    """[C] the group within which tasks of siblings are drawn, −1 without one; None for other tasks."""
    if strategy != "siblings":
        return None
    if column not in dataset.classes:
        raise BadInput(
            f"The table classes has no column '{column}'{nearest(str(column), map(str, dataset.classes.columns), known='it has')}"
        )
    return pd.factorize(dataset.classes[column])[0]


def most_together(pool: np.ndarray, group: np.ndarray | None) -> int:
    """How many classes of a pool a task can hold at most."""
    if group is None:
        return len(pool)
    return int(np.bincount(group[pool][group[pool] >= 0], minlength=1).max())


def usable(pool: np.ndarray, group: np.ndarray | None, n_way: int) -> np.ndarray:
    """The classes of a pool that a task may draw."""
    if group is None:
        return pool
    own = group[pool]
    size = np.bincount(own[own >= 0], minlength=1)
    return pool[(own >= 0) & (size[np.maximum(own, 0)] >= n_way)]


def plans_of(smallest: int, shots: Sequence[int] | None, n_query: int | None) -> Iterator[tuple[tuple[int, ...], int]]:
    """(shots, queries) that a class of ``smallest`` examples can serve, the largest first; of few examples, about half are for asking."""
    most = max(shots or USUAL.shots) + (n_query or USUAL.n_query)
    for total in range(max(2, min(smallest, most)), 1, -1):
        limit = total - n_query if n_query else total // 2
        own = tuple(shots) if shots else tuple(shot for shot in USUAL.shots if shot <= limit) or USUAL.shots[:1]
        yield own, n_query or int(np.clip(total - max(own), 1, USUAL.n_query))


def backbone_numbers(splits: Sequence[dict[str, np.ndarray]], counts: np.ndarray, shape: Sequence[int]) -> dict[str, int]:
    """Uniform tasks of all training classes; it is stopped on tasks of all validation classes. Of images (``shape`` of one) a task has
    fewer queries, then fewer ways, where it would have more than ``TASK_PIXELS``."""
    classes = min(len(roles["train"]) for roles in splits)
    seen = np.unique(np.concatenate([roles[role] for roles in splits for role in ("train", "validation")]))
    examples = int(counts[seen].min()) if len(seen) else 0
    n_way, n_shot = int(np.clip(classes, 2, USUAL_BACKBONE.n_way)), USUAL_BACKBONE.n_shot
    n_query = int(np.clip(examples - n_shot, 1, USUAL_BACKBONE.n_query))
    if len(shape) > 1:
        images = TASK_PIXELS // (shape[0] * shape[1])
        n_query = int(np.clip(images // n_way - n_shot, 1, n_query))
        n_way = int(np.clip(images // (n_shot + n_query), 2, n_way))
    return {"n_way": n_way, "n_shot": n_shot, "n_query": n_query}


def deals_of(dataset: Dataset, column: str, classes: np.ndarray, n_way: int) -> Deals:
    rows = np.isin(dataset.class_of, classes)
    value = pd.factorize(dataset.instance_columns([column])[column][rows], use_na_sentinel=False)[0]
    return Deals(np.searchsorted(classes, dataset.class_of[rows]), value, len(classes), n_way)
