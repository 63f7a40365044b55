"""Whether inputs are numbers that a network can square and add up; found at the door, since one that is not spoils every score in silence."""

from pathlib import Path

import numpy as np

from metadash.data.inputs.mapped import blocks
from metadash.errors import BadInput

LARGEST = 1e15
"""Squares of a hundred million such numbers still add up within float32."""
AT_ONCE = 2**22
"""Numbers looked at together: inputs may be larger than memory."""


def check_finite(inputs: np.ndarray, whose: str = "The inputs") -> None:
    """``inputs`` [I, ...]. Raises BadInput naming the first row with a value that is no number or beyond ± ``LARGEST``.

    Two passes over blocks without a copy; of bytes and booleans nothing can be wrong.
    """
    if inputs.dtype.kind not in "iufb":
        raise BadInput(f"{whose} are of the type {inputs.dtype}; a learner reads numbers, so convert them to float32 or uint8.")
    if inputs.dtype.kind == "b" or inputs.dtype.itemsize == 1:
        return
    rows = max(1, AT_ONCE // max(1, inputs[:1].size))
    for number, block in enumerate(blocks(inputs, rows)):
        if block.size and not (
            float(block.min()) >= -LARGEST and float(block.max()) <= LARGEST
        ):  # what is no number compares as false
            raise BadInput(problem_of(block.reshape(len(block), -1), number * rows, whose))


def problem_of(block: np.ndarray, start: int, whose: str) -> str:
    bad = ~(np.abs(block.astype(np.float64)) <= LARGEST)
    row = int(bad.any(axis=1).argmax())
    place = int(bad[row].argmax())
    value = float(block[row, place])
    if np.isfinite(value):
        return (
            f"{whose} hold {value:.3g} in row {start + row}, place {place}, and numbers beyond ± {LARGEST:g} overflow in training; scale "
            "them, for example to a mean of 0 and a spread of 1."
        )
    return f"{whose} hold {value:g} in row {start + row}, place {place}, which no learner can read; fill it in, or leave that row out."


KNOWN: dict[tuple[str, int, int], str] = {}
"""What was found in files as they were (path, time, size); empty where all is well."""


def check_file(path: Path, inputs: np.ndarray, whose: str) -> None:
    """``check_finite`` once in a process for a file as it is: a large one takes seconds."""
    about = path.stat()
    key = (str(path), about.st_mtime_ns, about.st_size)
    if key not in KNOWN:
        try:
            check_finite(inputs, whose)
            KNOWN[key] = ""
        except BadInput as problem:
            KNOWN[key] = str(problem)
    if KNOWN[key]:
        raise BadInput(KNOWN[key])
