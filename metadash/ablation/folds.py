"""A cross-fitted ablation fold by fold: each fold has its own classes and its own backbone, so what they say apart is worth a look."""

from dataclasses import dataclass, replace

import numpy as np

from metadash.ablation.values import Values
from metadash.specs.subsets import SourceArm
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, with_intervals
from metadash.stats.shapley import leave_one_out, together
from metadash.stats.shots import fewest_shots


@dataclass(frozen=True)
class FoldPart:
    """One fold at the fewest shots: what all sources add together and each beside the others (in the order asked), and the
    mean without metadata, over its own episodes."""

    split: str
    n_episodes: int
    n_classes: int
    n_groups: int | None
    plain: Interval
    total: Difference
    delta: tuple[Difference, ...]


def fold_parts(values: Values, splits: list[str], count: int, rope: float) -> tuple[FoldPart, ...]:
    """Empty where the values are of one split. ``count`` sources."""
    parts: list[FoldPart] = []
    if not values.folds:
        return ()
    for split, episodes in zip(splits, values.fold_parts, strict=True):
        part = of_episodes(values, episodes)
        shot = fewest_shots(part.shots)
        total, *delta = part.effects(np.vstack([together(count, part.masks), leave_one_out(count, part.masks)]), shot)
        groups = None if part.group is None else len(np.unique(part.group))
        plain, _ = part.mean(SourceArm(0), shot)
        parts.append(
            FoldPart(
                split,
                len(part.manifest),
                len(np.unique(part.manifest.classes)),
                groups,
                plain,
                with_intervals(total, part, shot, rope),
                tuple(with_intervals(one, part, shot, rope) for one in delta),
            )
        )
    return tuple(parts)


def of_episodes(values: Values, episodes: slice) -> Values:
    """The same arms on some of the episodes."""
    return replace(values, totals=values.totals[..., episodes], manifest=values.manifest[episodes], folds=())
