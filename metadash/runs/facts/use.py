"""A trained run at work, and how far its probabilities can be believed."""

from collections.abc import Sequence

import numpy as np

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import check_counts
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.runs.facts.learner import scoring_seconds
from metadash.specs.use import CalibrationSpec, SeenSpec, StepsSpec, UseSpec
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


STEPS = Facts[StepsSpec](steps_title, steps_seconds, check_steps)
SEEN = Facts[SeenSpec](seen_title, seen_seconds, shared=True)
CALIBRATION = Facts[CalibrationSpec](calibration_title, calibration_seconds, check, shared=True)
