"""Ablations whose arms have known values: runs made up around them, so that the cards that must come out are known too."""

from collections.abc import Callable
from typing import Any

import numpy as np

from metadash.ablation.plan import AblationSpec
from metadash.ablation.result import Ablation, ablation
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.runs.kinds import run_digest
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.specs.subsets import HeadsSpec, MaskedSpec, SourceArm
from tests.builders import tiny_run

SOURCES = ("place", "size", "flag")
QUERIES = 10_000
Value = Callable[[SourceArm], float]


def asked(sources: tuple[str, ...] = SOURCES, **changes: Any) -> AblationSpec:
    return AblationSpec(tiny_run(sources), **changes)


def bits(arm: SourceArm) -> list[bool]:
    """Which sources are really there: in the subset, and not falsified."""
    return [bool((arm.mask & ~arm.falsified) >> s & 1) for s in range(12)]


def additive(*worth: float) -> Value:
    """Every source adds its points whatever else is there; falsified, it adds nothing."""
    return lambda arm: 50 + sum(points for points, there in zip(worth, bits(arm), strict=False) if there)


def store_arms(store: RunStore, spec: Spec, arms: list[SourceArm], tiny: Dataset, value: Value, noise: float) -> Run:
    """A finished run with the right answers that each arm's value in % makes; with more shots, a quarter of the distance to 50 % less."""
    assert isinstance(spec, (HeadsSpec, MaskedSpec))
    run = spec.run
    manifest = draw(tiny, run.evaluation.episodes(run.split, "test"))
    store.keep_manifest(manifest)
    generator = np.random.default_rng([run.seed, 7])
    fade = 0.75 ** np.arange(len(run.evaluation.shots))
    means = np.array([[50 + 10 * k + (value(arm) - 50) * f for k, f in enumerate(fade)] for arm in arms])
    accuracy = means[:, :, None] + generator.normal(0, noise, (len(arms), 1, len(manifest)))
    return store.write(
        run_digest(spec, tiny),
        spec,
        tiny,
        summary={"manifest": manifest.hash, "n_test_classes": 15, "queries": QUERIES, "batch_norm": "running"},
        environment={},
        seconds=1.5,
        frames={},
        arrays={"correct": np.rint(accuracy / 100 * QUERIES).astype(np.uint16)},
        weights={},
        log="",
    )


def made_up(
    spec: AblationSpec, tiny: Dataset, store: RunStore, value: Value, noise: float = 0.0, seeds: int | None = None
) -> Ablation:
    """The ablation of runs made up around ``value``, for the first ``seeds`` seeds."""
    for seed in spec.seeds[:seeds]:
        for cell in spec.cells(seed):
            store_arms(store, cell, spec.arms, tiny, value, noise)
    found = ablation(spec, tiny, store)
    assert found is not None
    return found


def points(differences: Any, shot: int = 0) -> float:
    return differences[shot].episodes.estimate
