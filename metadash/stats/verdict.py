"""From intervals to decisions, the one rule of every page, report, verb and file: how sure is it that something helps, hurts, or makes
no practical difference?

The region of practical equivalence (ROPE), by default ± 0.5 percentage points of accuracy (of another metric what it says), holds what is too small for anybody to act on (Kruschke,
Adv. Methods Pract. Psychol. Sci. 2018; Benavoli et al., JMLR 2017). An effect makes the one claim that its estimate makes: above the
region *helps*, below *hurts*, inside *no practical difference*. How surely, its interval for what is new says:

====================  ==========================================  ======================================================
grade                 chance of the claim                         words
====================  ==========================================  ======================================================
certain               at least 97.5 %: the 95 % interval lies     helps, hurts, makes no practical difference
                      wholly beyond (within) the region
very likely           at least 90 %                               very likely helps, …
probably              at least 75 %                               probably helps, …
undetermined          less                                        cannot tell yet
====================  ==========================================  ======================================================

Effects *tested together* are graded by chances that Holm (Scand. J. Statist. 1979) has lowered, for the claims *better or worse* and for
*no practical difference* each as a family: so if every effect lies exactly on the edge of the region, then among all of them any *helps*
comes out in at most 2.5 %, any *very likely helps* or more in 10 %, any *probably helps* or more in 25 % (measured with
groups skewed as an exponential: 4, 13 and 28 %). Where falsified rows were trained too, the gain over them must lie above the region as surely as the gain itself, for any *helps* of any grade. Few groups know their
own tails badly: see :func:`tempered` and :func:`highest`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY
from metadash.stats.words import about, count, likelihood

ROPE = ACCURACY.rope
WORTH_SAYING = 10_000_000  # "about 10 million more" is no advice any more
TIMES_WORTH_SAYING = 20  # nor is "13 000 more letters" to somebody who has eleven; only episodes can be drawn at will
PLURAL = {"episode": "episodes", "class": "test classes", "group": "groups", "seed": "seeds"}
TAIL = 0.025
FAR = 8
"""How fast doubts below 2.5 % may shrink with n groups: as their power n / (n + 8). Measured (docs/calibration.md): with eight effects exactly on the
edge of the region, groups skewed as an exponential, any false *helps* then comes out in at most 4 % from 8 groups up (without: 9 %)."""
FEWEST_PROBABLY, FEWEST_CERTAIN = 6, 8
"""Groups: below the first no grade above *probably* is given, below the second none above *very likely*."""


class Verdict(Enum):
    """The four answers; the value is the mark that stands beside the colour."""

    HELPS = "▲"
    HURTS = "▼"
    EQUIVALENT = "="
    UNDETERMINED = "?"


class Grade(IntEnum):
    """How sure a decision is; the higher the surer."""

    UNDETERMINED = 0
    PROBABLY = 1
    VERY_LIKELY = 2
    CERTAIN = 3


LEAST = {Grade.CERTAIN: 1 - TAIL, Grade.VERY_LIKELY: 0.9, Grade.PROBABLY: 0.75}
"""The least chance of each grade, surest first."""

Limit = Literal["", "no interval", "interval", "control", "together", "few"]
"""What keeps a decision from being certain: the interval itself, the gain over falsified rows, what it was tested together with, few groups."""

SURELY = {Grade.CERTAIN: "", Grade.VERY_LIKELY: "very likely ", Grade.PROBABLY: "probably ", Grade.UNDETERMINED: ""}
CLAIMS = {
    Verdict.HELPS: "helps",
    Verdict.HURTS: "hurts",
    Verdict.EQUIVALENT: "makes no practical difference",
    Verdict.UNDETERMINED: "cannot tell yet",
}


@dataclass(frozen=True)
class Decision:
    """A verdict, how sure it is, and what it rests on.

    ``verdict`` is that of any grade from *probably* up: what must hold for certain asks ``certain`` or ``shows``. ``chance`` that the
    effect on what is new lies where the verdict (the estimate, where it is undetermined) says, after correction for what was tested
    together and with the control; None where there is no interval. ``p`` is two-sided, of that claim against the edge of the region, after
    Holm. ``n`` counts the ``unit`` that the interval rests on, of which ``more`` in all would make it certain (None where it is,
    or no number worth saying would). ``reason`` is a sentence on what stands in the way of more, ``limit`` which of them it is; both empty where nothing does.
    """

    verdict: Verdict
    unit: str
    more: int | None = None
    reason: str = ""
    grade: Grade = Grade.UNDETERMINED
    chance: float | None = None
    p: float | None = None
    n: int = 0
    limit: Limit = ""

    @property
    def more_episodes(self) -> int | None:
        """About how many more episodes would decide; None when they cannot: classes, groups or seeds are what is scarce."""
        return self.more if self.unit == "episode" else None

    @property
    def certain(self) -> bool:
        return self.grade is Grade.CERTAIN

    def shows(self, verdict: Verdict) -> bool:
        """Whether ``verdict`` holds for certain."""
        return self.certain and self.verdict is verdict

    @property
    def words(self) -> str:
        """``helps``, ``very likely helps``, ``probably makes no practical difference``, ``cannot tell yet``."""
        return graded(CLAIMS[self.verdict], self.grade)


def graded(claim: str, grade: Grade) -> str:
    """``claim`` with how sure it is in front: ``very likely better``."""
    return SURELY[grade] + claim


def decide(interval: Interval, rope: float = ROPE, control: Interval | None = None) -> Decision:
    """The decision on one effect by itself, with a region of ± ``rope``; ``control``: the gain over its falsified rows, if measured."""
    return decide_together([interval], rope, None if control is None else [control])[0]


def decide_together(
    intervals: Sequence[Interval], rope: float = ROPE, controls: Sequence[Interval | None] | None = None
) -> list[Decision]:
    """The decisions on all effects of one question, each an interval for what is new. Raises ValueError for a ``rope`` below 0.

    ``controls``: for each the gain over its falsified rows, without which nothing *helps* (None in the row: not measured, so nothing
    does); None for all where there are no controls, as in *screen*. An effect without an interval is not tested, and not corrected for.
    """
    if not rope >= 0:
        raise ValueError(f"The region of practical equivalence is a half-width, 0 or more; got {rope}.")
    checks = controls if controls is not None else [None] * len(intervals)
    if len(checks) != len(intervals):
        raise ValueError(f"Each of {len(intervals)} effects needs its control or None; got {len(checks)}.")
    tested = [
        _claim_of(one, rope, check, controls is not None)
        for one, check in zip(intervals, checks, strict=True)
        if one.low is not None
    ]
    for outside in (True, False):
        doubts, weaker = (
            holm([claim_of(claim) if claim.outside is outside else 1.0 for claim in tested])
            for claim_of in (lambda claim: claim.doubt, lambda claim: claim.weaker)
        )
        for claim, *found in zip(tested, doubts.tolist(), weaker.tolist(), strict=True):
            if claim.outside is outside:
                claim.together = (found[0], found[1])
    claims = iter(tested)
    return [_limited(one) if one.low is None else _decision(next(claims), rope, len(tested)) for one in intervals]


def corrected(intervals: Sequence[Interval], rope: float = ROPE) -> list[Verdict]:
    """What holds for certain of each effect when all are decided together; anything less is undetermined."""
    return [one.verdict if one.certain else Verdict.UNDETERMINED for one in decide_together(intervals, rope)]


def highest(interval: Interval) -> Grade:
    """The surest grade that the number of groups (or classes, or seeds) allows; uneven groups count as the even ones they are worth.

    With 6 or 7 groups skewed as an exponential, a bound at 2.5 % is missed in 5 %, and with fewer in up to 8 %, whatever is corrected for: the
    few do not show how skewed they are.
    """
    n = round(interval.df + 1) if interval.unit == "group" and interval.df is not None else interval.n
    return Grade.PROBABLY if n < FEWEST_PROBABLY else Grade.VERY_LIKELY if n < FEWEST_CERTAIN else Grade.CERTAIN


def chance_above(interval: Interval, threshold: float = ROPE) -> float | None:
    """How probable it is that the true difference exceeds ``threshold``: the part of the interval's t distribution above it
    (a posterior probability under a flat prior), tails :func:`tempered`. None where there is no interval."""
    t = interval.t(threshold)
    if t is None or interval.df is None:
        return None
    doubt = tempered(float(stdtr(interval.df, -abs(t))), interval.n if interval.unit != "group" else interval.df + 1)
    return 1 - doubt if t > 0 else doubt


def tempered(doubt: float, n: float) -> float:
    """A tail beyond 2.5 %, as far as ``n`` units can vouch for it: t distributions of skewed groups end later than Student's."""
    return TAIL * (doubt / TAIL) ** (n / (n + FAR)) if doubt < TAIL else doubt


