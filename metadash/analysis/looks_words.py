"""How often the test classes were asked before, in words, and what of an answer holds if all of it is tested together."""

from collections.abc import Mapping, Sequence

from metadash.analysis.family import Claim, Pair
from metadash.analysis.intervals import Interval
from metadash.analysis.ledger import Looks
from metadash.analysis.verdict import ROPE, Verdict, corrected, decide
from metadash.analysis.words import plural_of

LEVEL = 0.05
SAID = {
    Verdict.HELPS: "helps",
    Verdict.HURTS: "hurts",
    Verdict.EQUIVALENT: "no practical difference",
    Verdict.UNDETERMINED: "cannot tell yet",
}


def looked_words(looks: Looks | None, nouns: str, interval: Interval, rope: float = ROPE) -> str:
    """Of an answer that rests on one interval: which question it is, and what its verdict would be among them all.

    ``nouns``: the classes or groups that would be new. Empty for the only question so far.
    """
    if looks is None or looks.total < 2:
        return ""
    (among,) = among_all([interval], looks, rope)
    alone = decide(interval, rope).verdict
    if alone is Verdict.UNDETERMINED:
        return count_words(looks, nouns)
    held = f"it still says: {SAID[alone]}" if among is alone else f"it would say: {SAID[among]}"
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, {held}."


def looked_at_many(looks: Looks | None, nouns: str, said: Sequence[tuple[str, Verdict, Interval]], rope: float = ROPE) -> str:
    """Of several claims that one question tests together, each a name, its verdict and its interval: which would hold among all questions."""
    if looks is None or looks.total < 2:
        return ""
    claims = [verdict for _, verdict, _ in said if verdict is not Verdict.UNDETERMINED]
    if not claims:
        return count_words(looks, nouns)
    among = among_all([interval for *_, interval in said], looks, rope)
    lost = [
        f"“{name}”"
        for (name, verdict, _), kept in zip(said, among, strict=True)
        if verdict is not Verdict.UNDETERMINED and kept is not verdict
    ]
    if not lost:
        return f"{count_words(looks, nouns)} Corrected for all {looks.total}, every verdict here still holds."
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, of {', '.join(lost)} it would say: {SAID[Verdict.UNDETERMINED]}."


def looked_at_arms(
    looks: Looks, nouns: str, names: Mapping[str, str], found: Mapping[str, Claim] | Mapping[Pair, Claim], rope: float = ROPE
) -> str:
    """Of learners compared, against a baseline or in pairs; ``names`` by id."""
    said = [
        (
            names[key] if isinstance(key, str) else " − ".join(names[arm] for arm in key),
            claim.verdict,
            claim.difference.new_classes,
        )
        for key, claim in found.items()
    ]
    return looked_at_many(looks, nouns, said, rope)


def among_all(intervals: Sequence[Interval], looks: Looks, rope: float = ROPE) -> list[Verdict]:
    """Verdicts with Holm's correction over ``intervals`` and Bonferroni's over all questions: the chance that any question asked of these
    classes gave a false claim is then at most 5 %."""
    return corrected(intervals, rope, LEVEL / looks.total)


def count_words(looks: Looks, nouns: str) -> str:
    """``The 4th of 10 questions asked of this data set's test letters, on 3 splits and 1 filter.``"""
    where = [plural_of(looks.splits, "split")] if looks.splits > 1 else []
    where += [plural_of(looks.filters, "filter")] if looks.filters else []
    on = (
        f", on {' and with '.join(where)}"
        if len(where) > 1
        else f", {'on' if looks.splits > 1 else 'with'} {where[0]}"
        if where
        else ""
    )
    lost = "" if looks.kept else " (it could not be written down)"
    return f"The {nth(looks.nth)} of {looks.total} questions asked of this data set's test {nouns}{on}{lost}."


def nth(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
