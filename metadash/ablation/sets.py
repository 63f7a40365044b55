"""Which sources would do: the smallest set within the band of all, a set that beats all, and sources that say the same.

Left out one at a time, a source and its copy are both worth nothing; only sets tell. With v the value of a set (see :mod:`shapley`):

    shortfall of a set   v(all) − v(set)     it suffices where this is shown to be below the band's edge (non-inferiority), it is
                                             better than all where this is shown to be below its other edge
    twins s, t           v(s) − v(t) shown to lie within the band, v(st) − v(s) and v(st) − v(t) shown not to lie above it, though
                         v(s) − v(∅) and v(t) − v(∅) do (these two by the rule of the cards, for themselves: a pair that adds nothing
                         would say the same too, and nobody would care)

Sets are searched, so intervals are those that hold for all sets (for all pairs) at once, :mod:`simultaneous`: a set said to suffice
falls short by more than the band in at most 5 % of studies, however it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from metadash.ablation.values import Values
from metadash.specs.subsets import members
from metadash.stats.intervals import Interval, mean_over_seeds
from metadash.stats.multiple import simultaneous
from metadash.stats.scored import new_interval
from metadash.stats.shapley import together, weights_of

FEWEST = 8
"""Groups or classes below which nothing is shown of sets: so few do not show how skewed they are, and bounds hold less often than they say."""


@dataclass(frozen=True)
class SourceSet:
    """Some of the sources: ``gain`` over none and ``shortfall`` against all on what is new, bounds corrected for the search.

    ``gain`` is None of the empty set.
    """

    sources: tuple[str, ...]
    gain: Interval | None
    shortfall: Interval


@dataclass(frozen=True)
class Twins:
    """Sources of which any two say the same; ``alone`` what each adds by itself, in their order."""

    sources: tuple[str, ...]
    alone: tuple[Interval, ...]


@dataclass(frozen=True)
class SourceSets:
    """What the scored sets of ``sources`` say at ``shot`` labelled examples, against a band of ± ``rope``.

    ``smallest`` is the smallest set shown to suffice (of several that size, the most accurate; the others are ``instead``), or None;
    then ``candidate`` is the smallest that suffices by its estimate, not shown. ``needed``: every set without one of the sources is
    shown to fall short. ``better`` is the set shown to beat all by more than the band. ``twins`` are shown to say the same.
    ``total`` is v(all) − v(∅). ``looked`` sets of ``possible`` and ``pairs_looked`` pairs of ``pairs`` were scored; ``limited`` says
    why nothing can be said of what is new. ``decimals`` are those that values are told with.
    """

    sources: tuple[str, ...]
    shot: int
    rope: float
    total: Interval
    looked: int
    possible: int
    pairs_looked: int
    pairs: int
    smallest: SourceSet | None = None
    instead: tuple[tuple[str, ...], ...] = ()
    candidate: SourceSet | None = None
    needed: bool = False
    better: SourceSet | None = None
    twins: tuple[Twins, ...] = ()
    limited: str = ""
    decimals: int = 1

    @property
    def least(self) -> float:
        """What is said as nothing."""
        return 0.5 * 10**-self.decimals

    @property
    def unit(self) -> str:
        """What gains are counted in: ``points``."""
        return self.total.counted_in

    def twin_of(self, source: str) -> tuple[str, ...]:
        """Those that say the same as ``source``."""
        found = [name for one in self.twins if source in one.sources for name in one.sources]
        return tuple(dict.fromkeys(name for name in found if name != source))


def source_sets(values: Values, sources: Sequence[str], shot: int, rope: float | None = None) -> SourceSets | None:
    """None where there is one source only: then there is nothing to choose. Uses whatever sets were scored."""
    count, masks, names = len(sources), values.masks, tuple(sources)
    if count < 2:
        return None
    rope = values.metric.rope if rope is None else rope
    total = interval_of(values, together(count, masks), shot)
    proper = [mask for mask in masks if mask != 2**count - 1]
    pairs = [(s, t) for s, t in combinations(range(count), 2) if {1 << s, 1 << t, 1 << s | 1 << t} <= set(masks)]
    about = SourceSets(
        names,
        shot,
        rope,
        total,
        len(proper),
        2**count - 1,
        len(pairs),
        count * (count - 1) // 2,
        limited=total.note,
        decimals=values.metric.decimals,
    )
    if total.low is None:
        return about
    found = judged_sets(values, names, proper, about)
    twins = twins_of(values, names, pairs, shot, rope) if pairs and total.n >= FEWEST else ()
    return replace(about, **found, twins=twins)


def judged_sets(values: Values, names: tuple[str, ...], proper: list[int], about: SourceSets) -> dict:
    """The fields that are about sets."""
    full, rope = 2 ** len(names) - 1, about.rope
    short = intervals_of(values, [{full: 1.0, mask: -1.0} for mask in proper], about.shot, one_bound=True)
    shortfall = dict(zip(proper, short, strict=True))
    own = [mask for mask in proper if mask]
    gain = dict(zip(own, intervals_of(values, [{mask: 1.0, 0: -1.0} for mask in own], about.shot), strict=True))

    def told(mask: int) -> SourceSet:
        return SourceSet(members(mask, names), gain.get(mask), shortfall[mask])

    def order(mask: int) -> tuple[int, float, int]:
        """Fewest first, then the most accurate as far as anybody would tell, then in the order in which sources were named."""
        return mask.bit_count(), round(shortfall[mask].estimate, values.metric.decimals), mask

    sure = about.total.n >= FEWEST
    enough = sorted((mask for mask in proper if sure and upper(shortfall[mask]) <= rope), key=order)
    maybe = sorted((mask for mask in proper if shortfall[mask].estimate <= rope), key=order)
    beating = [mask for mask in proper if sure and upper(shortfall[mask]) < -rope]
    return {
        "smallest": told(enough[0]) if enough else None,
        "instead": tuple(members(mask, names) for mask in enough[1:] if mask.bit_count() == enough[0].bit_count()),
        "candidate": told(maybe[0]) if maybe and not enough else None,
        "needed": sure and about.looked == about.possible and all(lower(one) > rope for one in short),
        "better": told(min(beating, key=lambda mask: upper(shortfall[mask]))) if beating else None,
    }


def twins_of(values: Values, names: tuple[str, ...], pairs: list[tuple[int, int]], shot: int, rope: float) -> tuple[Twins, ...]:
    """Those of ``pairs`` that are shown to say the same; where any two of several do, they are told together."""
    rows: list[dict[int, float]] = []
    for s, t in pairs:
        one, other, both = 1 << s, 1 << t, 1 << s | 1 << t
        rows += [{one: 1.0, other: -1.0}, {both: 1.0, one: -1.0}, {both: 1.0, other: -1.0}]
    found = intervals_of(values, rows, shot)
    singles = sorted({s for pair in pairs for s in pair})
    alone = {s: interval_of(values, weights_of(values.masks, [{1 << s: 1.0, 0: -1.0}]), shot) for s in singles}
    same = {
        pair
        for pair, (apart, *beside) in zip(pairs, zip(*[iter(found)] * 3, strict=True), strict=True)
        if all(lower(alone[s]) > rope for s in pair)
        and -rope <= lower(apart) <= upper(apart) <= rope
        and all(upper(one) <= rope for one in beside)
    }
    return tuple(Twins(tuple(names[s] for s in some), tuple(alone[s] for s in some)) for some in cliques(same))


def cliques(pairs: set[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Whole circles of which any two are among ``pairs``, each pair told in one at least."""
    found: list[tuple[int, ...]] = []
    for s, t in sorted(pairs):
        if any(s in some and t in some for some in found):
            continue
        some = [s, t]
        for other in sorted({name for pair in pairs for name in pair}):
            if other not in some and all((min(other, one), max(other, one)) in pairs for one in some):
                some.append(other)
        found.append(tuple(sorted(some)))
    return found


def intervals_of(values: Values, rows: Sequence[dict[int, float]], shot: int, one_bound: bool = False) -> list[Interval]:
    """Of contrasts of sets, all of which hold at once."""
    effects = values.effects(weights_of(values.masks, rows), shot)
    return simultaneous(effects.mean(axis=1), values, one_bound=one_bound)


def interval_of(values: Values, weights: np.ndarray, shot: int) -> Interval:
    """Of one contrast that nobody searched for."""
    return new_interval(mean_over_seeds(values.effects(weights, shot)[0]), values)


def upper(interval: Interval) -> float:
    return np.inf if interval.high is None else interval.high


def lower(interval: Interval) -> float:
    return -np.inf if interval.low is None else interval.low
