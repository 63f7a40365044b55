"""A trained run at work, and how far its probabilities can be believed."""

from collections.abc import Sequence

import numpy as np

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import check_counts
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.runs.facts.learner import scoring_seconds
from metadash.specs.use import CalibrationSpec, UseSpec

PER_PIXEL = 1.5e-6
"""Seconds to look at a thousand pixels of an input, with the usual networks."""


def title(spec: UseSpec) -> str:
    return f"Labels by: {learner.title(spec.run)}"


def calibration_title(spec: CalibrationSpec) -> str:
    shots = f"{spec.n_shot} shot{'s' * (spec.n_shot != 1)}"
    return f"How sure at {spec.n_way} ways and {shots} may be: {learner.title(spec.run)}"


def check(spec: CalibrationSpec, dataset: Dataset) -> None:
    for role in ("validation", "test"):
        check_counts(pool_table(dataset, spec.episodes(role)), spec.episodes(role))


def use_seconds(spec: UseSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 3.0 + PER_PIXEL * float(np.prod(shape))


def calibration_seconds(spec: CalibrationSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tests = spec.run.evaluation
    asked = 2 * spec.n_episodes / (tests.n_episodes * len(tests.shots))
    return 1.0 + scoring_seconds(spec.run) * asked


USE = Facts[UseSpec](title, use_seconds, interactive=True)
CALIBRATION = Facts[CalibrationSpec](calibration_title, calibration_seconds, check, shared=True)
