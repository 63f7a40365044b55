"""Whether the words keep what they promise: how often each grade is true, how few false *helps* come out of many, few and skewed groups, and
whether a second look at the same letters finds the same words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from benchmarks.calibrating.findings import Found, share
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.record import Table
from metadash.stats.intervals import Interval, group_jackknife
from metadash.stats.verdict import LEAST, ROPE, Decision, Grade, Verdict, decide, decide_together

KINDS = ("normal", "left")
"""Of the effects of groups: normal, and exponential turned round, so that most gain a little and a few lose a lot. By symmetry an exponential as it is
has the same intervals seen in a mirror, and hurts as often as this helps."""

FEW = (3, 4, 5, 6, 8, 11, 28, 50)
FAMILIES = ((8, 8), (8, 11), (8, 28), (6, 11), (6, 28))
"""(sources, groups): every source truly at the edge of the region, so that each *helps* is false."""

PRIOR_MEAN, PRIOR_SPREAD, SPREADS, NOISE = 0.5, 2.0, (0.5, 2.6), 9.0
PRIORS = ((PRIOR_MEAN, PRIOR_SPREAD), (1.0, 0.5))
"""The prior of the cases in points: true effects N(0.5, 2²), or N(1, 0.5²), which is the hardest; effects of groups spread by 0.5 to 2.6, as on glyphs (part population), half of them
normal and half turned-round gamma with a skewness of −1; episodes by 9, and 2,000 of them are dealt evenly to the groups."""

EPISODES = 2000
LOOKS = {"another machine": (0.03, 0.1), "other seeds": (0.1, 0.3)}
"""What a second look adds, in points: to all groups alike, and to each. Of three seeds on glyphs: 3.98, 3.74 and 4.10 points, a spread of 0.18 each,
of three together 0.1; machines differ by less."""


@dataclass(frozen=True)
class Case:
    """One simulated difference: its truth and two looks at the same groups."""

    truth: float
    first: Decision
    second: Decision


def effects(kind: str, rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Of mean 0 and spread 1."""
    if kind == "normal":
        return rng.normal(0, 1, shape)
    return 1 - rng.exponential(1, shape)


def intervals(means: np.ndarray) -> Iterator[Interval]:
    """Of pure group means, one row a case."""
    place = np.arange(means.shape[1])
    return (group_jackknife(row, place) for row in means)


# --- few and skewed groups -----------------------------------------------------------------------------------------------------


def count_few(groups: int, kind: str, repetitions: int, seed: int) -> tuple[int, int, int, int, float]:
    """How many intervals hold the truth, lie above it, below it, of how many *helps* is said wrongly, and the mean half-width over
    that of Student's t."""
    rng = np.random.default_rng([seed, 3])
    holds = above = below = wrong = 0
    wider = []
    for one in intervals(effects(kind, rng, repetitions, groups)):
        assert one.low is not None and one.high is not None and one.se is not None
        holds += one.low <= 0 <= one.high
        above += one.low > 0
        below += one.high < 0
        wrong += decide(one, rope=0).shows(Verdict.HELPS)
        wider.append((one.high - one.low) / one.se)
    return holds, above, below, wrong, float(np.mean(wider) / stdtrit(groups - 1, 0.975) / 2)


def few_groups(found: Found, repetitions: int, workers: int) -> None:
    rows = []
    asked = [(groups, kind, repetitions, 100 * groups + k) for groups in FEW for k, kind in enumerate(KINDS)]
    for (groups, kind, *_), counted in zip(asked, side_by_side(count_few, asked, workers), strict=True):
        holds, above, below, wrong, wider = counted
        rows.append([str(groups), kind, *(f"{100 * n / repetitions:.1f}" for n in (holds, above, below, wrong)), f"{wider:.2f}"])
        told = f"{groups} groups, {kind}"
        least, most = (93.0, 97.0 if groups > 8 else 97.5) if groups >= 6 else (None, None)
        found.checks.append(share(f"coverage of few groups: {told}", holds, repetitions, least, most))
        found.checks.append(share(f"wrong “helps”: {told}", wrong, repetitions, most=4.0))
    columns = ("groups", "effects", "hold the truth", "lie above it", "lie below it", "wrong “helps”", "width over Student's t")
    caption = f"Intervals of {repetitions:,} cases of pure group means, in %, and how often *helps* is said where the truth is the edge of the region"
    found.tables.append(Table(caption, columns, rows))


