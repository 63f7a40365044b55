"""A trained learner at work: specs of runs that label what a person gave, and of how far its probabilities can be believed."""

from dataclasses import dataclass
from typing import Annotated

from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.fields import SEED, Between
from metadash.learners.registry import entry_of
from metadash.specs.run import RunSpec
from metadash.specs.views import OfRun

MOST_WAYS = 1000


@dataclass(frozen=True)
class CalibrationSpec(OfRun):
    """How far a trained run's probabilities can be believed: its temperature from tasks of validation classes, and what that is worth on
    tasks of test classes, which had no part in it.

    ``n_episodes`` tasks of each role, of ``n_way`` classes with ``n_shot`` labelled examples and ``n_query`` queries each, and as many
    queries of one class that is not in the task: strangers, by which *none of these* is judged (where ``strangers`` says that there are
    enough classes for one more). ``told`` are the sources that the learner is told of the classes. Nothing is trained.
    """

    run: RunSpec
    n_way: Annotated[int, Between(2, MOST_WAYS)] = 5
    n_shot: Annotated[int, Between(0, 1000)] = 1
    n_query: Annotated[int, Between(1, 1000)] = 5
    told: tuple[str, ...] = ()
    strangers: bool = True
    n_episodes: Annotated[int, Between(1, 100_000)] = 200
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        fixed = self.run.evaluation.n_way
        if entry_of(self.run.learner).fixed_way and self.n_way != fixed:
            raise BadInput(
                f"The learner '{self.run.learner}' tells {fixed} classes apart, neither more nor fewer; n_way is {self.n_way}."
            )
        if stray := [name for name in self.told if name not in self.run.sources or not self.run.reads_at_test]:
            raise BadInput(f"The source '{stray[0]}' is to be told, and the learner does not read it.")
        self.set(told=tuple(name for name in self.run.sources if name in self.told))

    def episodes(self, role: str) -> EpisodeSpec:
        """The tasks of one role; where there are strangers, the last class of each is theirs, and its examples are not shown."""
        ways = self.n_way + self.strangers
        return EpisodeSpec(
            Pool(self.run.split, role), ways, self.n_shot, self.n_query, seed=self.seed, n_episodes=self.n_episodes
        )


@dataclass(frozen=True)
class UseSpec(OfRun):
    """A trained run labels what a person ``given`` it: the name of a folder that ``metadash.data.given`` keeps.

    Its probabilities are those of ``calibration``, None where the data set has too few classes to say anything about them. ``false_alarm``
    is the share of true members that *none of these* may reject.
    """

    run: RunSpec
    given: str
    calibration: CalibrationSpec | None = None
    false_alarm: Annotated[float, Between(0.001, 0.5)] = 0.05

    def settle(self) -> None:
        if self.calibration is not None and self.calibration.run != self.run:
            raise BadInput("The calibration must be of the learner that labels.")

    @property
    def needs(self) -> list:
        """The learner, and what is known of its probabilities."""
        return [self.run, *([] if self.calibration is None else [self.calibration])]
