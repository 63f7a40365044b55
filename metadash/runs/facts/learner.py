"""One learner with some sources and one seed: the run that all others are about."""

import math
from collections.abc import Sequence

from metadash.learners.core.fusions import BOTH, MODULATING
from metadash.learners.registry import check_options, entry_of
from metadash.metadata.blur import read_blur
from metadash.networks.encoders.of_metadata import in_words
from metadash.networks.registry import backbone_entry
from metadash.runs.facts.backbone import SECONDS_PER_STEP, narrower, per_input
from metadash.runs.facts.facts import USUAL_SHAPE, Facts, Step, fewer_ways, fold_words
from metadash.specs.check import check_run
from metadash.specs.normalising import NORMALISATIONS
from metadash.specs.run import USUAL_BATCH, VALIDATION_EPISODES, RunSpec
from metadash.specs.transduction import transductive
from metadash.stats.words import plural_of

SECONDS_PER_HEAD_STEP = 4e-3

FILM = {"instance": 2e-6, "source": 0.8e-6}
"""Seconds that FiLM adds to a training step for each instance in it, and for each source that is read of it."""

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


def title(spec: RunSpec) -> str:
    sources = ", ".join(spec.sources) or "no metadata"
    wrong = "".join(f", {read_blur(entry).words}" for entry in spec.blur)
    wrong += f", {' and '.join(spec.falsified)}{' ' if spec.falsified else ''}{spec.control}" if spec.control != "none" else ""
    wrong += f", {in_words(spec.text_encoder)}" if spec.text_encoder != "words" else ""
    wrong += {"film": ", FiLM", BOTH: ", pseudo-shots and FiLM", "auxiliary": ", auxiliary loss"}.get(spec.fusion, "")
    wrong += "".join(f", {told}" for told in (*spec.training.words, *unusual(spec)))
    usual = spec.backbone.backbone == "conv4" and spec.backbone.trained_on == "episodes"
    over = "" if usual else f" on {spec.backbone.title}"
    over += f", best of {spec.tune} forms" if spec.tune else ""
    over += "" if spec.normalise == "usual" else f" on {NORMALISATIONS[spec.normalise]}"
    return f"{entry_of(spec.learner).title}{over} ({spec.mode}{', transductive' if transductive(spec) else ''}) with {sources}{wrong}, seed {spec.seed}{fold_words(spec.split)}"


def unusual(spec: RunSpec) -> list[str]:
    """What else tells a run from the usual one of its learner, a few words each."""
    told = [] if spec.patience == RunSpec.patience else [f"patience {spec.patience}" if spec.patience else "no early stop"]
    if spec.trains and spec.meta_batch != USUAL_BATCH[spec.mode]:
        told.append(f"{plural_of(spec.meta_batch, 'task')} a step")
    dealt = spec.evaluation.query_dirichlet
    return told if dealt is None else [*told, f"uneven queries (Dirichlet {dealt:g})"]


