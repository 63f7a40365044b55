"""An answer in words: no jargon, every number with its interval and what that covers, uncertainty said plainly."""

from metadash.answers.advice import advice
from metadash.answers.answer import Answer
from metadash.data.dataset import Question
from metadash.networks.encoders.registry import ENCODERS
from metadash.specs.run import RunSpec
from metadash.stats.caveats import single_seed
from metadash.stats.group_shares import amount
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, at_fewest
from metadash.stats.shots import WorthInShots
from metadash.stats.verdict import SURELY, Decision, Verdict
from metadash.stats.words import MINUS, count, likelihood, plural

NUMBERS = {0: "no", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 10: "ten", 20: "twenty"}


def headline(answer: Answer) -> str:
    """The first sentence: verdict, difference, both intervals, at the fewest shots."""
    first = answer.first
    claim = claim_words(answer.spec.question, first.decision)
    return f"With {examples(first.shot)} per class, {claim}: {both(first, answer.unit_noun)}."


def so_far_sentence(answer: Answer, seeds: int) -> str:
    """What the finished folds say, without a verdict: ``So far, after 1 of 5 folds (6 letters): +4.9 points with one labelled example …``.

    ``seeds`` are those that the whole answer will have.
    """
    first, nouns = answer.first, plural(answer.unit_noun)
    units = f"{answer.n_groups or answer.n_classes} {nouns}"
    if (trained := len(answer.spec.seeds)) < seeds:
        units += f", {trained} of {seeds} training seeds"
    found = f"{first.episodes.words} on these {nouns}"
    return f"So far, after {len(answer.folds)} of {len(answer.spec.fold_runs)} folds ({units}): {found}, with {examples(first.shot)} per class."


def claim_words(question: Question, decision: Decision) -> str:
    """``the accents very likely help``-like: the question's subject and task, with the verdict and how sure it is."""
    subject, task, surely = question.subject, question.task, SURELY[decision.grade]
    return {
        Verdict.HELPS: f"{subject} {surely}helps {task}",
        Verdict.HURTS: f"{subject} {surely}makes it harder to {task}",
        Verdict.EQUIVALENT: f"{subject} {surely}makes no practical difference when you {task}",
        Verdict.UNDETERMINED: f"it cannot be told yet whether {subject} helps {task}",
    }[decision.verdict]


def both(one: Difference, noun: str) -> str:
    """``+2.4 points [2.1, 2.7] on these letters, [1.5, 3.2] on new letters (28 letters tested)``; ``noun``: what would be new."""
    nouns = plural(noun)
    text = f"{one.episodes.words} on these {nouns}"
    if one.new_classes.low is None:
        return f"{text}; how it is on new {nouns} cannot be said ({one.new_classes.note})"
    return f"{text}, {on_new(one.new_classes, noun)}"


def on_new(new: Interval, noun: str) -> str:
    """``[1.5, 3.2] on new letters (28 letters tested)``"""
    return f"{new.bracket} on new {plural(noun)} ({count(new.n)} {plural(noun)} tested)"


def new_only(one: Difference, noun: str) -> str:
    """``+0.3 points [−0.1, 0.7] on new letters``; of these, and said to be, where nothing can be said of new ones."""
    shown, which = (one.new_classes, "new") if one.new_classes.low is not None else (one.episodes, "these")
    return f"{shown.words} on {which} {plural(noun)}"


def cell(interval: Interval, new: Interval, signed: bool = False, decimals: int = 1) -> str:
    """A number with both intervals, for a table: ``76.9 [76.1, 77.6], new [74.0, 79.8]``; ``signed`` for a difference."""
    centre = interval.signed if signed else f"{interval.estimate:.{decimals}f}"
    return f"{centre} {interval.bracket}, new {new.bracket if new.low is not None else new.note}"


def sentences(answer: Answer) -> list[str]:
    """The whole answer: headline, the plain fact, how sure it is, what would decide, the control, worth, and how it goes on with more examples."""
    first, noun = answer.first, answer.unit_noun
    found = [
        headline(answer),
        plain_fact(first, noun),
        chance_sentence(first, noun),
        advice(first, noun, answer.n_in_data),
        f"Rows shuffled between classes: {new_only(at_fewest(answer.shuffled), noun)}.",
        worth_sentence(answer),
        fading_sentence(answer),
        alone_sentence(answer),
        single_seed(len(answer.spec.seeds)),
        seen_before(answer.spec.run),
    ]
    return [sentence for sentence in found if sentence]


