"""How long a run will take, from what its like took here before, or from what it took us where there is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from metadash.data.dataset import Dataset
from metadash.learners.core.fusions import MODULATING
from metadash.learners.registry import check_options, entry_of
from metadash.networks.encoders.registry import encoder_entry
from metadash.networks.registry import backbone_entry
from metadash.runs.queue.outlook import Piece, makespan
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.specs.features import FeaturesSpec
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.run import LOOK_EVERY, VALIDATION_EPISODES, AnyFeatures, BackboneSpec, Evaluation, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec, scoring_seconds

SECONDS_PER_STEP = 4e-3
"""Of a training step whatever its size: drawing rows, the optimiser, the report."""

SECONDS_PER_HEAD_STEP = 4e-3
SECONDS_PER_STACKED_HEAD_STEP = 3.5e-4
SECONDS_PER_LOOP_STEP = 2e-3
"""Of a step of a few heads: what it costs whatever their number."""
SECONDS_PER_MASKED_LOGIT = 3e-9
"""One query, one class, one number of shots, one arm."""

FILM = {"instance": 2e-6, "source": 0.8e-6}
"""Seconds that FiLM adds to a training step for each instance in it, and for each source that is read of it."""

SECONDS_PER_SEEN_INSTANCE = 7.6e-7
"""One instance of one test task, where subsets see different embeddings and so are counted by themselves."""

STOPS_AFTER = 0.7
"""Of the most steps, where a head stops by its patience."""
INNER_STEP = 1e-3
"""One inner step, whatever its size; of a whole network, or of the heads of a batch of tasks at once."""

SMALL_BATCH = 1.25
"""An image costs so much more in the few of a support than in a large batch."""

SECOND_ORDER = 6.5
"""Inner steps that are differentiated through, against a forward and a backward pass."""

MOVED = {"scoring": 8e-9, "first order": 16e-9, "second order": 28e-9}
"""Seconds for each parameter that an inner step moves."""

GATED = {"scoring": 0.8e-6, "training": 1.6e-6}
"""The same where an LSTM decides how (with the usual hidden units)."""

LATEST = 3
"""Runs alike, the newest, whose middle tells how long another takes: one of them may have been an odd one."""


@dataclass(frozen=True)
class Size:
    """How much work a run is: ``seconds`` of one processor here, and whether that is ``known`` from its like or only reckoned."""

    seconds: float
    known: bool


def estimate(spec: Spec, dataset: Dataset, store: RunStore, known: Sequence[Run] | None = None) -> float:
    """Seconds for one run by itself, without the runs it needs; 0 where it is stored already. ``known`` are the store's runs, if at hand."""
    return 0.0 if store.find(spec, dataset) else size(spec, dataset, store.runs() if known is None else known).seconds


def size(spec: Spec, dataset: Dataset, known: Sequence[Run]) -> Size:
    """Of one run by itself, whether it is stored or not, from the ``known`` runs, newest first."""
    rough = from_scratch(spec, *dataset.inputs.shape)
    like = [run for run in known if alike(run.spec, spec)][:LATEST]
    if not like:
        return Size(rough, False)
    return Size(rough * median(quiet_seconds(run) / from_scratch(run.spec, *dataset.inputs.shape) for run in like), True)


def known_runs(store: RunStore) -> list[Run]:
    """All that are stored, newest first, read again only when one has come or gone: a page asks every second."""
    folder, changed = str(store.folder), store.folder.stat().st_mtime_ns
    kept = KNOWN.get(folder)
    if kept is None or kept[0] != changed:
        kept = changed, store.runs()
        KNOWN.clear()
        KNOWN[folder] = kept
    return kept[1]


KNOWN: dict[str, tuple[int, list[Run]]] = {}
"""Of the workspace that was asked for last: when its folder of runs changed, and the runs."""


def quiet_seconds(run: Run) -> float:
    """What a stored run took, without what it waited for the processor while others had it."""
    return max(min(run.about["seconds"], run.cost.get("cpu_seconds") or math.inf), 1e-3)


def alike(one: Spec, other: Spec) -> bool:
    """Whether the time of one run tells the time of the other, in proportion to their sizes."""
    return family(one) == family(other)


def family(spec: Spec) -> tuple:
    """Equal of runs that are alike."""
    if isinstance(spec, RunSpec):
        return RunSpec, spec.dataset, spec.learner, spec.mode, spec.trains, spec.backbone.backbone
    if isinstance(spec, FeaturesSpec):
        return FeaturesSpec, spec.dataset, spec.encoder
    if isinstance(spec, BackboneSpec):
        return BackboneSpec, spec.dataset, spec.backbone, bool(spec.start)
    if isinstance(spec, AdaptationSpec):
        return AdaptationSpec, *family(spec.run)
    return type(spec), spec.dataset


