"""What a learner's probabilities are worth: how often it is right when it is so sure, and how well it knows strangers. Reads no torch."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from metadash.answers.export import simple
from metadash.data.given.given import Said
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.use import CalibrationSpec, UseSpec
from metadash.stats.calibration import expected_calibration_error, reliability, threshold_for
from metadash.stats.intervals import Interval, episode_interval
from metadash.stats.metric import ACCURACY
from metadash.stats.scored import as_mean
from metadash.stats.words import count


@dataclass(frozen=True)
class Trust:
    """``run`` is of a ``CalibrationSpec``. The temperature and the threshold come from validation classes, everything that is said of them from
    test classes, with its interval over their tasks and its ``n``. ``false_alarm`` is the share of members that may be rejected."""

    run: Run
    false_alarm: float

    def at(self, false_alarm: float) -> "Trust":
        """With another share. Raises BadInput for one that is none."""
        if not 0 < false_alarm < 1:
            raise BadInput(f"The false alarm rate is {false_alarm}; it must be between 0 and 1, such as 0.05.")
        return replace(self, false_alarm=false_alarm)

    @property
    def spec(self) -> CalibrationSpec:
        """The tasks behind it."""
        return self.run.spec_as(CalibrationSpec)

    @property
    def temperature(self) -> float:
        return self.run.summary["temperature"]

    @property
    def score(self) -> str:
        """By what strangers are told from members: that of ``metadash.stats.calibration.SCORES`` which does it best for validation classes."""
        return self.run.summary["score"]

    @cached_property
    def answers(self) -> pd.DataFrame:
        return self.run.frame("answers")

    def of(self, role: str, strangers: bool) -> pd.DataFrame:
        found = self.answers
        return found[(found["role"] == role) & (found["stranger"] == strangers)]

    @cached_property
    def threshold(self) -> float | None:
        """Below which an input is *none of these*; None where the data set has no class to spare for strangers."""
        members = self.of("validation", False)
        return threshold_for(members["membership"].to_numpy(), self.false_alarm) if self.spec.strangers else None

    @cached_property
    def members(self) -> pd.DataFrame:
        """Queries of test tasks, of classes that are in the task."""
        return self.of("test", False)

    @property
    def n(self) -> int:
        """Answers about test classes that ``reliability``, ``ece`` and ``accuracy`` are of."""
        return len(self.members)

    @property
    def reliability(self) -> pd.DataFrame:
        """Answers about test classes by how sure they are: ``low``, ``high``, ``n``, mean ``confidence``, share right ``accuracy``."""
        found = reliability(self.members["confidence"].to_numpy(), self.members["correct"].to_numpy())
        return pd.DataFrame([asdict(one) for one in found])

    @property
    def ece(self) -> float:
        """The expected calibration error on test classes, in points."""
        return expected_calibration_error(self.members["confidence"].to_numpy(), self.members["correct"].to_numpy())

    @property
    def ece_before(self) -> float:
        """The same without the temperature."""
        return expected_calibration_error(self.members["uncalibrated"].to_numpy(), self.members["correct"].to_numpy())

    @property
    def accuracy(self) -> Interval:
        """Of answers about test classes, in %."""
        return per_episode(self.members, self.members["correct"])

    @property
    def rejected(self) -> Interval | None:
        """The false alarm rate reached: members among test classes that are rejected, in %."""
        return None if self.threshold is None else per_episode(self.members, self.members["membership"] < self.threshold)

    @property
    def found(self) -> Interval | None:
        """Strangers among test classes that are found, in %."""
        strangers = self.of("test", True)
        return None if self.threshold is None else per_episode(strangers, strangers["membership"] < self.threshold)

    def sentences(self, given: Said) -> list[str]:
        spec = self.spec
        tasks = f"{spec.n_way}-way {spec.n_shot}-shot tasks of test classes"
        told = [
            f"On {tasks} {span(self.accuracy)} of labels are right (n = {count(self.n)} answers); probabilities are off by {self.ece:.1f} points on "
            f"average ({self.ece_before:.1f} before the temperature {self.temperature:.2g}, fitted on validation classes).",
            *differs(spec, given),
        ]
        if self.rejected is None or self.found is None:
            return [*told, "There is no class to spare for strangers, so nothing is called none of these."]
        strangers = len(self.of("test", True))
        return [
            *told,
            f"*None of these* (by the {self.score}, the best on validation classes) was set to reject {100 * self.false_alarm:g} % of members; on test "
            f"classes it rejects {span(self.rejected)} of {count(self.n)} and finds {span(self.found)} of {count(strangers)} strangers.",
        ]

    def values(self) -> dict[str, Any]:
        return {
            "n_way": self.spec.n_way,
            "n_shot": self.spec.n_shot,
            "temperature": self.temperature,
            "accuracy": simple(self.accuracy),
            "ece": self.ece,
            "ece_before": self.ece_before,
            "n": self.n,
            "reliability": self.reliability.to_dict("records"),
            "score": self.score,
            "threshold": self.threshold,
            "false_alarm": self.false_alarm,
            "rejected": None if self.rejected is None else simple(self.rejected),
            "found": None if self.found is None else simple(self.found),
            "strangers": len(self.of("test", True)),
        }


def differs(spec: CalibrationSpec, given: Said) -> list[str]:
    """A sentence where the tasks behind it are not like what was given."""
    shots = list(given.shots.values())
    own = f"{min(shots)} to {max(shots)}" if len(set(shots)) > 1 else str(shots[0])
    if spec.n_way == len(shots) and len(set(shots)) == 1 and spec.n_shot == shots[0]:
        return []
    return [
        f"You gave {len(shots)} classes with {own} examples each; the tasks nearest to that which this data set serves have {spec.n_way} and {spec.n_shot}."
    ]


def per_episode(answers: pd.DataFrame, share: pd.Series) -> Interval:
    """The mean over tasks of a share [n] of their answers, in %, with its interval over tasks of these test classes."""
    each = share.astype(float).groupby(answers["episode"]).mean().to_numpy()
    return as_mean(episode_interval(100 * each), ACCURACY)


def span(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:.1f} %"
    return f"{interval.estimate:.1f} % [{interval.low:.1f}, {interval.high:.1f}]"


def trust_in(run: Run, store: RunStore, false_alarm: float) -> Trust | None:
    """What is known of the probabilities of the ``run`` of a ``UseSpec``; None where the data set could not say. Raises BadInput where it is
    gone."""
    spec = run.spec_as(UseSpec).calibration
    if spec is None:
        return None
    found = next((need for name in run.summary["needs"] if (need := store.get(name)) and need.kind == "calibration"), None)
    if found is None and (found := store.get(run_digest(spec, open_dataset(store.workspace, spec.dataset)))) is None:
        raise BadInput("What is known of these probabilities is gone; label again.")
    return Trust(found, false_alarm).at(false_alarm)
