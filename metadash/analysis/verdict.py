"""From an interval to a verdict: helps, hurts, makes no practical difference, cannot tell yet.

The rule is a region of practical equivalence (ROPE), by default ± 0.5 percentage points: an effect inside it is too small for
anybody to act on. The interval decides alone (Kruschke, Adv. Methods Pract. Psychol. Sci. 2018; Benavoli et al., JMLR 2017):
wholly above the region helps, wholly below hurts, wholly inside is equivalence, anything else is undetermined. So
+1.4 [0.3, 2.5] is "cannot tell yet", significant though it is: it may still be a difference that does not matter. Of −0.4 [−0.9, 0.1]
the reason says what is known all the same: no gain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.special import stdtr, stdtrit

from metadash.analysis.intervals import Interval
from metadash.analysis.words import about, count, points

ROPE = 0.5  # percentage points
WORTH_SAYING = 10_000_000  # "about 10 million more" is no advice any more
TIMES_WORTH_SAYING = 20  # nor is "13 000 more letters" to somebody who has eleven; only episodes can be drawn at will
PLURAL = {"episode": "episodes", "class": "test classes", "group": "groups", "seed": "seeds"}


class Verdict(Enum):
    """The four answers; the value is the mark that stands beside the colour."""

    HELPS = "▲"
    HURTS = "▼"
    EQUIVALENT = "="
    UNDETERMINED = "?"


@dataclass(frozen=True)
class Decision:
    """A verdict and, when it is undetermined, about how many ``more`` of the interval's ``unit`` would decide.

    ``more`` is None when the verdict stands, or when no number worth saying would settle it (the estimate lies on the edge of the
    region). ``reason`` is the sentence for the page.
    """

    verdict: Verdict
    unit: str
    more: int | None = None
    reason: str = ""

    @property
    def more_episodes(self) -> int | None:
        """About how many more episodes would decide; None when they cannot: classes, groups or seeds are what is scarce."""
        return self.more if self.unit == "episode" else None


def decide(interval: Interval, rope: float = ROPE) -> Decision:
    """The verdict on ``interval`` with a region of ± ``rope`` points.

    "How many more" takes the estimate as it stands and lets the interval shrink as t / sqrt(n): an order of magnitude to plan by.
    """
    if not rope >= 0:
        raise ValueError(f"The region of practical equivalence is a half-width in points, 0 or more; got {rope}.")
    low, high, unit = interval.low, interval.high, interval.unit
    if low is None or high is None:
        more = max(interval.needed - interval.n, 1) if interval.needed is not None else None
        return Decision(Verdict.UNDETERMINED, unit, more, f"Cannot tell yet: {interval.note or 'there is no interval'}.")
    if low > rope:
        return Decision(Verdict.HELPS, unit)
    if high < -rope:
        return Decision(Verdict.HURTS, unit)
    if -rope <= low and high <= rope:
        return Decision(Verdict.EQUIVALENT, unit)
    more = _how_many_more(interval, rope)
    covers = points(interval.estimate, low, high).split(" points ")[1]
    half = " whether it is a loss, only that it is no gain" if high <= rope else ""
    reason = f"Cannot tell yet{half}: the interval {covers} covers both."
    if more is not None:
        reason += f" About {count(more)} more {PLURAL.get(unit, unit) if more != 1 else unit} would decide."
    return Decision(Verdict.UNDETERMINED, unit, more, reason)


def _how_many_more(interval: Interval, rope: float) -> int | None:
    """Smallest n' > n with t(n') / t(n) * sqrt(n / n') * reach <= distance to the nearest edge of the region, less n."""
    assert interval.low is not None and interval.high is not None
    room = abs(abs(interval.estimate) - rope)
    down, up = interval.estimate - interval.low, interval.high - interval.estimate  # not alike where groups are skewed
    reach = down if interval.estimate > rope else up if interval.estimate < -rope else max(down, up)
    limit = WORTH_SAYING if interval.unit == "episode" else TIMES_WORTH_SAYING * interval.n
    if room == 0 or interval.n * (reach / room) ** 2 > limit:
        return None
    enough = interval.n * (reach / room) ** 2
    if interval.df is not None:  # few units: the t quantile shrinks too; a fixed point in a few rounds
        quantile = 0.5 + interval.level / 2
        now, start = stdtrit(interval.df, quantile), enough
        for _ in range(20):
            df = max(interval.df * enough / interval.n, interval.df)
            enough = max(start * float(stdtrit(df, quantile) / now) ** 2, interval.n + 1)
    return about(max(math.ceil(enough) - interval.n, 1))


def p_value(interval: Interval, against: float = 0.0) -> float | None:
    """Two-sided p of "the true difference is ``against`` points", from the interval's own t; None where there is no interval."""
    t = interval.t(against)
    return None if t is None else float(2 * stdtr(interval.df, -abs(t)))


def p_claim(interval: Interval, rope: float = ROPE) -> float | None:
    """Two-sided p of the claim that the estimate makes, against the edges of the region; None where there is no interval.

    Outside the region the claim is "beyond it" (better, worse), against the edge next to it; inside it "within it" (no practical
    difference), against both: two one-sided tests, Schuirmann 1987, doubled. Below 0.05 exactly where :func:`decide` decides by the
    95 % interval.
    """
    edges = {math.copysign(rope, interval.estimate)} if abs(interval.estimate) > rope else {rope, -rope}
    found = [p for edge in edges if (p := p_value(interval, edge)) is not None]
    return max(found, default=None)


def corrected(intervals: Sequence[Interval], rope: float = ROPE, level: float = 0.05) -> list[Verdict]:
    """What still holds of each interval's verdict when all are decided together, by Holm's adjustment of their claims' p-values.

    The claims *better or worse* are one family and the claims *no practical difference* another: in each, the chance of any false
    claim is at most ``level``. One interval alone keeps the verdict of :func:`decide`; without an interval nothing can be told.
    """
    found = [p_claim(interval, rope) for interval in intervals]
    beyond = [abs(interval.estimate) > rope for interval in intervals]
    verdicts = [Verdict.UNDETERMINED] * len(intervals)
    told = [index for index, p in enumerate(found) if p is not None]
    for outside in (True, False):
        claims = [p if beyond[i] is outside else 1.0 for i, p in enumerate(found) if p is not None]
        for index, p in zip(told, holm(claims), strict=True):
            if p < level and beyond[index] is outside:
                better = Verdict.HELPS if intervals[index].estimate > 0 else Verdict.HURTS
                verdicts[index] = better if outside else Verdict.EQUIVALENT
    return verdicts


def chance_above(interval: Interval, threshold: float = ROPE) -> float | None:
    """How probable it is that the true difference exceeds ``threshold`` points: the part of the interval's t distribution above it
    (a posterior probability under a flat prior). None where there is no interval."""
    t = interval.t(threshold)
    return None if t is None else float(stdtr(interval.df, t))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment for k hypotheses tested together [k] (Holm, Scand. J. Statist. 1979).

    The i-th smallest p is multiplied by k - i (from i = 0), made non-decreasing and capped at 1. Controls the chance of any false
    claim, whatever the dependence between the tests.
    """
    p = np.asarray(p_values, float)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p-values must be one row of numbers between 0 and 1; got {p_values}.")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted
