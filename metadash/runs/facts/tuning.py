"""Forms of one learner tried on validation classes."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.specs.check import check_run
from metadash.specs.choosing.tuning import TuneSpec


def title(spec: TuneSpec) -> str:
    return f"{len(spec.tried)} forms tried of {learner.title(spec.run)}"


def seconds(spec: TuneSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return sum(learner.seconds(run, n_instances, shape) for _, run in spec.tried)


def check(spec: TuneSpec, dataset: Dataset) -> None:
    check_run(spec.run, dataset)


def advice(spec: TuneSpec) -> str:
    return learner.advice(spec.run)


def like(spec: TuneSpec) -> tuple:
    return spec.dataset, spec.run.learner, spec.run.backbone.backbone


TUNING = Facts(title, seconds, check, advice, like, early=lambda spec: spec.run.trains, listed=True)
