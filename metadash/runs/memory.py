"""A lack of memory, in words: which of a run's own choices to make smaller."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from metadash.errors import BadInput
from metadash.learners.registry import check_options, entry_of
from metadash.specs.any_spec import Spec
from metadash.specs.run import AnyFeatures, BackboneSpec, RunSpec
from metadash.specs.views import MapSpec

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
def within_memory(spec: Spec) -> Iterator[None]:
    """What runs out of memory inside becomes a BadInput that says what to reduce."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError, ImportError) as error:
        if not is_lack_of_memory(error):
            raise
        raise BadInput(f"There was not enough memory for it; nothing was kept. {advice(spec)}") from error


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


def narrower(backbone: AnyFeatures) -> str:
    return f"a narrower backbone (width is {backbone.width})"
