"""A backbone that trains on the inputs alone."""

from collections.abc import Sequence

from metadash.runs.facts.facts import USUAL_SHAPE, Facts, Step, fewer_ways, fold_words
from metadash.specs.check import check_backbone
from metadash.specs.run import AnyFeatures, BackboneSpec

SECONDS_PER_STEP = 4e-3
"""Of a training step whatever its size: drawing rows, the optimiser, the report."""


def title(spec: BackboneSpec) -> str:
    return f"Backbone {spec.title} without metadata, {spec.dataset}{fold_words(spec.split)}"


def seconds(spec: BackboneSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    images = 0 if spec.start else spec.episodes * spec.batch
    return per_input(spec, shape) * (images + n_instances / 3) + (0 if spec.start else spec.episodes) * SECONDS_PER_STEP


def per_input(spec: AnyFeatures, shape: Sequence[int]) -> float:
    """Seconds of a forward and a backward pass of one input; nothing where no network learns."""
    return spec.seconds_per_input(shape)


def advice(spec: BackboneSpec) -> str:
    return f"Train {narrower(spec)}, or (from Python) one with {fewer_ways(spec.n_way, spec.n_query)}."


def narrower(spec: AnyFeatures) -> str:
    return f"a narrower backbone (width is {spec.width})"


def like(spec: BackboneSpec) -> tuple:
    return spec.dataset, spec.backbone, bool(spec.start), spec.trained_on


def step(spec: BackboneSpec) -> Step | None:
    return None if spec.start else Step(spec, spec.batch, spec.batch)


BACKBONE = Facts(title, seconds, check_backbone, advice, like, step=step, shared=True, listed=True)
