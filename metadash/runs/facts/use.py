"""A trained run at work, and how far its probabilities can be believed."""

from collections.abc import Sequence

import numpy as np

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import check_counts
from metadash.errors import BadInput
from metadash.networks.encoders.registry import encoder_entry, is_trained
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.runs.facts.learner import scoring_seconds
from metadash.specs.run import RunSpec
from metadash.specs.use import CalibrationSpec, LeavingSpec, SeenSpec, StepsSpec, UseSpec
from metadash.stats.words import plural_of

PER_PIXEL = 1e-6
"""Seconds for a pixel that a usual network looks at; how many inputs there are only the folder knows, and a few hundred are reckoned with."""


def title(spec: UseSpec) -> str:
    return f"Labels by: {learner.title(spec.run)}"


def calibration_title(spec: CalibrationSpec) -> str:
    shots = f"{spec.n_shot} shot{'s' * (spec.n_shot != 1)}"
    return f"How sure at {spec.n_way} ways and {shots} may be: {learner.title(spec.run)}"


def check(spec: CalibrationSpec, dataset: Dataset) -> None:
    for role in ("validation", "test"):
        check_counts(pool_table(dataset, spec.episodes(role)), spec.episodes(role))


def use_seconds(spec: UseSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 2.0 + (0.0 if spec.seen else 300 * PER_PIXEL * float(np.prod(shape)))


def calibration_seconds(spec: CalibrationSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tests = spec.run.evaluation
    asked = 2 * spec.n_episodes / (tests.n_episodes * len(tests.shots))
    return 1.0 + scoring_seconds(spec.run) * asked


def seen_title(spec: SeenSpec) -> str:
    return f"Features {spec.backbone.title} of what was given"


def seen_seconds(spec: SeenSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 2.0 + 300 * PER_PIXEL * float(np.prod(shape))


USE = Facts[UseSpec](title, use_seconds, interactive=True)


def steps_title(spec: StepsSpec) -> str:
    return f"What to do next, for {plural_of(len(spec.states), 'class')}: {learner.title(spec.run)}"


def check_steps(spec: StepsSpec, dataset: Dataset) -> None:
    check_counts(pool_table(dataset, spec.episodes), spec.episodes)


def steps_seconds(spec: StepsSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tests = spec.run.evaluation
    asked = spec.n_episodes * len(spec.different) * (2 + len(spec.run.sources)) / (tests.n_episodes * len(tests.shots))
    return 1.0 + scoring_seconds(spec.run) * asked


def leaving_title(spec: LeavingSpec) -> str:
    return f"As a folder: {learner.title(spec.run)}"


def check_leaving(spec: LeavingSpec, dataset: Dataset) -> None:
    refuse_to_leave(spec.run, dataset)


def refuse_to_leave(spec: RunSpec, dataset: Dataset) -> None:
    """Raises BadInput, in one sentence, for a learner that cannot be asked without its data set."""
    why = ""
    if spec.control != "none":
        why = "was trained on falsified metadata, as a control, and is of no use elsewhere"
    elif spec.blur:
        why = "reads blurred metadata, and how rare a value is only its data set says"
    elif any(dataset.source(name).level != "class" for name in spec.sources if spec.reads_at_test):
        why = "reads metadata of single instances, which cannot leave yet"
    elif spec.backbone.needs:
        why = "has a network over features that are fitted on the texts of its data set"
    elif not is_trained(spec.backbone.backbone) and encoder_entry(spec.backbone.backbone).fits:
        why = f"reads {spec.backbone.title}, which is fitted on the inputs of its data set"
    if why:
        raise BadInput(f"This learner cannot leave its workspace: it {why}; ask it here, or train another one.")


def leaving_seconds(spec: LeavingSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 1.0


LEAVING = Facts[LeavingSpec](leaving_title, leaving_seconds, check_leaving)
STEPS = Facts[StepsSpec](steps_title, steps_seconds, check_steps)
SEEN = Facts[SeenSpec](seen_title, seen_seconds, shared=True)
CALIBRATION = Facts[CalibrationSpec](calibration_title, calibration_seconds, check, shared=True)
