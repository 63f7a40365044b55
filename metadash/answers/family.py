"""Comparisons tested together: against one baseline or every pair, with what holds after Holm's correction over all of them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import pandas as pd

from metadash.answers.sentence import examples
from metadash.errors import BadInput
from metadash.stats.metric import Metric
from metadash.stats.paired import Difference, difference, rope_of
from metadash.stats.scored import Scores
from metadash.stats.verdict import CLAIMS, Decision, Grade, Verdict, decide_together, graded, p_value
from metadash.stats.words import plural_of

Pair = tuple[str, str]
"""The ids of two arms; the difference is the first less the second."""

Key = TypeVar("Key", bound=Hashable)
NAMED = 2
"""Up to this many learners are named in a headline; more are counted."""

MARKED = (
    (Verdict.HELPS, "better"),
    (Verdict.HURTS, "worse"),
    (Verdict.EQUIVALENT, "no practical difference"),
    (Verdict.UNDETERMINED, "cannot tell yet"),
)


COMPARED = dict(MARKED)


def marked(decision: Decision, of_learners: bool = False) -> str:
    """Mark and words: ``▲ very likely helps``; of one learner against another ``▲ very likely better``."""
    claims = COMPARED if of_learners else {**CLAIMS, Verdict.EQUIVALENT: COMPARED[Verdict.EQUIVALENT]}
    return f"{decision.verdict.value} {graded(claims[decision.verdict], decision.grade)}"


def compared(decision: Decision) -> str:
    """``better``, ``very likely worse``: of one learner against another."""
    return graded(COMPARED[decision.verdict], decision.grade)


@dataclass(frozen=True)
class Claim:
    """A difference as one of a family of ``tested``. ``decision`` is what holds among all of them; ``difference.decision`` is that of the
    difference by itself. ``p_zero`` tests "no difference on new classes", by itself; None without an interval.
    """

    difference: Difference
    decision: Decision
    p_zero: float | None
    tested: int

    @property
    def verdict(self) -> Verdict:
        """What holds for certain among all of them."""
        return self.decision.verdict if self.decision.certain else Verdict.UNDETERMINED

    @property
    def in_two_families(self) -> str:
        """``alone: better; among these 4 comparisons: very likely better``; empty where both say the same."""
        alone, together = self.difference.decision, self.decision
        if self.tested < 2 or (alone.verdict, alone.grade) == (together.verdict, together.grade):
            return ""
        now = "not yet" if together.verdict is Verdict.UNDETERMINED else compared(together)
        return f"alone: {compared(alone)}; among these {self.tested} comparisons: {now}"

    @property
    def estimate(self) -> float:
        return self.difference.new_classes.estimate


def claims(found: Mapping[Key, Difference]) -> dict[Key, Claim]:
    """All of ``found`` as one family."""
    decisions = decide_together([row.new_classes for row in found.values()], rope_of(list(found.values())))
    tested = sum(decision.chance is not None for decision in decisions)
    return {
        key: Claim(row, decision, p_value(row.new_classes), tested)
        for (key, row), decision in zip(found.items(), decisions, strict=True)
    }


def every_pair(scores: Mapping[str, Scores], shot: int, rope: float | None = None) -> dict[Pair, Claim]:
    """k(k−1)/2 paired tests, Holm over all of them. A pair that cannot be paired (no seed in common) is left out."""
    found: dict[Pair, Difference] = {}
    for first, second in combinations(scores, 2):
        try:
            found[first, second] = difference(scores[first], scores[second], shot, rope)
        except BadInput:
            continue
    return claims(found)


def better_of(pair: Pair, found: Claim) -> str | None:
    """Which of the two is shown to do better; None where neither is."""
    return pair[0] if found.verdict is Verdict.HELPS else pair[1] if found.verdict is Verdict.HURTS else None


def unbeaten(arms: Sequence[str], pairs: Mapping[Pair, Claim]) -> list[str]:
    """Those that no other is shown to do better than."""
    beaten = {pair[1 - pair.index(winner)] for pair, found in pairs.items() if (winner := better_of(pair, found))}
    return [arm for arm in arms if arm not in beaten]


# --- in words ------------------------------------------------------------------------------------------------------------------


def baseline_sentence(found: Mapping[str, Claim], baseline: str, shot: int) -> str:
    """How many of several arms do better than the baseline, worse, or neither; ``baseline`` is its name."""
    total = len(found)
    n = {verdict: sum(one.verdict is verdict for one in found.values()) for verdict, _ in MARKED}
    better = n[Verdict.HELPS]
    parts = [
        f"{better} of {total} learners {'does' if better == 1 else 'do'} better than “{baseline}”"
        if better
        else f"none of {total} learners is shown to do better than “{baseline}”"
    ]
    if worse := n[Verdict.HURTS]:
        parts.append(f"{worse} {'does' if worse == 1 else 'do'} worse")
    if equal := n[Verdict.EQUIVALENT]:
        parts.append(f"{equal} {'makes' if equal == 1 else 'make'} no practical difference")
    if likely := sum(0 < one.decision.grade < Grade.CERTAIN for one in found.values()):
        parts.append(f"for {likely} only “very likely” or “probably” is said")
    if unknown := sum(not one.decision.grade for one in found.values()):
        parts.append(f"for {unknown} it cannot be told yet")
    listed = ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"With {examples(shot)} per class, {listed}."


def baseline_lines(names: Mapping[str, str], found: Mapping[str, Claim]) -> list[str]:
    """One line a verdict and grade: its mark, and each arm's difference with its interval for new classes, and what it is by itself where that differs."""
    lines = []
    for verdict, label in MARKED:
        for grade in sorted(Grade, reverse=True):
            named = [
                f"“{names[arm]}” {with_interval(one)}"
                for arm, one in found.items()
                if (one.decision.verdict, one.decision.grade) == (verdict, grade)
            ]
            if named:
                lines.append(f"{verdict.value} {graded(label, grade)}: {', '.join(named)}")
    return lines


