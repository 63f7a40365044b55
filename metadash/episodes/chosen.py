"""A task made of instances that a person pointed at: their classes, told apart by their examples."""

from collections.abc import Sequence

import numpy as np

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput

MOST_WAYS = 100
"""Classes of a task made by hand."""
MOST_QUERIES = 15
"""Of a class."""


def classes_of(dataset: Dataset, rows: Sequence[int]) -> list[int]:
    """The classes of some rows, each once, in the order in which they come."""
    return list(dict.fromkeys(dataset.class_of[list(rows)].tolist()))


def condition_of(classes: Sequence[int]) -> str:
    """What would follow WHERE for exactly these classes.

    >>> condition_of([7, 3])
    'class_id IN (3, 7)'
    """
    return f"class_id IN ({', '.join(map(str, sorted(set(classes))))})"


def episode_of_rows(
    dataset: Dataset, rows: Sequence[int], n_shot: int, split: str, role: str = "test", seed: int = 0
) -> tuple[EpisodeManifest, EpisodeSpec]:
    """One episode over the classes of ``rows``: of each class the first ``n_shot`` of its rows are support, the next are queries.

    Every class is asked as many queries as the class with most rows has left (at least one, at most ``MOST_QUERIES``); a class with fewer
    is filled up with other instances of it by ``seed``, and where it has no more, all are asked fewer. Returns it with the spec of its
    pool, these classes. Raises BadInput for fewer than two classes, for more than ``MOST_WAYS``, and for a class with too few instances.
    """
    classes = classes_of(dataset, rows)
    if not 2 <= len(classes) <= MOST_WAYS:
        raise BadInput(f"A task tells 2 to {MOST_WAYS} classes apart, and these instances are of {len(classes)}; choose others.")
    chosen = np.array(list(dict.fromkeys(map(int, rows))))
    own = [chosen[dataset.class_of[chosen] == c] for c in classes]
    wanted = min(max(1, max(map(len, own)) - n_shot), MOST_QUERIES)
    filled = []
    for c, picked in zip(classes, own, strict=True):
        others = np.setdiff1d(np.flatnonzero(dataset.class_of == c), picked)
        filled.append(np.concatenate([picked, np.random.default_rng([seed, c]).permutation(others)])[: n_shot + wanted])
    n_query = min(map(len, filled)) - n_shot
    if n_query < 1:
        short = classes[int(np.argmin([len(part) for part in filled]))]
        raise BadInput(
            f"Class '{dataset.classes['class_name'][short]}' has {min(map(len, filled))} instances, and a task of {n_shot} examples asks for one "
            "more; leave it out."
        )
    table = np.stack([part[: n_shot + n_query] for part in filled])[None]
    manifest = EpisodeManifest(
        np.array([classes]), table[:, :, :n_shot].copy(), table[:, :, n_shot:].copy(), np.array([-1]), (), dataset.fingerprint
    )
    spec = EpisodeSpec(Pool(split, role, condition_of(classes)), len(classes), n_shot, n_query, "uniform", seed=seed)
    return manifest, spec
