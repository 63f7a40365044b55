"""A lack of memory, in words: which of a run's own choices to make smaller."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.registry import check_options, entry_of
from metadash.networks.registry import backbone_entry
from metadash.specs.any_spec import Spec
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.views import MapSpec

GB = 1e9
SIGNS = re.compile(
    "not enough memory|out of memory|allocate memory|bad_alloc|could not create a (memory|primitive)(?! descriptor)",
    re.IGNORECASE,
)
"""What torch and the libraries under it say, in the many words they have for it (the last ones are oneDNN's)."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Python's and NumPy's MemoryError, torch's RuntimeError on a CPU, its OutOfMemoryError on a GPU, the system's ENOMEM, also while
    a library is loaded."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError | ImportError) and SIGNS.search(str(error)) is not None


@contextmanager
def within_memory(spec: Spec, dataset: Dataset | None = None) -> Iterator[None]:
    """What runs out of memory inside becomes a BadInput that says what to reduce; so does, beforehand, what is sure to on ``dataset``."""
    if dataset is not None:
        check_room(spec, dataset)
    try:
        yield
    except (MemoryError, RuntimeError, OSError, ImportError) as error:
        if not is_lack_of_memory(error):
            raise
        raise BadInput(f"There was not enough memory for it; nothing was kept. {advice(spec)}") from error


def check_room(spec: Spec, dataset: Dataset) -> None:
    """Raises BadInput where one training step needs more memory than the machine has: its system would end the process, and the worker
    with it, before anybody could say why."""
    shape, there = dataset.inputs.shape[1:], psutil.virtual_memory().total
    images, held = images_of_a_step(spec)
    backbone = spec.backbone if isinstance(spec, RunSpec) else spec
    if not held or not isinstance(backbone, BackboneSpec):
        return
    needed = held * backbone_entry(backbone.backbone).bytes_per_input(backbone.width, shape)
    if needed > there:
        raise BadInput(
            f"A training step reads {images} images of {shape[0]} × {shape[1]} pixels and needs about {needed / GB:.0f} GB of memory; this "
            f"machine has {there / GB:.0f}. {advice(spec).removesuffix('.')}, or scale the images down."
        )


def images_of_a_step(spec: Spec) -> tuple[int, int]:
    """Images that one training step of a network reads, and how many are held in memory at once for its gradient (0: nothing trains).

    First-order inner steps forget the step before; gradients through them hold the support once a step.
    """
    if isinstance(spec, BackboneSpec) and not spec.start:
        images = spec.n_way * (spec.n_shot + spec.n_query)
        return images, images
    if not isinstance(spec, RunSpec) or spec.mode != "full" or not spec.trains:
        return 0, 0
    tests, entry = spec.evaluation, entry_of(spec.learner)
    support, query = tests.n_way * max(tests.shots), tests.n_way * tests.n_query
    if not entry.adapts_backbone:
        return support + query, support + query
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    if entry.through and not options.first_order:
        return support + query, options.inner_steps * support + query
    return support + query, max(support, query)


def advice(spec: Spec) -> str:
    """One sentence: what makes this run smaller, the most effective first, with what it is now."""
    if isinstance(spec, MapSpec):
        return f"Draw the map over fewer background instances (background is {spec.background})."
    if isinstance(spec, BackboneSpec):
        return f"Train {narrower(spec)}, or (from Python) one with {fewer_ways(spec.n_way, spec.n_query)}."
    if not isinstance(spec, RunSpec):
        return "Make it smaller: fewer ways, fewer queries, or a narrower backbone."
    tests, entry = spec.evaluation, entry_of(spec.learner)
    options = check_options(spec.learner, dict(spec.options), spec.mode)
    parts = [f"fewer inner steps (inner_steps is {options.inner_steps})"] if "inner_steps" in entry.options else []
    if entry.through and not options.first_order:
        parts.append(
            "the first-order form (" + ("first_order=true" if "first_order" in entry.options else "the learner fomaml") + ")"
        )
    if spec.learner == "meta-lstm":
        parts.append(f"fewer hidden units (hidden is {options.hidden})")
    parts.append(fewer_ways(tests.n_way, tests.n_query))
    parts.append(
        narrower(spec.backbone) if spec.mode == "full" else f"(from Python) fewer tasks at once (meta_batch is {spec.meta_batch})"
    )
    return f"Train {entry.title} with {', '.join(parts[:-1])}, or {parts[-1]}."


def fewer_ways(n_way: int, n_query: int) -> str:
    return f"fewer ways (n_way is {n_way}), fewer queries (n_query is {n_query})"


def narrower(backbone: BackboneSpec) -> str:
    return f"a narrower backbone (width is {backbone.width})"
