"""What a published map or published prototypes let a reader guess, read off a finished probe."""

from dataclasses import dataclass

import numpy as np

from metadash.runs.store import Run
from metadash.specs.probes import ProbeSpec
from metadash.stats.intervals import Interval, group_jackknife
from metadash.stats.scored import as_mean


@dataclass(frozen=True)
class Giveaway:
    """``accuracy`` in % with its interval over classes (points of one class are guessed alike); ``chance`` is what always guessing the
    commonest value gets, in %."""

    what: str
    column: str
    guessed_as: str
    accuracy: Interval
    chance: float
    n_points: int
    levels: int

    @property
    def leaks(self) -> bool:
        return self.accuracy.low is not None and self.accuracy.low > self.chance

    @property
    def sentence(self) -> str:
        """``Publishing this map lets a reader guess 'vendor' with 71 % accuracy [68, 74], chance 12 %.``"""
        low, high = self.accuracy.low, self.accuracy.high
        bounds = f" [{low:.0f}, {high:.0f}]" if low is not None and high is not None else ""
        shown = {"map": "this map", "prototypes": "these prototypes"}[self.what]
        exact = f" (as {self.guessed_as})" if self.guessed_as else ""
        if self.leaks:
            return (
                f"Publishing {shown} lets a reader guess '{self.column}'{exact} with {self.accuracy.estimate:.0f} % accuracy{bounds}, "
                f"chance {self.chance:.0f} %."
            )
        return (
            f"A reader of {shown} guesses '{self.column}'{exact} with {self.accuracy.estimate:.0f} % accuracy{bounds}; "
            f"that is not surely more than chance, {self.chance:.0f} %."
        )


def giveaway(run: Run) -> Giveaway:
    """Read a finished run of the kind *probe*."""
    spec, frame = run.spec_as(ProbeSpec), run.frame("guesses")
    right = 100 * (frame["truth"] == frame["guess"]).to_numpy(dtype=float)
    chance = 100 * float(frame["truth"].value_counts(normalize=True).iloc[0])
    interval = as_mean(group_jackknife(right, np.asarray(frame["class_id"])))
    return Giveaway(spec.what, spec.column, run.summary["guessed_as"], interval, chance, len(frame), run.summary["levels"])
