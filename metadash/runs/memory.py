"""A lack of memory, in words: which of a run's own choices to make smaller."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from metadash.errors import BadInput
from metadash.runs.kinds import facts_of
from metadash.specs.any_spec import Spec

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
    return facts_of(spec).advice(spec)