def with_interval(found: Claim) -> str:
    """``+2.6 points [1.9, 3.3]``, the interval that of new classes; says why where there is none, and what it is by itself."""
    new = found.difference.new_classes
    text = new.words if new.low is not None else f"{new.centre} ({new.note})"
    return f"{text} ({found.in_two_families})" if found.in_two_families else text


def pairs_sentence(names: Mapping[str, str], pairs: Mapping[Pair, Claim], shot: int) -> str:
    """What all pairs together say: whether one does better than each other, or which are not shown to be beaten."""
    opening, arms = f"With {examples(shot)} per class, ", list(names)
    wins = {arm: sum(better_of(pair, found) == arm for pair, found in pairs.items()) for arm in arms}
    first = next((arm for arm in arms if wins[arm] == len(arms) - 1), None)
    left = unbeaten(arms, pairs)
    if first:
        return f"{opening}“{names[first]}” does better than each of the other {len(arms) - 1} learners."
    if len(left) == len(arms):
        return f"{opening}no learner is shown to do better than another."
    if len(left) > NAMED:
        return f"{opening}no learner does better than all others; {len(left)} of {len(arms)} are not shown to be beaten by any."
    listed = " or ".join(f"“{names[arm]}”" for arm in left)
    return f"{opening}no learner does better than all others; none is shown to do better than {listed}."


def pairs_counts(pairs: Mapping[Pair, Claim]) -> str:
    """``Of 10 pairs, 6 differ, 1 makes no practical difference and 3 cannot be told yet.``"""
    differ = sum(better_of(pair, found) is not None for pair, found in pairs.items())
    equal = sum(found.verdict is Verdict.EQUIVALENT for found in pairs.values())
    leaning = sum(0 < found.decision.grade < Grade.CERTAIN for found in pairs.values())
    unknown = len(pairs) - differ - equal - leaning
    likely = f", {leaning} {'is' if leaning == 1 else 'are'} told with “very likely” or “probably” only" if leaning else ""
    return (
        f"Of {plural_of(len(pairs), 'pair')}, {differ} {'differs' if differ == 1 else 'differ'}, "
        f"{equal} {'makes' if equal == 1 else 'make'} no practical difference{likely} and {unknown} cannot be told yet."
    )


def pairs_table(names: Mapping[str, str], pairs: Mapping[Pair, Claim], scores: Scores) -> pd.DataFrame:
    """Every pair as one row, for download. ``scores`` of any arm say which tasks it was."""
    return pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "n_way": scores.n_way,
            "shots": found.difference.shot,
            **claim_columns(found, scores.metric),
            "n_pairs": len(pairs),
            "n_episodes": len(scores.manifest),
            "manifest": scores.manifest.hash,
        }
        for (first, second), found in pairs.items()
    )


def claim_columns(found: Claim | None, metric: Metric) -> dict[str, float | str | None]:
    """A paired difference as the columns of a download, all empty where there is none."""
    row = found.difference if found else None
    return {
        metric.gain_column: row.episodes.estimate if row else None,
        "difference_these_classes_low": row.episodes.low if row else None,
        "difference_these_classes_high": row.episodes.high if row else None,
        "difference_new_classes_low": row.new_classes.low if row else None,
        "difference_new_classes_high": row.new_classes.high if row else None,
        "p_against_zero": found.p_zero if found else None,
        "p_claim_holm": found.decision.p if found else None,
        "chance_holm": found.decision.chance if found else None,
        "verdict_alone": compared(row.decision) if row else None,
        "verdict_holm": compared(found.decision) if found else None,
        "compared_together": found.tested if found else None,
    }
