"""A lack of memory, in words: which of a run's own choices to make smaller."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.networks.registry import backbone_entry
from metadash.runs.kinds import facts_of
from metadash.specs.any_spec import Spec

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
    step, shape, there = facts_of(spec).step(spec), dataset.inputs.shape[1:], psutil.virtual_memory().total
    if step is None:
        return
    needed = step.held * backbone_entry(step.backbone.backbone).bytes_per_input(step.backbone.width, shape)
    if needed > there:
        raise BadInput(
            f"A training step reads {step.inputs} images of {shape[0]} × {shape[1]} pixels and needs about {needed / GB:.0f} GB of memory; "
            f"this machine has {there / GB:.0f}. {advice(spec).removesuffix('.')}, or scale the images down."
        )


def advice(spec: Spec) -> str:
    """One sentence: what makes this run smaller, the most effective first, with what it is now."""
    return facts_of(spec).advice(spec)
