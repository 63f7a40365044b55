"""A trained learner at work: specs of runs that label what a person gave, and of how far its probabilities can be believed."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked
from metadash.learners.registry import entry_of
from metadash.specs.run import AnyFeatures, RunSpec
from metadash.specs.views import OfRun

MOST_WAYS = 1000


def check_ways(run: RunSpec, n_way: int) -> None:
    """Raises BadInput for a number of classes that the learner cannot tell apart."""
    fixed = run.evaluation.n_way
    if entry_of(run.learner).fixed_way and n_way != fixed:
        raise BadInput(f"The learner '{run.learner}' tells {fixed} classes apart, neither more nor fewer; n_way is {n_way}.")


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
        check_ways(self.run, self.n_way)
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
class SeenSpec(Checked):
    """Features of what a person gave, by a backbone or an encoder: the same however often they correct its labels. ``inputs`` is the name of
    a folder that ``metadash.data.given`` keeps."""

    backbone: AnyFeatures
    inputs: str

    @property
    def dataset(self) -> str:
        return self.backbone.dataset

    @property
    def needs(self) -> list[AnyFeatures]:
        """What makes the features."""
        return [self.backbone]


@dataclass(frozen=True)
class UseSpec(OfRun):
    """A trained run labels what a person ``given`` it: the name of a folder that ``metadash.data.given`` keeps, and ``inputs`` that of the
    folder in which the inputs lie.

    Its probabilities are those of ``calibration``, None where the data set has too few classes to say anything about them. ``false_alarm``
    is the share of true members that *none of these* may reject.
    """

    run: RunSpec
    given: str
    inputs: str
    calibration: CalibrationSpec | None = None
    false_alarm: Annotated[float, Between(0.001, 0.5)] = 0.05

    def settle(self) -> None:
        if self.calibration is not None and self.calibration.run != self.run:
            raise BadInput("The calibration must be of the learner that labels.")

    @property
    def needs(self) -> list:
        """The learner, what it sees of the inputs where that is the same for every task, and what is known of its probabilities."""
        return [self.run, *self.seen, *([] if self.calibration is None else [self.calibration])]

    @property
    def seen(self) -> list[SeenSpec]:
        """The features that the learner reads; none where it reads the inputs, or has a network of its own."""
        run = self.run
        frozen = run.mode == "quick" and entry_of(run.learner).reads_embeddings and not run.from_random
        return [SeenSpec(run.backbone, self.inputs)] if frozen else []


@dataclass(frozen=True)
class LeavingSpec(OfRun):
    """A trained run as it leaves its workspace: its tensors, the metadata that its sources are fitted on, and what its probabilities are
    worth by the tasks of ``trust``. Nothing is trained."""

    run: RunSpec
    trust: tuple[CalibrationSpec, ...] = ()

    def settle(self) -> None:
        if any(one.run != self.run for one in self.trust):
            raise BadInput("The calibrations must be of the learner that leaves.")

    @property
    def needs(self) -> list:
        """The learner, and what is known of its probabilities."""
        return [self.run, *self.trust]


LABEL = "label"
"""The step that gives a class one more example; every other step is the name of a source that one class is told."""


@dataclass(frozen=True)
class StepsSpec(OfRun):
    """What one more example, or one more source, of a single class is worth to a trained run, by what is known of the class already.

    ``states`` are rows of (examples, sources that are told …) of the classes at hand, as often as there are such classes. In each of
    ``n_episodes`` tasks of ``role`` classes one class is in the state that is asked about and the others are in states drawn among all;
    then that one class gets an example more, or a source more, and all queries are asked again. Nothing is trained.
    """

    run: RunSpec
    states: tuple[tuple[Any, ...], ...]
    n_way: Annotated[int, Between(2, MOST_WAYS)] = 5
    n_query: Annotated[int, Between(1, 1000)] = 5
    n_episodes: Annotated[int, Between(1, 100_000)] = 400
    role: Literal["validation", "test"] = "validation"
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        read = self.run.sources if self.run.reads_at_test else ()
        for state in self.states:
            if not state or not isinstance(state[0], int) or state[0] < 0 or any(name not in read for name in state[1:]):
                raise BadInput(
                    f"A state is {state!r:.60}; it must be a number of examples, then names of sources that the learner reads."
                )
        if not self.states:
            raise BadInput("There is no class to take a step with; name the states of one or more.")
        check_ways(self.run, self.n_way)
        self.set(states=tuple(sorted((state[0], *[name for name in read if name in state[1:]]) for state in self.states)))

    @property
    def different(self) -> list[tuple[Any, ...]]:
        """The states, each once."""
        return list(dict.fromkeys(self.states))

    @property
    def episodes(self) -> EpisodeSpec:
        """The tasks, with as many examples as any class will have."""
        n_shot = max(state[0] for state in self.states) + 1
        return EpisodeSpec(
            Pool(self.run.split, self.role), self.n_way, n_shot, self.n_query, seed=self.seed, n_episodes=self.n_episodes
        )
