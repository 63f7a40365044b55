"""Which arrangement suits a data set, said completely: what gives features, what is done to them, and a light head, all on the same validation
tasks."""

from dataclasses import dataclass, replace
from typing import Annotated

from metadash.errors import BadInput
from metadash.fields import Between, Checked
from metadash.specs.run import AnyFeatures, Evaluation, RunSpec


@dataclass(frozen=True)
class ProposalSpec(Checked):
    """Runs without metadata and without anything to train beyond their features, each an arrangement; the first is the usual one.

    They are scored on the first ``tasks`` of the validation tasks that they have in common, and on no test class. Raises BadInput for runs that train or whose
    tasks differ.
    """

    runs: tuple[RunSpec, ...]
    tasks: Annotated[int, Between(20, 400)] = 200

    def settle(self) -> None:
        if not self.runs:
            raise BadInput("A proposal needs at least one arrangement.")
        tests = replace(self.runs[0].evaluation, where=None, ways=(), n_episodes=Evaluation.n_episodes)
        if any(run.trains or run.tune or run.sources for run in self.runs):
            raise BadInput("A proposal compares heads with nothing to train and without metadata.")
        if (
            len(
                {
                    (run.dataset, run.split, replace(run.evaluation, where=None, ways=(), n_episodes=tests.n_episodes))
                    for run in self.runs
                }
            )
            > 1
        ):
            raise BadInput("The arrangements of a proposal must have the same tasks.")
        self.set(runs=tuple(dict.fromkeys(replace(run, evaluation=tests, seed=0) for run in self.runs)))

    @property
    def dataset(self) -> str:
        return self.runs[0].dataset

    @property
    def needs(self) -> list[AnyFeatures]:
        return list(dict.fromkeys(run.backbone for run in self.runs))
