"""Many subsets of the sources at once: heads that train in one loop, and one trained model with sources masked."""

from collections.abc import Sequence
from dataclasses import replace

from metadash.data.dataset import Dataset
from metadash.learners.core.fusions import MODULATING
from metadash.learners.registry import entry_of
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts, fold_words
from metadash.runs.facts.learner import scoring_seconds
from metadash.specs.check import check_run
from metadash.specs.run import Evaluation, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec

STACKED_HEAD_STEP = 3.5e-4
"""Seconds of a step of one head among many, at the usual number of tasks and ways."""

LOOP_STEP = 2e-3
"""Of a step of a few heads: what it costs whatever their number."""

STOPS_AFTER = 0.7
"""Of the most steps, where a head stops by its patience."""

MASKED_LOGIT = 3e-9
"""One query, one class, one number of shots, one arm."""

SEEN_INSTANCE = 7.6e-7
"""One instance of one test task, where subsets see different embeddings and so are counted by themselves."""


def heads_title(spec: HeadsSpec) -> str:
    run = spec.run
    return f"{len(spec.arms)} heads over {', '.join(run.sources) or 'no metadata'}, seed {run.seed}{fold_words(run.split)}"


def heads_seconds(spec: HeadsSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    run = spec.run
    return 1.5 + len(spec.arms) * (run.steps * STOPS_AFTER * stacked_step(run) + counting(run.evaluation))


def heads_check(spec: HeadsSpec, dataset: Dataset) -> None:
    check_run(spec.run, dataset)


def loop_title(spec: LoopSpec) -> str:
    read = max((run.sources for run in spec.runs), key=len)
    runs = f"{len(spec.runs)} light run{'s' if len(spec.runs) > 1 else ''}"
    return f"{runs} over {', '.join(read) or 'no metadata'}{fold_words(spec.runs[0].split)}"


def loop_seconds(spec: LoopSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    """To train the light runs of a loop, and to score all of them."""
    run, heads = spec.runs[0], len(spec.arms) * len(spec.seeds)
    scored = sum(counting(replace(run.evaluation, n_way=n_way, ways=())) for n_way in run.ways)
    step = LOOP_STEP + heads * stacked_step(run)
    return 0.5 + ((run.steps * STOPS_AFTER * step if heads else 0.0) + len(spec.runs) * scored)


def loop_check(spec: LoopSpec, dataset: Dataset) -> None:
    for run in spec.arms or spec.runs[:1]:
        check_run(run, dataset)


def masked_title(spec: MaskedSpec) -> str:
    return f"{len(spec.masks)} subsets masked: {learner.title(spec.run)}"


def masked_seconds(spec: MaskedSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    """Prototypes are counted for all subsets together, those of other embeddings by themselves; another learner is scored for each."""
    run, tests, masks = spec.run, spec.run.evaluation, spec.masks
    if not entry_of(run.learner).stacks:
        return 0.5 + len(masks) * scoring_seconds(run)
    seen = 1
    if run.fusion in MODULATING:
        bits = [s for s, name in enumerate(run.sources) if name in (run.modulating or run.sources)]
        seen = len({tuple(mask >> s & 1 for s in bits) for mask in masks})
    instances = tests.n_episodes * tests.n_way * (max(tests.shots) + tests.n_query)
    return 0.5 + (len(masks) * counting(tests) + seen * instances * SEEN_INSTANCE)


def stacked_step(run: RunSpec) -> float:
    return STACKED_HEAD_STEP * (run.meta_batch * run.evaluation.n_way / 80)


def counting(tests: Evaluation) -> float:
    """Seconds to score one arm."""
    return tests.n_episodes * len(tests.shots) * tests.n_way**2 * tests.n_query * MASKED_LOGIT


HEADS = Facts(heads_title, heads_seconds, heads_check, early=lambda spec: True)
LOOP = Facts(loop_title, loop_seconds, loop_check, early=lambda spec: True)
MASKED = Facts(masked_title, masked_seconds)