def p_value(interval: Interval, against: float = 0.0) -> float | None:
    """Two-sided p of "the true difference is ``against``", from the interval's own t; None where there is no interval."""
    t = interval.t(against)
    return None if t is None else float(2 * stdtr(interval.df, -abs(t)))


def p_claim(interval: Interval, rope: float = ROPE) -> float | None:
    """Two-sided p of the claim that the estimate makes, against the edges of the region; None where there is no interval.

    Outside the region the claim is "beyond it" (better, worse), against the edge next to it; inside it "within it" (no practical
    difference), against both: two one-sided tests, Schuirmann 1987, doubled. Below 0.05 exactly where :func:`decide` is certain, but for too few groups.
    """
    return None if interval.t(0) is None else decide(interval, rope).p


def grade_of_p(p: float) -> Grade:
    """The grade that a claim's two-sided p gives by itself: the least p of a grade is twice what its least chance leaves."""
    return next((grade for grade, least in LEAST.items() if p / 2 <= 1 - least + 1e-12), Grade.UNDETERMINED)


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


# --- one claim among those tested together -------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Claim:
    """The claim of one effect. ``doubt`` must be at most 2.5 % for certain, ``weaker`` at most 10 or 25 % for less; the two differ inside the region
    alone, where each edge has its own 2.5 % and the chance to lie beyond either is their sum. ``own`` are both without the control,
    ``together`` after Holm."""

    interval: Interval
    verdict: Verdict
    outside: bool
    own: tuple[float, float]
    control: Interval | None
    control_doubt: float
    together: tuple[float, float] = (1.0, 1.0)

    @property
    def doubt(self) -> float:
        return max(self.own[0], self.control_doubt)

    @property
    def weaker(self) -> float:
        return max(self.own[1], self.control_doubt)