def may_end_early(spec: Spec) -> bool:
    """Whether it stops by its patience, at a step that nobody knows beforehand."""
    return isinstance(spec, HeadsSpec | LoopSpec) or (isinstance(spec, RunSpec) and spec.trains)


def from_scratch(spec: Spec, n_instances: int, *shape: int) -> float:
    """``shape`` of one input; by default an image of 28×28."""
    shape = shape or (28, 28)
    if isinstance(spec, MapSpec):
        return 2.0 + spec.background * 8e-3
    if isinstance(spec, WhatIfSpec | DoseSpec):
        return spec.rough_seconds
    if isinstance(spec, AdaptationSpec):
        tests = spec.run.evaluation
        each = SECONDS_PER_HEAD_STEP / 4
        if spec.run.mode == "full":  # twice over: once with the queries, once with the support in their place
            each = per_input(spec.run.backbone, shape) * tests.n_way * (3 * spec.n_shot + tests.n_query / 3)
        return 1.0 + spec.n_steps * each
    if isinstance(spec, FeaturesSpec):
        return 0.5 + per_input(spec, shape) * n_instances
    if isinstance(spec, BackboneSpec):
        images = 0 if spec.start else spec.episodes * spec.n_way * (spec.n_shot + spec.n_query)
        return per_input(spec, shape) * (images + n_instances / 3) + (0 if spec.start else spec.episodes) * SECONDS_PER_STEP
    if isinstance(spec, ProbeSpec):
        return 3.0
    if isinstance(spec, HeadsSpec):
        arms, run = len(spec.arms), spec.run
        task = run.meta_batch * run.evaluation.n_way / 80
        return 1.5 + arms * (run.steps * STOPS_AFTER * SECONDS_PER_STACKED_HEAD_STEP * task + tally(run.evaluation))
    if isinstance(spec, LoopSpec):
        return 0.5 + looped(spec)
    if isinstance(spec, MaskedSpec):
        return 0.5 + masked(spec)
    tests = spec.evaluation
    if isinstance(spec, ProxySpec):
        return 1.0 + 5 * tests.n_episodes * len(tests.shots) * tests.n_way * 1e-5 + n_instances * 3e-5
    scoring, entry = scoring_seconds(spec), entry_of(spec.learner)
    if spec.mode == "full" and entry.adapts_backbone:
        return scoring + adapting_networks(spec, shape) + per_input(spec.backbone, shape) * n_instances / 3
    if not spec.trains:
        return 0.3 + scoring
    if spec.mode == "quick":
        inner = adapting_heads(spec) if "inner_steps" in entry.options else 0.0
        return 1.0 + scoring + inner + spec.steps * (SECONDS_PER_HEAD_STEP * spec.meta_batch * tests.n_way / 80 + film_step(spec))
    drawn = spec.steps * tests.n_way * (tests.n_query + sum(tests.shots) / len(tests.shots))
    looked_at = min(
        spec.steps / LOOK_EVERY["full"] * VALIDATION_EPISODES["full"] * 100, spec.steps / LOOK_EVERY["full"] * n_instances
    )
    return scoring + spec.steps * SECONDS_PER_STEP + per_input(spec.backbone, shape) * (drawn + n_instances / 3 + looked_at / 3)


def looped(spec: LoopSpec) -> float:
    """Seconds to train the light runs of a loop and to score all of them."""
    run, heads = spec.runs[0], len(spec.arms) * len(spec.seeds)
    scored = sum(tally(replace(run.evaluation, n_way=n_way, ways=())) for n_way in run.ways)
    task = run.meta_batch * run.evaluation.n_way / 80
    step = SECONDS_PER_LOOP_STEP + heads * SECONDS_PER_STACKED_HEAD_STEP * task
    return (run.steps * STOPS_AFTER * step if heads else 0.0) + len(spec.runs) * scored


def film_step(spec: RunSpec) -> float:
    """What FiLM adds to one training step; nothing without it."""
    if spec.fusion not in MODULATING:
        return 0.0
    tests, sources = spec.evaluation, len(spec.modulating or spec.sources)
    instances = spec.meta_batch * tests.n_way * (tests.n_query + sum(tests.shots) / len(tests.shots))
    return instances * (FILM["instance"] + FILM["source"] * sources)


