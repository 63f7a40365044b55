"""How often the test classes were asked before, in words, and how sure an answer is if all of it is tested together.

A claim's p (two-sided, of the claim against the edge of the band, corrected within its question) is multiplied by the number of
questions: Bonferroni, so that in all that was ever asked of these classes any false *helps* comes out in at most 5 %.
"""

from collections.abc import Mapping, Sequence

from metadash.analysis.family import Claim, Pair
from metadash.analysis.intervals import Interval
from metadash.analysis.ledger import Looks
from metadash.analysis.verdict import CLAIMS, ROPE, Verdict, grade_of_p, graded, holm, p_claim
from metadash.analysis.words import plural_of


def looked_words(looks: Looks | None, nouns: str, verdict: Verdict, p: float | None) -> str:
    """Of an answer that makes one claim: which question it is, and what it would say among them all.

    ``nouns``: the classes or groups that would be new; ``p`` of the claim, see above. Empty for the only question so far.
    """
    if looks is None or looks.total < 2:
        return ""
    if verdict is Verdict.UNDETERMINED or p is None:
        return count_words(looks, nouns)
    held = "it still says" if grade_of_p(p * looks.total) is grade_of_p(p) else "it would say"
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, {held}: {among_words(verdict, p, looks)}."


def looked_at_many(looks: Looks | None, nouns: str, said: Sequence[tuple[str, Verdict, float | None]]) -> str:
    """Of several claims that one question tests together, each a name, its verdict and its p."""
    if looks is None or looks.total < 2:
        return ""
    claims = [(name, verdict, p) for name, verdict, p in said if verdict is not Verdict.UNDETERMINED and p is not None]
    if not claims:
        return count_words(looks, nouns)
    changed = [
        f"of “{name}” {among_words(verdict, p, looks)}"
        for name, verdict, p in claims
        if grade_of_p(p * looks.total) is not grade_of_p(p)
    ]
    held = f"it would say {', '.join(changed)}" if changed else "every verdict here still holds"
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, {held}."


def looked_at_arms(
    looks: Looks, nouns: str, names: Mapping[str, str], found: Mapping[str, Claim] | Mapping[Pair, Claim], rope: float = ROPE
) -> str:
    """Of learners compared, against a baseline or in pairs; ``names`` by id."""
    labels = [names[key] if isinstance(key, str) else " − ".join(names[arm] for arm in key) for key in found]
    p = p_together([claim.difference.new_classes for claim in found.values()], rope)
    verdicts = [claim.verdict for claim in found.values()]
    return looked_at_many(looks, nouns, list(zip(labels, verdicts, p, strict=True)))


def p_together(intervals: Sequence[Interval], rope: float = ROPE) -> list[float | None]:
    """p of the claim that each estimate makes, by Holm over the claims of its kind; None without an interval."""
    found = [p_claim(interval, rope) for interval in intervals]
    kind = [abs(interval.estimate) > rope for interval in intervals]
    adjusted: list[float | None] = [None] * len(found)
    for outside in (True, False):
        mine = [(place, p) for place, p in enumerate(found) if p is not None and kind[place] is outside]
        told = sum(p is not None for p in found)
        for (place, _), value in zip(mine, holm([p for _, p in mine] + [1.0] * (told - len(mine))).tolist(), strict=False):
            adjusted[place] = value
    return adjusted


def among_words(verdict: Verdict, p: float, looks: Looks) -> str:
    """``very likely helps``, ``cannot tell yet``: what a verdict is worth among all questions."""
    grade = grade_of_p(p * looks.total)
    return graded(CLAIMS[verdict], grade) if grade else CLAIMS[Verdict.UNDETERMINED]


def count_words(looks: Looks, nouns: str) -> str:
    """``The 4th of 10 questions asked of this data set's test letters, on 3 splits and with 1 filter.``"""
    where = [f"on {plural_of(looks.splits, 'split')}"] if looks.splits > 1 else []
    where += [f"with {plural_of(looks.filters, 'filter')}"] if looks.filters else []
    on = f", {' and '.join(where)}" if where else ""
    lost = "" if looks.kept else " (it could not be written down)"
    return f"The {nth(looks.nth)} of {looks.total} questions asked of this data set's test {nouns}{on}{lost}."


def nth(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