def seen_before(run: RunSpec) -> str:
    """``The features come from MiniLM-L6, which has seen …``: of a network that was trained elsewhere, and of no other."""
    entry = ENCODERS.get(run.backbone.backbone)
    return f"The features come from {entry.title}, which has seen {entry.seen}." if entry and entry.packages else ""


def plain_fact(one: Difference, noun: str) -> str:
    """``24 of 28 letters gain more than half a point.``"""
    if one.shares is None:
        return ""
    fact = one.shares.words(noun)
    return f"{fact[0].upper()}{fact[1:]}."


def chance_sentence(one: Difference, noun: str) -> str:
    """How probable the claim is on what is new; where something other than the interval stands in the way, that with its numbers."""
    decision = one.decision
    if decision.chance is None:
        return ""
    if decision.limit in ("control", "together"):
        return decision.reason
    claimed = decision.verdict
    if claimed is Verdict.UNDETERMINED:  # what the estimate claims
        estimate = one.new_classes.estimate
        claimed = Verdict.EQUIVALENT if abs(estimate) <= one.rope else Verdict.HELPS if estimate > 0 else Verdict.HURTS
    edge = amount(one.rope, one.unit)
    what = {
        Verdict.HELPS: f"a gain of more than {edge}",
        Verdict.HURTS: f"a loss of more than {edge}",
        Verdict.EQUIVALENT: f"a difference of at most {edge}",
    }[claimed]
    few = f"; of {count(decision.n)} {plural(noun)} no more than this is said" if decision.limit == "few" else ""
    return f"The chance of {what} on new {plural(noun)} is {likelihood(decision.chance)}{few}."


def worth_sentence(answer: Answer) -> str:
    worth, noun = answer.worth, answer.unit_noun
    if worth.censored == "above":
        return f"Worth at least {worth.value:.1f} extra examples per class{worth_on_new(worth, noun)}."
    if worth.value <= 0.05:
        where = worth_on_new(worth, noun).removeprefix(", ")
        return f"Worth no extra examples ({where})." if where else "Worth no extra examples."
    return f"Worth about {number(worth.value)} extra examples per class{worth_on_new(worth, noun)}."


def worth_on_new(worth: WorthInShots, noun: str) -> str:
    """``, [0.1, 0.8] on new letters``; a bound that lies beyond the measured shots is left out, of these letters where nothing is known of new."""
    which = "new" if worth.new_unit else "these"
    low, high = (worth.new_low, worth.new_high) if worth.new_unit else (worth.low, worth.high)
    if low is None:
        shown = "" if high is None else f"at most {number(high)}"
    else:
        shown = f"at least {number(low)}" if high is None else f"[{number(low)}, {number(high)}]"
    return f", {shown} on {which} {plural(noun)}" if shown else ""


def fading_sentence(answer: Answer) -> str:
    """From how many examples on it makes no practical difference for certain, or what is left at the most examples; on new classes."""
    shots, noun = answer.spec.shots, answer.unit_noun
    equivalent = [one.decision.shows(Verdict.EQUIVALENT) for one in answer.gain]
    for index, shot in enumerate(shots):
        if all(equivalent[index:]):
            return f"No practical difference from {examples(shot).replace('labelled ', '')} on." if index else ""
    return f"With {examples(shots[-1])}, {new_only(answer.gain[-1], noun)}." if len(shots) > 1 else ""


def alone_sentence(answer: Answer) -> str:
    """What the metadata are worth before the first label, where that was asked: ``With no labelled example, the metadata alone are at 43.1 %
    …; without them one can only guess, 20 %.``"""
    worth, noun, metric = answer.worth_alone, answer.unit_noun, answer.metric
    if worth is None:
        return ""
    (inside, new), (guess, _) = answer.means["metadata"][0], answer.means["plain"][0]
    told = f"{metric.said(inside.estimate)} {inside.bracket} on these {plural(noun)}"
    told += "" if new.low is None else f", {new.bracket} on new {plural(noun)}"
    as_good = f"{'at least ' if worth.censored == 'above' else 'about '}{number(worth.value)}"
    return (
        f"With no labelled example, the metadata alone are at {told}, as good as {as_good} labelled examples per class without them; with "
        f"neither one can only guess, {metric.said(guess.estimate)}."
    )


def examples(shot: int) -> str:
    return f"{NUMBERS.get(shot, str(shot))} labelled {'example' if shot <= 1 else 'examples'}"


def number(value: float) -> str:
    text = f"{value:.1f}".replace("-", MINUS)
    return text.removeprefix(MINUS) if float(f"{value:.1f}") == 0 else text