def masked(spec: MaskedSpec) -> float:
    """Prototypes are counted for all subsets together, those of other embeddings by themselves; another learner is scored for each."""
    run, tests, masks = spec.run, spec.run.evaluation, spec.masks
    if run.learner != "prototypical":
        return len(masks) * scoring_seconds(run)
    seen = 1
    if run.fusion in MODULATING:
        bits = [s for s, name in enumerate(run.sources) if name in (run.modulating or run.sources)]
        seen = len({tuple(mask >> s & 1 for s in bits) for mask in masks})
    instances = tests.n_episodes * tests.n_way * (max(tests.shots) + tests.n_query)
    return len(masks) * tally(tests) + seen * instances * SECONDS_PER_SEEN_INSTANCE


def tally(tests: Evaluation) -> float:
    """Seconds to score one arm."""
    return tests.n_episodes * len(tests.shots) * tests.n_way**2 * tests.n_query * SECONDS_PER_MASKED_LOGIT


def per_input(spec: AnyFeatures, shape: Sequence[int]) -> float:
    """Seconds of a forward and a backward pass of one input; of an encoder, of encoding it."""
    if isinstance(spec, FeaturesSpec):
        return encoder_entry(spec.encoder).seconds_per_input
    return backbone_entry(spec.backbone).seconds_per_input(spec.width, shape)


def adapting_networks(spec: RunSpec, shape: Sequence[int]) -> float:
    """Seconds to train and score a learner that adapts its whole network to every single task."""
    tests, entry = spec.evaluation, entry_of(spec.learner)
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    one, queries = per_input(spec.backbone, shape), tests.n_way * tests.n_query
    weights = backbone_entry(spec.backbone.backbone).weights(spec.backbone.width, math.prod(shape))
    gated = {key: value * weights if spec.learner == "meta-lstm" else 0.0 for key, value in GATED.items()}
    order = "second order" if entry.through and not options.first_order else "first order"
    images = SECOND_ORDER if order == "second order" else SMALL_BATCH

    def training(shots: int) -> float:
        batch = options.inner_batch if "inner_batch" in entry.options else shots * tests.n_way
        step = INNER_STEP + batch * images * one + weights * MOVED[order] + gated["training"]
        return SECONDS_PER_STEP + options.inner_steps * step + 1.4 * queries * one

    def scoring(shots: int) -> float:
        steps = options.inner_steps if options.eval_steps is None else options.eval_steps
        step = INNER_STEP + shots * tests.n_way * SMALL_BATCH * one + weights * MOVED["scoring"] + gated["scoring"]
        return steps * step + queries * one / 3

    looks = spec.steps / LOOK_EVERY["adapting"]
    train, score = (sum(part(shots) for shots in tests.shots) for part in (training, scoring))
    return spec.steps * train / len(tests.shots) + score * (
        tests.n_episodes + looks * VALIDATION_EPISODES["full"] / len(tests.shots)
    )


def adapting_heads(spec: RunSpec) -> float:
    """Seconds of the inner steps of linear heads, many tasks at once."""
    tests, options = spec.evaluation, check_options(spec.learner, dict(spec.options), spec.mode)
    gated = spec.learner == "meta-lstm"
    steps = options.inner_steps if options.eval_steps is None else options.eval_steps
    scored = len(tests.shots) * (tests.n_episodes + spec.steps / LOOK_EVERY["quick"] * VALIDATION_EPISODES["quick"])
    ways = tests.n_way / 5
    return ways * (
        spec.steps * options.inner_steps * INNER_STEP * (4 if gated else 1) + scored * steps * (1.2e-4 if gated else 8e-6)
    )


def with_needs(specs: Sequence[Spec]) -> list[Spec]:
    """The specs and everything they build on, each once, what is needed first."""
    found: dict[Spec, None] = {}
    for spec in specs:
        for need in with_needs(spec.needs):
            found[need] = None
        found[spec] = None
    return list(found)


def estimate_all(specs: list[Spec], dataset: Dataset, store: RunStore, workers: int) -> float:
    """Seconds until all are done, with all that they need."""
    known = known_runs(store)
    return seconds_until_done([(spec, estimate(spec, dataset, store, known)) for spec in with_needs(specs)], workers)


def seconds_until_done(parts: Sequence[tuple[Spec, float]], workers: int) -> float:
    """From the seconds of each part by itself, shared by the workers: what builds on another waits for it."""
    places = {spec: i for i, (spec, _) in enumerate(parts)}
    pieces = [Piece(seconds, needs=tuple(places[need] for need in spec.needs if need in places)) for spec, seconds in parts]
    return makespan(pieces, [seconds for _, seconds in parts], workers)
