"""Arrangements compared on validation classes."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.runs.facts.facts import USUAL_SHAPE, Facts, fewer_ways, fold_words
from metadash.specs.check import check_run
from metadash.specs.choosing.proposal import ProposalSpec

SECONDS_PER_TASK = {"prototypical": 1e-4, "logistic": 2e-3}


def title(spec: ProposalSpec) -> str:
    return f"{len(spec.runs)} arrangements on validation classes, {spec.dataset}{fold_words(spec.runs[0].split)}"


def seconds(spec: ProposalSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tasks = spec.tasks * len(spec.runs[0].evaluation.shots)
    return 1.0 + tasks * sum(SECONDS_PER_TASK.get(run.learner, 2e-3) for run in spec.runs)


def check(spec: ProposalSpec, dataset: Dataset) -> None:
    for run in spec.runs:
        check_run(run, dataset)


def advice(spec: ProposalSpec) -> str:
    tests = spec.runs[0].evaluation
    return f"Ask with {fewer_ways(tests.n_way, tests.n_query)}."


PROPOSAL = Facts(title, seconds, check, advice)
