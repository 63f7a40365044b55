"""Splits over classes: meta-train, meta-validation and meta-test share no class, and no group of classes either."""

import numpy as np
import pandas as pd

from metadash.errors import BadInput

FEWEST_GROUPS = 3
"""One to train, validate and test on each."""
FEWEST_CLASSES, MOST_OF_FEW = 2, 9
"""Of up to so many classes, each a group by itself, every role gets two: with one there is no task to validate on."""
FRACTIONS = (0.45, 0.15, 0.40)
"""Train, validation, test. Test is large because the interval for new classes counts test *groups*."""


def split_by_group(
    groups: pd.Series, seed: int, *, large: int = 5, fractions: tuple[float, float, float] = FRACTIONS
) -> np.ndarray:
    """Give each class a role so that all classes of a group share it.

    Groups of at least ``large`` classes are dealt out separately from the small ones, so that every role has its share of the
    groups from which sibling tasks can be drawn (all together where either kind is too rare for that). Every role gets at least
    one group. ``groups`` [C], returns roles [C]. Raises BadInput with fewer than three groups, or a class without one.
    """
    if groups.isna().any():
        raise BadInput(f"Class {int(groups.isna().argmax())} has no group in this column; a split needs one for every class.")
    if groups.dtype.kind == "M" and not isinstance(groups.dtype, pd.ArrowDtype):
        groups = groups.astype(
            "int64"
        )  # in the same order; dates beyond the calendar of Python cannot be compared with those within it
    sizes = groups.value_counts()
    if len(sizes) < FEWEST_GROUPS:
        raise BadInput(
            f"A split needs at least 3 groups of classes, one to train, validate and test on each; this column has {len(sizes)}, so bring "
            "more classes."
        )
    generator = np.random.default_rng(seed)
    role: dict[object, str] = {}
    kinds = [sizes.index[sizes >= large], sizes.index[sizes < large]]
    for members in kinds if min(map(len, kinds)) >= 3 else [sizes.index]:
        names = generator.permutation(np.sort(members.to_numpy().astype(object)))
        first, second = np.round(np.cumsum(fractions)[:2] * len(names)).astype(int)
        least = FEWEST_CLASSES if len(groups) == len(sizes) <= MOST_OF_FEW and len(sizes) >= 3 * FEWEST_CLASSES else 1
        first = np.clip(first, least, len(names) - 2 * least)
        second = np.clip(second, first + least, len(names) - least)
        role |= {name: "train" if i < first else "validation" if i < second else "test" for i, name in enumerate(names)}
    return groups.map(role).to_numpy()


def table_of(splits: dict[str, np.ndarray]) -> pd.DataFrame:
    """Named splits (roles [C] each) as the rows (split, class_id, role) that a data set stores."""
    return pd.concat(
        [pd.DataFrame({"split": name, "class_id": np.arange(len(roles)), "role": roles}) for name, roles in splits.items()],
        ignore_index=True,
    )
