"""Splits for cross-fitting: classes, in whole groups, rotate through test, so that each is a test class in exactly one of K folds.

A fold is a split that is worked out, not stored: its name, such as ``fold-2-of-5``, says all that decides it beside the data.
"""

import re

import numpy as np
import pandas as pd

from metadash.errors import BadInput

SEED = 0
MOST_FOLDS = 20
VALIDATION = 4
"""One in so many of the classes that are not tested validates."""

NAME = re.compile(r"fold-(\d+)-of-(\d+)")


def fold_name(fold: int, folds: int) -> str:
    """``fold`` counts from 1."""
    return f"fold-{fold}-of-{folds}"


def read_fold(name: str) -> tuple[int, int] | None:
    """(fold, folds) of such a name; None for any other name, and for one that counts wrongly."""
    found = NAME.fullmatch(name)
    fold, folds = map(int, found.groups()) if found else (0, 0)
    return (fold, folds) if 1 <= fold <= folds and 2 <= folds <= MOST_FOLDS else None


def fold_roles(groups: pd.Series, fold: int, folds: int) -> np.ndarray:
    """Roles [C] of one fold: a group's classes stay together, and groups are dealt out largest first.

    So every fold tests as many large groups (of which alone tasks of siblings can be drawn) as any other, give or take one; of the rest,
    one group in four validates, of every size again. A class without a group is one by itself. ``groups`` [C]. Raises BadInput
    where there are too few groups for that.
    """
    unit = groups.map(str).where(groups.notna(), [f"class {c} alone" for c in range(len(groups))])
    sizes = unit.value_counts().sort_index()
    if len(sizes) < folds + 2:
        todo = (
            f"lower the folds to {len(sizes) - 2} or less" if len(sizes) >= 4 else "choose 0 folds, which is the split as it is"
        )
        raise BadInput(
            f"Cross-fitting in {folds} folds needs at least {folds + 2} groups of classes, and there are {len(sizes)}; {todo}."
        )
    hand = dealt(sizes, folds, np.random.default_rng([SEED, folds]))
    rest = sizes[hand != fold]
    validates = dealt(rest, min(VALIDATION, len(rest)), np.random.default_rng([SEED, folds, fold])) == 1
    if validates.sum() < 2 and rest.max() == 1 and len(rest) >= 4:  # few classes, each by itself: two of them make a task
        validates = dealt(rest, len(rest) // 2, np.random.default_rng([SEED, folds, fold])) == 1
    role = pd.Series("test", index=sizes.index)
    role[rest.index] = np.where(validates, "validation", "train")
    return unit.map(role).to_numpy()


def dealt(sizes: pd.Series, hands: int, generator: np.random.Generator) -> np.ndarray:
    """The hand 1..hands that each group falls to: block by block from the largest on, so that all have groups of every size."""
    order = generator.permutation(len(sizes))
    order = order[np.argsort(-sizes.to_numpy()[order], kind="stable")]
    blocks = [generator.permutation(hands) + 1 for _ in range(-(-len(sizes) // hands))]
    hand = np.empty(len(sizes), dtype=int)
    hand[order] = np.concatenate(blocks)[: len(sizes)]
    return hand
