"""How long a run will take, from what its like took here before, or from what it took us where there is none."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.training.kinds import Spec
from metadash.training.probes import ProbeSpec, ProxySpec
from metadash.training.questions import DoseSpec, WhatIfSpec, scoring_seconds
from metadash.training.spec import BackboneSpec, Evaluation, RunSpec
from metadash.training.store import Run, RunStore
from metadash.training.subsets import HeadsSpec, MaskedSpec
from metadash.training.views import AdaptationSpec, MapSpec

SECONDS_PER_IMAGE = 0.45e-3
"""Forward and backward of one 28×28 image through Conv-4-32, one core of 2024; a forward pass alone is a third of it."""

SECONDS_PER_HEAD_STEP = 4e-3
SECONDS_PER_STACKED_HEAD_STEP = 2.3e-4
SECONDS_PER_MASKED_LOGIT = 3e-9
"""One query, one class, one number of shots, one arm."""

STOPS_AFTER = 0.7
"""Of the most steps, where a head stops by its patience."""

START_UP = 6.0
"""Worker processes start and import torch: paid once a server."""


def estimate(spec: Spec, dataset: Dataset, store: RunStore, known: Sequence[Run] | None = None) -> float:
    """Seconds for one run by itself, without the runs it needs; 0 where it is stored already. ``known`` are the store's runs, if at hand."""
    if store.find(spec, dataset):
        return 0.0
    like = [run for run in (store.runs() if known is None else known) if alike(run.spec, spec)]
    rough = from_scratch(spec, len(dataset.inputs))
    return like[0].about["seconds"] * rough / from_scratch(like[0].spec, len(dataset.inputs)) if like else rough


def alike(one: Spec, other: Spec) -> bool:
    """Whether the time of one run tells the time of the other, in proportion to their sizes."""
    if isinstance(one, RunSpec) and isinstance(other, RunSpec):
        return (one.dataset, one.learner, one.mode, one.trains) == (other.dataset, other.learner, other.mode, other.trains)
    if isinstance(one, AdaptationSpec) and isinstance(other, AdaptationSpec):
        return alike(one.run, other.run)
    return type(one) is type(other) and one.dataset == other.dataset


def from_scratch(spec: Spec, n_instances: int) -> float:
    if isinstance(spec, MapSpec):
        return 2.0 + spec.background * 8e-3
    if isinstance(spec, WhatIfSpec | DoseSpec):
        return spec.rough_seconds
    if isinstance(spec, AdaptationSpec):
        tests = spec.run.evaluation
        each = SECONDS_PER_HEAD_STEP / 4
        if spec.run.mode == "full":  # twice over: once with the queries, once with the support in their place
            each = per_image(spec.run.backbone.width) * tests.n_way * (3 * spec.n_shot + tests.n_query / 3)
        return 1.0 + spec.n_steps * each
    if isinstance(spec, BackboneSpec):
        images = spec.episodes * spec.n_way * (spec.n_shot + spec.n_query)
        return per_image(spec.width) * (images + n_instances / 3)
    if isinstance(spec, ProbeSpec):
        return 3.0
    if isinstance(spec, HeadsSpec):
        arms, run = len(spec.arms), spec.run
        task = run.meta_batch * run.evaluation.n_way / 80
        return 1.5 + arms * (run.steps * STOPS_AFTER * SECONDS_PER_STACKED_HEAD_STEP * task + tally(run.evaluation))
    if isinstance(spec, MaskedSpec):
        return 0.5 + len(spec.masks) * tally(spec.run.evaluation)
    tests = spec.evaluation
    if isinstance(spec, ProxySpec):
        return 1.0 + 5 * tests.n_episodes * len(tests.shots) * tests.n_way * 1e-5 + n_instances * 3e-5
    scoring = scoring_seconds(spec)
    if not spec.trains:
        return 0.3 + scoring
    if spec.mode == "quick":
        return 1.0 + scoring + spec.steps * SECONDS_PER_HEAD_STEP * spec.meta_batch * tests.n_way / 80
    drawn = spec.steps * tests.n_way * (tests.n_query + sum(tests.shots) / len(tests.shots))
    return scoring + per_image(spec.backbone.width) * (drawn + n_instances / 3 + spec.steps / 25 * 50 * 100 / 3)


def tally(tests: Evaluation) -> float:
    """Seconds to score one arm."""
    return tests.n_episodes * len(tests.shots) * tests.n_way**2 * tests.n_query * SECONDS_PER_MASKED_LOGIT


def per_image(width: int) -> float:
    return SECONDS_PER_IMAGE * (width / 32) ** 1.4


def with_needs(specs: Sequence[Spec]) -> list[Spec]:
    """The specs and everything they build on, each once, what is needed first."""
    found: dict[Spec, None] = {}
    for spec in specs:
        for need in with_needs(spec.needs):
            found[need] = None
        found[spec] = None
    return list(found)


def estimate_all(specs: list[Spec], dataset: Dataset, store: RunStore, workers: int) -> float:
    """Seconds until all are done: what is needed comes first, the rest shares the workers."""
    parts, known = with_needs(specs), store.runs()
    first = sum(estimate(spec, dataset, store, known) for spec in parts if isinstance(spec, BackboneSpec))
    rest = [estimate(spec, dataset, store, known) for spec in parts if not isinstance(spec, BackboneSpec)]
    return first + max(sum(rest) / workers, max(rest, default=0.0))
