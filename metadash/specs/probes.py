"""Specs of what is computed to see what metadata give away, and what a published map or a published prototype gives away of it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked
from metadash.specs.run import Evaluation, RunSpec
from metadash.specs.views import MapSpec


@dataclass(frozen=True)
class ProxySpec(Checked):
    """The test tasks answered from instance metadata alone: each query goes to the class whose labelled examples have the most similar
    metadata on average (a prototype of metadata). Nothing is trained, so this is the least that a learner could get out of it."""

    dataset: str
    split: str
    sources: tuple[str, ...] = ()
    evaluation: Evaluation = field(default_factory=Evaluation)

    def settle(self) -> None:
        if not self.sources or len(set(self.sources)) < len(self.sources):
            raise BadInput("Name at least one instance source, each once.")

    @property
    def seed(self) -> int:
        """There is nothing to draw but the tasks, which have a seed of their own."""
        return 0

    @property
    def needs(self) -> list:
        return []


@dataclass(frozen=True)
class ProbeSpec(Checked):
    """An attribute-inference probe: somebody who has the points of a map, or a run's prototypes, and the value of ``column`` for most of
    them, guesses it for the rest (after Fredrikson et al. 2014; cross-validated in ``folds``).

    *map*: the instances of ``map`` at their two coordinates; *prototypes*: the test classes of its run at their prototypes of
    ``map.n_shot`` examples, with the metadata's pull. ``method`` is multinomial logistic regression or the five nearest neighbours.
    """

    map: MapSpec
    what: Literal["map", "prototypes"] = "map"
    column: str = ""
    method: Literal["neighbours", "logistic"] = "neighbours"
    folds: Annotated[int, Between(2, 50)] = 5
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        if not self.column:
            raise BadInput("Name the column that is to be guessed.")

    @property
    def dataset(self) -> str:
        return self.map.dataset

    @property
    def needs(self) -> list[RunSpec] | list[MapSpec]:
        return [self.map] if self.what == "map" else [self.map.run]
