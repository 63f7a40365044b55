"""What one subset of the sources gives: its accuracy, and how far that is from no metadata and from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from metadash.ablation.result import Ablation
from metadash.specs.subsets import SourceArm
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, with_intervals


@dataclass(frozen=True)
class SubsetValue:
    """v(S) in the metric's unit at ``shot`` for these test classes and for new ones, and paired differences."""

    shot: int
    episodes: Interval
    new_classes: Interval
    more_than_none: Difference
    less_than_all: Difference


def subset_values(found: Ablation, sources: Sequence[str]) -> list[SubsetValue]:
    """At every number of shots. Raises BadInput where the subset was not scored."""
    values, spec = found.values, found.spec
    mask = sum(1 << spec.sources.index(name) for name in sources)
    rows = []
    for shot in values.shots:
        inside, new = found.mean(sources, shot)
        none, every = (
            with_intervals(values.difference(SourceArm(mask), SourceArm(other), shot), values, shot, spec.rope)
            for other in (0, 2 ** len(spec.sources) - 1)
        )
        rows.append(SubsetValue(shot, inside, new, none, every))
    return rows