# --- many sources --------------------------------------------------------------------------------------------------------------


def count_family(sources: int, groups: int, kind: str, repetitions: int, seed: int) -> Counter:
    """Families with any false *helps*, by its grade or a higher one; and by what each says alone."""
    rng, counts = np.random.default_rng([seed, 4]), Counter[Grade | str]()
    for _ in range(repetitions):
        found = list(intervals(ROPE + effects(kind, rng, sources, groups)))
        together = max(one.grade if one.verdict is Verdict.HELPS else Grade.UNDETERMINED for one in decide_together(found))
        alone = max(one.grade if one.verdict is Verdict.HELPS else Grade.UNDETERMINED for one in map(decide, found))
        for grade in LEAST:
            counts[grade] += together >= grade
        counts["alone"] += alone is Grade.CERTAIN
    return counts


def families(found: Found, repetitions: int, workers: int) -> None:
    rows = []
    asked = [
        (sources, groups, kind, repetitions, 1000 * sources + 10 * groups + k)
        for sources, groups in FAMILIES
        for k, kind in enumerate(KINDS)
    ]
    for (sources, groups, kind, *_), counts in zip(asked, side_by_side(count_family, asked, workers), strict=True):
        told = f"{sources} sources at +{ROPE:g}, {groups} groups, {kind}"
        found.checks.append(share(f"any false “helps”: {told}", counts[Grade.CERTAIN], repetitions, most=5.0))
        shares = [counts["alone"], *(counts[grade] for grade in LEAST)]
        rows.append([str(sources), str(groups), kind, *(f"{100 * n / repetitions:.1f}" for n in shares)])
    columns = ("sources", "groups", "effects", "helps, each alone", "helps", "very likely or more", "probably or more")
    caption = f"Any false *helps* among sources that truly lie at the edge of the region, in % of {repetitions:,} families"
    found.tables.append(Table(caption, columns, rows))


# --- grades, and a second look -------------------------------------------------------------------------------------------------


def cases(
    groups: int, repetitions: int, look: str, seed: int, mean: float = PRIOR_MEAN, spread: float = PRIOR_SPREAD
) -> list[Case]:
    rng, found = np.random.default_rng([seed, 5]), []
    alike, each = LOOKS[look]
    place = np.arange(groups)
    for _ in range(repetitions):
        truth = rng.normal(mean, spread)
        own = rng.normal(0, 1, groups) if rng.random() < 0.5 else (4 - rng.gamma(4, 1, groups)) / 2
        seen = truth + rng.uniform(*SPREADS) * own + rng.normal(0, NOISE / np.sqrt(EPISODES / groups), groups)
        looks = [seen + rng.normal(0, alike) + rng.normal(0, each, groups) for _ in range(2)]
        found.append(Case(float(truth), *(decide(group_jackknife(one, place)) for one in looks)))
    return found


def true_of(verdict: Verdict, truth: float) -> bool:
    return {
        Verdict.HELPS: truth > ROPE,
        Verdict.HURTS: truth < -ROPE,
        Verdict.EQUIVALENT: abs(truth) <= ROPE,
        Verdict.UNDETERMINED: True,
    }[verdict]


def apart(first: Decision, second: Decision) -> int:
    """Grades from one to the other, by way of *cannot tell yet* where they claim different things."""
    alike = first.verdict is second.verdict
    return abs(first.grade - second.grade) if alike else first.grade + second.grade


