"""What is computed to look at a trained run: a map of one of its episodes, and its inner loop step by step."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import MODULATING
from metadash.runs.facts import learner
from metadash.runs.facts.backbone import per_input
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.runs.facts.learner import SECONDS_PER_HEAD_STEP
from metadash.specs.views import AdaptationSpec, MapSpec, own_steps


def map_title(spec: MapSpec) -> str:
    beside = f" beside {learner.title(spec.beside)}" if spec.beside else ""
    beside += f" beside itself without {spec.without}" if spec.without else ""
    beside += " beside itself before its steps" if spec.before_steps else ""
    return f"Map of episode {spec.episode + 1}: {learner.title(spec.run)}{beside}"


def map_seconds(spec: MapSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    arranging = spec.background * 6e-3 if spec.method == "tsne" else 0.5
    return (3.0 + arranging) * spec.n_panes + (asking_seconds(spec, shape) if spec.before_steps else 0.0)


def asking_seconds(spec: MapSpec, shape: Sequence[int]) -> float:
    """What it takes a network that adapts to be asked about the background as well, as many of it at a time as a task has queries."""
    run, tests = spec.run, spec.run.evaluation
    if not run.adapts_network:
        return 1.0
    each = (own_steps(run) or 0) * 3 * tests.n_way * spec.n_shot + tests.n_way * tests.n_query
    return spec.background / (tests.n_way * tests.n_query) * per_input(run.backbone, shape) * each / 3


def map_advice(spec: MapSpec) -> str:
    return f"Draw the map over fewer background instances (background is {spec.background})."


def adaptation_title(spec: AdaptationSpec) -> str:
    return f"Adaptation to episode {spec.episode + 1}, {spec.n_steps} steps: {learner.title(spec.run)}"


def adaptation_seconds(spec: AdaptationSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tests = spec.run.evaluation
    each = SECONDS_PER_HEAD_STEP / 4
    if spec.run.mode == "full":  # twice over: once with the queries, once with the support in their place
        each = per_input(spec.run.backbone, shape) * tests.n_way * (3 * spec.n_shot + tests.n_query / 3)
    return 1.0 + spec.n_steps * each


def adaptation_check(spec: AdaptationSpec, dataset: Dataset) -> None:
    if spec.run.fusion in MODULATING:
        raise BadInput(
            "This learner's embeddings are modulated by FiLM, which the steps here cannot show; choose one without FiLM."
        )


def adaptation_like(spec: AdaptationSpec) -> tuple:
    return learner.like(spec.run)


MAP = Facts(map_title, map_seconds, advice=map_advice)
ADAPTATION = Facts(adaptation_title, adaptation_seconds, adaptation_check, like=adaptation_like)