def _claim_of(interval: Interval, rope: float, control: Interval | None, controlled: bool) -> _Claim:
    if abs(interval.estimate) <= rope:
        beyond = (_above(interval, rope), _below(interval, -rope))
        return _Claim(interval, Verdict.EQUIVALENT, False, (max(beyond), min(sum(beyond), 1.0)), None, 0.0)
    if interval.estimate < 0:
        doubt = 1 - _below(interval, -rope)
        return _Claim(interval, Verdict.HURTS, True, (doubt, doubt), None, 0.0)
    doubt = 1 - _above(interval, rope)
    missing = 1.0 if control is None or control.low is None else 1 - _above(control, rope)
    checked = missing if controlled else 0.0
    return _Claim(interval, Verdict.HELPS, True, (doubt, doubt), control, checked)


def _above(interval: Interval, threshold: float) -> float:
    """The chance that the effect exceeds ``threshold``; of an interval that knows its bounds alone, as far as those tell."""
    chance = chance_above(interval, threshold)
    if chance is not None:
        return chance
    assert interval.low is not None and interval.high is not None
    return 1.0 if interval.low > threshold else 0.0 if interval.high <= threshold else 0.5


def _below(interval: Interval, threshold: float) -> float:
    chance = chance_above(interval, threshold)
    if chance is not None:
        return 1 - chance
    assert interval.low is not None and interval.high is not None
    return 1.0 if interval.high < threshold else 0.0 if interval.low >= threshold else 0.5