def contradict(first: Decision, second: Decision) -> bool:
    """Both claim, one of them for certain or both very likely, and not the same."""
    claims = Verdict.UNDETERMINED not in (first.verdict, second.verdict) and first.verdict is not second.verdict
    return claims and (first.certain or second.certain or min(first.grade, second.grade) >= Grade.VERY_LIKELY)


def tally(found: Found, name: str, drawn: list[Case], rows: list[list[str]], slack: float = 0.0) -> None:
    """Of the cases with each word, how many are true, against the chance that the grade asks for less ``slack``, in %."""
    for verdict in (Verdict.HELPS, Verdict.HURTS, Verdict.EQUIVALENT):
        row = [name, {"HELPS": "helps", "HURTS": "hurts", "EQUIVALENT": "no practical difference"}[verdict.name]]
        for grade, least in LEAST.items():
            called = [one for one in drawn if (one.first.verdict, one.first.grade) == (verdict, grade)]
            hits = sum(true_of(verdict, one.truth) for one in called)
            row.append(f"{100 * hits / len(called):.1f} of {len(called)}" if called else "none")
            if len(called) >= 50:
                what = f"true of “{called[0].first.words}”: {name}"
                found.checks.append(share(what, hits, len(called), least=100 * least - slack))
        rows.append(row)


def grades(quick: bool, workers: int) -> Found:
    """Everything here is simulated; trained learners are in ``trained_grades``."""
    found, repetitions = Found(), 200 if quick else 4000
    few_groups(found, repetitions, workers)
    families(found, repetitions // 4, workers)
    asked = [
        (groups, repetitions, look, 10 * groups + number, *prior)
        for number, (prior, look) in enumerate((prior, look) for prior in PRIORS for look in LOOKS)
        for groups in (11, 28)
    ]
    rows: list[list[str]] = []
    looks: list[list[str]] = []
    for (groups, _, look, _, *prior), one in zip(asked, side_by_side(cases, asked, workers), strict=True):
        name, usual = f"{groups} groups", tuple(prior) == PRIORS[0]
        if usual and look == "other seeds":
            tally(found, name, one, rows, slack=2.5)
        told = f"{look}, {name}{'' if usual else ', true effects from 0 to 2'}"
        unlike = sum((c.first.verdict, c.first.grade) != (c.second.verdict, c.second.grade) for c in one)
        far, against = sum(apart(c.first, c.second) > 1 for c in one), sum(contradict(c.first, c.second) for c in one)
        note = "" if usual else "the hardest cases: told, no target"
        found.checks.append(share(f"more than one grade apart: {told}", far, len(one), most=2.0 if usual else None, note=note))
        found.checks.append(share(f"contradict each other: {told}", against, len(one), most=0.0))
        looks.append([told, *(f"{100 * n / len(one):.2f}" for n in (unlike, far, against))])
    n = f"{repetitions:,}"
    found.tables += [
        Table(f"How many of the cases that are called so are true, in %, {n} cases a row", ("case", "claim", *GRADES), rows),
        Table(
            f"Two looks at the same groups and episodes, in % of {n} cases",
            ("second look", "other words", "more than one grade apart", "contradict"),
            looks,
        ),
    ]
    found.remarks.append(
        f"True effects: N({PRIOR_MEAN:g}, {PRIOR_SPREAD:g}²) points, or N(1, 0.5²) where it says from 0 to 2, the hardest; groups spread by "
        f"{SPREADS[0]:g} to {SPREADS[1]:g}, half of the cases normal and half with a skewness of −1, 2,000 episodes that spread by {NOISE:g}. A second look adds "
        + "; ".join(
            f"({name}) {alike:g} points to all groups alike and {each:g} to each" for name, (alike, each) in LOOKS.items()
        )
        + "."
    )
    return found


GRADES = ("certain", "very likely", "probably")
