"""How many of the groups (or classes) at hand gain more than the practical threshold, lose more, or neither: the plain fact beside an interval."""

from dataclasses import dataclass

import numpy as np

from metadash.stats.words import count, plural


@dataclass(frozen=True)
class GroupShare:
    """Of ``n`` groups ``above`` gain more than ``rope`` ``unit``, ``below`` lose more, the rest neither. Each by its own mean over the episodes at
    hand, noise and all: it describes these groups, and decides nothing."""

    above: int
    below: int
    n: int
    rope: float
    unit: str = "points"

    @property
    def inside(self) -> int:
        return self.n - self.above - self.below

    def words(self, noun: str) -> str:
        """``24 of 28 letters gain more than half a point``, or lose, whichever are more."""
        lose = self.below > self.above
        most = self.below if lose else self.above
        verb = ("lose" if lose else "gain") + ("s" if most == 1 else "")
        nouns = plural(noun) if self.n != 1 else noun
        if most == self.n > 1:
            return f"all {count(self.n)} {nouns} {verb} more than {amount(self.rope, self.unit)}"
        return f"{count(most) if most else 'none'} of {count(self.n)} {nouns} {verb} more than {amount(self.rope, self.unit)}"


def share_of_groups(differences: np.ndarray, group: np.ndarray, rope: float, unit: str = "points") -> GroupShare:
    """``differences`` [E] in ``unit``, ``group`` [E] the group each task was drawn within. Raises ValueError where the two do not fit."""
    values, group = np.asarray(differences, float), np.asarray(group)
    if values.ndim != 1 or values.shape != group.shape or not len(values):
        raise ValueError(f"Each difference needs its group; got {values.shape} and {group.shape}.")
    _, code = np.unique(group, return_inverse=True)
    means = np.bincount(code, weights=values) / np.bincount(code)
    return GroupShare(int((means > rope).sum()), int((means < -rope).sum()), len(means), float(rope), unit)


def amount(rope: float, unit: str = "points") -> str:
    """``half a point``, ``a point``, ``0.3 points``, ``0.3 years less``."""
    said = {0.5: "half a point", 1.0: "a point"} if unit == "points" else {}
    return "nothing" if not rope else said.get(float(rope), f"{rope:g} {unit}")