def seconds(spec: RunSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    scoring, entry = scoring_seconds(spec), entry_of(spec.learner)
    if spec.mode == "full" and entry.adapts_backbone:
        return scoring + adapting_networks(spec, shape) + per_input(spec.backbone, shape) * n_instances / 3
    if not spec.trains:
        return 0.3 + scoring
    if spec.mode == "quick":
        inner = adapting_heads(spec) if "inner_steps" in entry.options else 0.0
        ways = spec.training_episodes().n_way
        return 1.0 + scoring + inner + spec.steps * (SECONDS_PER_HEAD_STEP * spec.meta_batch * ways / 80 + film_step(spec))
    drawn = spec.steps * spec.meta_batch * examples(spec)
    looked_at = spec.steps / spec.look_every * min(VALIDATION_EPISODES["full"] * 100, n_instances)
    return scoring + spec.steps * SECONDS_PER_STEP + per_input(spec.backbone, shape) * (drawn + n_instances / 3 + looked_at / 3)


def scoring_seconds(spec: RunSpec) -> float:
    """Of one pass over the test episodes; each query is a few small matrix products."""
    tests = spec.evaluation
    return tests.n_episodes * len(tests.shots) * sum(spec.ways) * 1e-5


def examples(spec: RunSpec) -> float:
    """Of a training task, on average over its shots."""
    tasks, shots = spec.training_episodes(), spec.training_shots
    return tasks.n_way * (tasks.n_query + sum(shots) / len(shots))


def film_step(spec: RunSpec) -> float:
    """What FiLM adds to one training step; nothing without it."""
    if spec.fusion not in MODULATING:
        return 0.0
    instances, sources = spec.meta_batch * examples(spec), len(spec.modulating or spec.sources)
    return instances * (FILM["instance"] + FILM["source"] * sources)


def adapting_networks(spec: RunSpec, shape: Sequence[int]) -> float:
    """Seconds to train and score a learner that adapts its whole network to every single task."""
    tests, entry, tasks = spec.evaluation, entry_of(spec.learner), spec.training_episodes()
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    one, queries = per_input(spec.backbone, shape), tests.n_way * tests.n_query
    weights = backbone_entry(spec.backbone.backbone).weights(spec.backbone.width, math.prod(shape))
    gated = {key: value * weights if entry.gates else 0.0 for key, value in GATED.items()}
    order = "second order" if entry.through and not options.first_order else "first order"
    images = SECOND_ORDER if order == "second order" else SMALL_BATCH

    def training(shots: int) -> float:
        batch = options.inner_batch if "inner_batch" in entry.options else shots * tasks.n_way
        step = INNER_STEP + batch * images * one + weights * MOVED[order] + gated["training"]
        asked = 0 if "inner_batch" in entry.options else 1.4 * tasks.n_way * tasks.n_query
        return SECONDS_PER_STEP + spec.meta_batch * (options.inner_steps * step + asked * one)

    def scoring(shots: int) -> float:
        steps = options.inner_steps if options.eval_steps is None else options.eval_steps
        step = INNER_STEP + shots * tests.n_way * SMALL_BATCH * one + weights * MOVED["scoring"] + gated["scoring"]
        return steps * step + queries * one / 3

    looks = spec.steps / spec.look_every
    train, score = sum(map(training, spec.training_shots)), sum(map(scoring, tests.shots))
    return spec.steps * train / len(spec.training_shots) + score * (
        tests.n_episodes + looks * VALIDATION_EPISODES["full"] / len(tests.shots)
    )


def adapting_heads(spec: RunSpec) -> float:
    """Seconds of the inner steps of linear heads, many tasks at once."""
    tests, options = spec.evaluation, check_options(spec.learner, dict(spec.options), spec.mode)
    gated = entry_of(spec.learner).gates
    steps = options.inner_steps if options.eval_steps is None else options.eval_steps
    scored = len(tests.shots) * (tests.n_episodes + spec.steps / spec.look_every * VALIDATION_EPISODES["quick"])
    ways = tests.n_way / 5
    return ways * (
        spec.steps * options.inner_steps * INNER_STEP * (4 if gated else 1) + scored * steps * (1.2e-4 if gated else 8e-6)
    )


def advice(spec: RunSpec) -> str:
    entry, tasks = entry_of(spec.learner), spec.training_episodes()
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    parts = [f"fewer inner steps (inner_steps is {options.inner_steps})"] if "inner_steps" in entry.options else []
    if entry.through and not options.first_order:
        parts.append(
            "the first-order form (" + ("first_order=true" if "first_order" in entry.options else "the learner fomaml") + ")"
        )
    if entry.gates:
        parts.append(f"fewer hidden units (hidden is {options.hidden})")
    parts.append(fewer_ways(tasks.n_way, tasks.n_query))
    parts.append(narrower(spec.backbone) if spec.mode == "full" else f"fewer tasks at once (meta_batch is {spec.meta_batch})")
    return f"Train {entry.title} with {', '.join(parts[:-1])}, or {parts[-1]}."


def like(spec: RunSpec) -> tuple:
    return spec.dataset, spec.learner, spec.mode, spec.trains, spec.backbone.backbone, spec.patience > 0


def step(spec: RunSpec) -> Step | None:
    """First-order inner steps forget the step before; gradients through them hold the support once a step."""
    if spec.mode != "full" or not spec.trains:
        return None
    tasks, entry = spec.training_episodes(), entry_of(spec.learner)
    support, query = tasks.n_way * tasks.n_shot, tasks.n_way * tasks.n_query
    held = support + query
    if entry.adapts_backbone:
        options = check_options(spec.learner, dict(spec.options), spec.mode)
        through = entry.through and not options.first_order
        held = options.inner_steps * support + query if through else max(support, query)
    return Step(spec.backbone, support + query, held)


LEARNER = Facts(
    title, seconds, check_run, advice, like, early=lambda spec: spec.trains and spec.patience > 0, step=step, listed=True
)