def _grade(doubts: tuple[float, float], most: Grade = Grade.CERTAIN) -> Grade:
    doubt, weaker = doubts
    if doubt <= TAIL:
        return min(Grade.CERTAIN, most)
    found = (grade for grade, least in LEAST.items() if grade is not Grade.CERTAIN and 1 - weaker >= least)
    return min(next(found, Grade.UNDETERMINED), most)


def _decision(claim: _Claim, rope: float, k: int) -> Decision:
    interval = claim.interval
    most = highest(interval) if claim.control is None else min(highest(interval), highest(claim.control))
    grade = _grade(claim.together, most)
    verdict = claim.verdict if grade else Verdict.UNDETERMINED
    by_itself = k == 1 and claim.control_doubt <= max(claim.own[0], TAIL)
    more = _how_many_more(interval, rope) if grade < Grade.CERTAIN and by_itself else None
    if more is not None and interval.unit != "episode":
        more = max(more, FEWEST_CERTAIN - interval.n)
    limit = _limit(claim, grade)
    reason = _reason(claim, verdict, grade, most, rope, k, limit)
    if more is not None and interval.unit == "episode":  # the one unit of which there are always more
        reason += f" About {count(more)} more {PLURAL['episode'] if more != 1 else 'episode'} would decide."
    chance, p = 1 - claim.together[1], min(2 * claim.together[0], 1.0)
    return Decision(verdict, interval.unit, more, reason, grade, chance, p, interval.n, limit)


def _limited(interval: Interval) -> Decision:
    more = max(interval.needed - interval.n, 1) if interval.needed is not None else None
    reason = f"Cannot tell yet: {interval.note or 'there is no interval'}."
    return Decision(Verdict.UNDETERMINED, interval.unit, more, reason, n=interval.n, limit="no interval")


def _limit(claim: _Claim, grade: Grade) -> Limit:
    if grade is Grade.CERTAIN:
        return ""
    alone = _grade(claim.own)
    if claim.control_doubt > claim.own[0] and _grade((claim.doubt, claim.weaker)) < alone:
        return "control"
    return "interval" if alone < Grade.CERTAIN else "together" if _grade(claim.together) < Grade.CERTAIN else "few"


def _reason(claim: _Claim, verdict: Verdict, grade: Grade, most: Grade, rope: float, k: int, limit: Limit) -> str:
    """What keeps the decision from being certain, with its numbers."""
    interval, control = claim.interval, claim.control
    covers = interval.bracket
    undetermined = verdict is Verdict.UNDETERMINED
    if limit == "":
        return ""
    if limit == "control" and (control is None or control.low is None):
        return "Cannot tell yet: no shuffled rows were trained beside it, so the gain need not lie in what it says."
    if limit == "interval" and undetermined:
        half = " whether it is a loss, only that it is no gain" if _no_gain(interval, rope) else ""
        return f"Cannot tell yet{half}: the interval {covers} covers both."
    if limit == "control":
        assert control is not None
        why = f"real − shuffled is {control.words}, not surely more than {rope:g}, so the gain need not lie in what it says"
    elif limit == "interval":
        why = f"the interval {covers} reaches {'beyond' if verdict is Verdict.EQUIVALENT else 'into'} ± {rope:g}"
    elif limit == "together":
        alone = graded(CLAIMS[claim.verdict], min(_grade(claim.own), most))
        why = f"with {count(k)} tested together, this could be chance; by itself: {alone}"
    else:
        why = f"of {count(interval.n)} {PLURAL.get(interval.unit, interval.unit) if interval.n != 1 else interval.unit} alone no more is said"
    said = graded(CLAIMS[verdict], grade)
    chance = "" if undetermined else f" ({likelihood(1 - claim.together[1])})"
    return f"{said[0].upper()}{said[1:]}{chance}: {why}."


def _no_gain(interval: Interval, rope: float) -> bool:
    return interval.high is not None and interval.high <= rope


def _how_many_more(interval: Interval, rope: float) -> int | None:
    """Smallest n' > n with t(n') / t(n) * sqrt(n / n') * reach <= distance to the nearest edge of the region, less n: the estimate as it
    stands, and the interval shrinking as t / sqrt(n). An order of magnitude to plan by."""
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
