"""Inputs on their way into a data set: written a piece at a time to a file beside their place, never all in memory."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from metadash.data.importing.found import InputsFound
from metadash.data.inputs.storage import Staged, staged

HEADER = 128
"""Bytes kept for the head of the file, which says how many rows there are and so is written last."""


def staged_inputs(path: Path, inputs: InputsFound, rows: Sequence[int], heard: Callable[[float], None]) -> Staged:
    """The rows as an ``.npy`` file at ``path``, memory-mapped. ``heard`` is told how far it is, and may raise to end it. Raises OSError
    where nothing can be written."""
    with path.open("wb") as file:
        file.write(b"\0" * HEADER)
        written, shape, dtype = 0, (), np.dtype(np.uint8)
        for piece in inputs.pieces(rows):
            array = np.ascontiguousarray(piece)
            shape, dtype = array.shape[1:], array.dtype
            file.write(array.data)
            written += len(array)
            heard(written / max(len(rows), 1))
        head(file, (written, *shape), dtype)
    return staged(path)


def head(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """As ``numpy.save`` writes it, padded to ``HEADER`` bytes."""
    said = repr({"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}).encode("latin1")
    magic = npy.magic(1, 0)
    room = HEADER - len(magic) - 2
    file.seek(0)
    file.write(magic + room.to_bytes(2, "little") + said.ljust(room - 1) + b"\n")
