"""How accuracy is expected to rise with more examples, from the learner's own curve over shots. Reads no torch."""

from dataclasses import dataclass

import numpy as np

from metadash.answers.scores import load_scores
from metadash.data.given.given import Given
from metadash.runs.store import Run, RunStore
from metadash.specs.run import RunSpec
from metadash.stats.intervals import Interval
from metadash.stats.scored import Scores, gain_intervals
from metadash.stats.shots import stretch


@dataclass(frozen=True)
class Rise:
    """From ``before`` to ``after`` examples per class on average, at ``n_way`` classes: the gain in points ``on_these`` test classes and ``on_new``
    ones; None where none of its tests lies between. ``beyond``: more examples than the learner was tested with."""

    before: float
    after: float
    n_way: int
    on_these: Interval | None
    on_new: Interval | None
    beyond: bool

    @property
    def sentence(self) -> str:
        """``From 2 to 2.5 examples per class accuracy rises by +1.4 points [1.2, 1.6] …``"""
        span = f"From {self.before:g} to {self.after:g} examples per class"
        if self.on_these is None:
            return f"{span}: the learner was not tested with such numbers, so nothing is known of the rise."
        new = "" if self.on_new is None or self.on_new.low is None else f", {self.on_new.bracket} on new classes"
        tail = "; beyond what it was tested with, it counts as no rise" if self.beyond else ""
        return f"{span} its accuracy rose by {self.on_these.words} on {self.n_way}-way tasks of test classes{new}{tail}."


def expected_rise(run: Run, store: RunStore, before: Given, after: Given) -> Rise:
    """What is to be expected of the examples that ``after`` has more than ``before`` (corrections, say), from the tested learner's ``run``."""
    shots = [float(np.mean([given.shots.get(name, 0) for name in before.classes])) for given in (before, after)]
    return rise(load_scores([run], store), run.spec_as(RunSpec), shots[0], shots[1], len(after.classes))


def rise(scores: Scores, spec: RunSpec, before: float, after: float, n_way: int) -> Rise:
    """Between two numbers of examples; between those that were tested, on a line over their logarithm, task by task."""
    ways = min(scores.ways, key=lambda known: abs(known - n_way))
    own = scores.at_ways(ways)
    known = [shot for shot in own.shots if shot or not spec.guesses]
    if before >= known[-1] or after <= known[0] or len(known) < 2:
        return Rise(round(before, 2), round(after, 2), ways, None, None, after > known[-1])
    gains = own.metric.scale * (at(own, known, after) - at(own, known, before))
    on_these, on_new = gain_intervals(gains, own)
    return Rise(round(before, 2), round(after, 2), ways, on_these, on_new, after > known[-1])


def at(scores: Scores, known: list[int], shots: float) -> np.ndarray:
    """[E] the score of every task at any number of shots within those ``known``."""
    curve = np.stack([scores.at(shot).mean(axis=0) for shot in known])
    scale = stretch(np.array([*known, min(max(shots, known[0]), known[-1])], dtype=float))
    place = min(int(np.searchsorted(scale[:-1], scale[-1], side="right")) - 1, len(known) - 2)
    share = (scale[-1] - scale[place]) / (scale[place + 1] - scale[place])
    return (1 - share) * curve[place] + share * curve[place + 1]
