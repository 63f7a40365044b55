"""How much more often a learner is expected to be right with more examples: read off its own test tasks, between the shots it was scored at."""

import math

from metadash.dashboard.parts.escape import unbroken
from metadash.stats.scored import Scores


def expected(scores: Scores, examples: float) -> float:
    """The mean score with so many examples of a class, between the scored shots on a logarithmic scale; beyond them, that of the last."""
    shots = [shot for shot in scores.shots if shot > 0]
    means = [scores.means(shot)[0].estimate for shot in shots]
    for (low, at_low), (high, at_high) in zip(
        zip(shots, means, strict=True), zip(shots[1:], means[1:], strict=True), strict=False
    ):
        if examples <= high:
            share = (math.log(max(examples, low)) - math.log(low)) / (math.log(high) - math.log(low))
            return at_low + share * (at_high - at_low)
    return means[-1]


def rise_words(scores: Scores, tasks: str, before: float, after: float) -> str:
    """``With 2.4 examples of each instead of 2, on average, it is expected to be right in 73.1 % instead of 71.0 % (read off its test tasks,
    5-way siblings).``; empty where nothing was added, or
    it was scored at one number of shots alone."""
    if after <= before or sum(shot > 0 for shot in scores.shots) < 2:
        return ""
    first, then = expected(scores, before), expected(scores, after)
    said = scores.metric.said
    return (
        f"With {after:.3g} examples of each instead of {before:.3g}, on average, it is expected to be right in {unbroken(said(then))} instead of "
        f"{unbroken(said(first))} (read off its test tasks, {tasks})."
    )
