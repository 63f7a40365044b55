"""What is computed to look at a trained run: specs of runs that start from another run."""

from dataclasses import dataclass, field

from metadash.errors import BadInput
from metadash.training.fields import check_fields, check_range
from metadash.training.spec import RunSpec


@dataclass(frozen=True)
class MapSpec:
    """A t-SNE map (van der Maaten & Hinton 2008) of one test episode of a run, over a background of test instances.

    ``episode`` counts from 0 in the run's test manifest and is drawn at ``n_shot``; ``background`` instances are drawn evenly
    over the test classes by ``seed``, which also starts the optimisation.
    """

    run: RunSpec = field(default_factory=RunSpec)
    episode: int = 0
    n_shot: int = 1
    background: int = 1500
    perplexity: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self)
        check_range(self, "background", 50, 20_000)
        check_range(self, "perplexity", 2.0, 200.0)
        check_range(self, "seed", 0, 2**31)
        if not 0 <= self.episode < self.run.evaluation.n_episodes:
            raise BadInput(f"There is no episode {self.episode + 1}; the run was scored on {self.run.evaluation.n_episodes}.")
        if self.n_shot not in self.run.evaluation.shots:
            raise BadInput(f"The run was scored at {self.run.evaluation.shots} shots; {self.n_shot} is not among them.")
        if self.perplexity * 3 > self.background:
            raise BadInput(f"A perplexity of {self.perplexity:g} needs at least {int(self.perplexity * 3)} background instances.")

    @property
    def dataset(self) -> str:
        return self.run.dataset

    @property
    def needs(self) -> list[RunSpec]:
        return [self.run]
