"""How often the test classes were asked before, in words, and how sure an answer is if all of it is tested together.

A decision's p (two-sided, of the claim against the edge of the band, corrected within its question and with its control) is multiplied by the number of
questions: Bonferroni, so that in all that was ever asked of these classes any false *helps* comes out in at most 5 %.
"""

from collections.abc import Mapping, Sequence

from metadash.answers.answer import Answer
from metadash.answers.family import Claim, Pair
from metadash.answers.ledger import Looks, asked_of_run, record
from metadash.data.dataset import Dataset
from metadash.runs.store import RunStore
from metadash.stats.verdict import CLAIMS, Decision, Grade, Verdict, grade_of_p, graded
from metadash.stats.words import plural, plural_of


def looked_words(looks: Looks | None, nouns: str, decision: Decision) -> str:
    """Of an answer that makes one claim: which question it is, and what it would say among them all.

    ``nouns``: the classes or groups that would be new. Empty for the only question so far.
    """
    if looks is None or looks.total < 2:
        return ""
    if not claims(decision):
        return count_words(looks, nouns)
    held = "it still says" if among(decision, looks) is decision.grade else "it would say"
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, {held}: {among_words(decision, looks)}."


def looked_at_answer(answer: Answer, dataset: Dataset, store: RunStore) -> str:
    """The same of a whole answer, which with this counts as a look."""
    spec = answer.spec
    looks = record(store, asked_of_run(spec.run, dataset.fingerprint, spec.seeds, folds=spec.folds))
    return looked_words(looks, plural(answer.unit_noun), answer.first.decision)


def looked_at_many(looks: Looks | None, nouns: str, said: Sequence[tuple[str, Decision]]) -> str:
    """Of several claims that one question tests together, each a name and its decision."""
    if looks is None or looks.total < 2:
        return ""
    found = [(name, decision) for name, decision in said if claims(decision)]
    if not found:
        return count_words(looks, nouns)
    changed = [
        f"of “{name}” {among_words(decision, looks)}" for name, decision in found if among(decision, looks) is not decision.grade
    ]
    held = f"it would say {', '.join(changed)}" if changed else "every verdict here still holds"
    return f"{count_words(looks, nouns)} Corrected for all {looks.total}, {held}."


def looked_at_arms(looks: Looks, nouns: str, names: Mapping[str, str], found: Mapping[str, Claim] | Mapping[Pair, Claim]) -> str:
    """Of learners compared, against a baseline or in pairs; ``names`` by id."""
    labels = [names[key] if isinstance(key, str) else " − ".join(names[arm] for arm in key) for key in found]
    return looked_at_many(looks, nouns, list(zip(labels, [claim.decision for claim in found.values()], strict=True)))


def claims(decision: Decision) -> bool:
    """Whether it says anything that many looks could have found by chance."""
    return decision.verdict is not Verdict.UNDETERMINED and decision.p is not None


def among(decision: Decision, looks: Looks) -> Grade:
    """How sure a decision is among all questions."""
    assert decision.p is not None
    return min(decision.grade, grade_of_p(decision.p * looks.total))


def among_words(decision: Decision, looks: Looks) -> str:
    """``very likely helps``, ``cannot tell yet``: what a decision is worth among all questions."""
    grade = among(decision, looks)
    return graded(CLAIMS[decision.verdict], grade) if grade else CLAIMS[Verdict.UNDETERMINED]


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
