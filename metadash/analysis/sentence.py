"""An answer in words: no jargon, every number with its interval, uncertainty said plainly."""

from metadash.analysis.answer import Answer
from metadash.analysis.compare import Difference
from metadash.analysis.intervals import Interval
from metadash.analysis.verdict import Verdict
from metadash.analysis.words import MINUS, plural, points

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 10: "ten", 20: "twenty"}


def headline(answer: Answer) -> str:
    """The first sentence: verdict, difference, both intervals, at the fewest shots."""
    question, first = answer.spec.question, answer.gain[0]
    opening = f"With {examples(first.shot)} per class, "
    if first.decision.verdict is Verdict.HELPS:
        claim = f"{question.subject} helps {question.task}: "
    elif first.decision.verdict is Verdict.HURTS:
        claim = f"{question.subject} makes it harder to {question.task}: "
    elif first.decision.verdict is Verdict.EQUIVALENT:
        claim = f"{question.subject} makes no practical difference when you {question.task}: "
    else:
        claim = f"it cannot be told yet whether {question.subject} helps {question.task}: "
    return opening + claim + both(first, answer) + "."


def so_far_sentence(answer: Answer) -> str:
    """What the finished folds say, without a verdict: ``So far, after 1 of 5 folds (6 letters): +4.9 points with one labelled example …``."""
    first, nouns = answer.gain[0], plural(answer.unit_noun)
    units = f"{answer.n_groups or answer.n_classes} {nouns}"
    inside = first.episodes
    found = f"{points(inside.estimate, inside.low, inside.high)} on these {nouns}"
    return f"So far, after {len(answer.folds)} of {len(answer.spec.fold_runs)} folds ({units}): {found}, with {examples(first.shot)} per class."


def both(difference: Difference, answer: Answer) -> str:
    """``+2.4 points [2.1, 2.7] on these letters, [1.5, 3.2] on new letters``."""
    noun = plural(answer.unit_noun)
    inside, new = difference.episodes, difference.new_classes
    text = f"{points(inside.estimate, inside.low, inside.high)} on these {noun}"
    if new.low is None:
        return f"{text}; how it is on new {noun} cannot be said ({new.note})"
    return f"{text}, {bracket(new.estimate, new.low, new.high)} on new {noun}"


def bracket(estimate: float, low: float | None, high: float | None) -> str:
    return "[" + points(estimate, low, high).split("[")[1]


def cell(interval: Interval, new: Interval, signed: bool = False) -> str:
    """A number with both intervals, for a table: ``76.9 [76.1, 77.6], new [74.0, 79.8]``; ``signed`` for a difference."""
    centre = points(interval.estimate).removesuffix(" points") if signed else f"{interval.estimate:.1f}"
    inside = bracket(interval.estimate, interval.low, interval.high)
    return f"{centre} {inside}, new {bracket(new.estimate, new.low, new.high) if new.low is not None else new.note}"


def sentences(answer: Answer) -> list[str]:
    """The whole answer: headline, control, worth, and how it goes on with more examples."""
    found = [headline(answer)]
    first = answer.gain[0]
    if first.decision.verdict is Verdict.UNDETERMINED and first.decision.more is not None:
        found.append(first.decision.reason.split(". ")[-1])
    control = answer.shuffled[0].episodes
    found.append(f"Rows shuffled between classes: {points(control.estimate, control.low, control.high)}.")
    found.append(worth_sentence(answer))
    return [*found, *([fading] if (fading := fading_sentence(answer)) else [])]


def worth_sentence(answer: Answer) -> str:
    worth = answer.worth
    if worth.censored == "above":
        return f"Worth at least {worth.value:.1f} extra examples per class."
    if worth.value <= 0.05:
        return "Worth no extra examples."
    interval = "" if worth.low is None or worth.high is None else f" [{number(worth.low)}, {number(worth.high)}]"
    return f"Worth about {number(worth.value)} extra examples per class{interval}."


def fading_sentence(answer: Answer) -> str:
    """From how many examples on it makes no practical difference, or what is left at the most examples."""
    shots = answer.spec.shots
    equivalent = [difference.decision.verdict is Verdict.EQUIVALENT for difference in answer.gain]
    for index, shot in enumerate(shots):
        if all(equivalent[index:]):
            return f"No practical difference from {examples(shot).replace('labelled ', '')} on." if index else ""
    last = answer.gain[-1].episodes
    return f"With {examples(shots[-1])}, {points(last.estimate, last.low, last.high)}."


def examples(shot: int) -> str:
    return f"{NUMBERS.get(shot, str(shot))} labelled {'example' if shot == 1 else 'examples'}"


def number(value: float) -> str:
    text = f"{value:.1f}".replace("-", MINUS)
    return text.removeprefix(MINUS) if float(f"{value:.1f}") == 0 else text
