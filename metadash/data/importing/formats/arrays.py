"""Inputs that are one array already."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from metadash.data.finite import LARGEST
from metadash.errors import BadInput

AT_ONCE = 2**13


class Array:
    """``InputsFound`` of an array: [I, H, W] or [I, H, W, 3] bytes are images, [I, D] numbers are vectors. Raises BadInput for another."""

    def __init__(self, array: np.ndarray, name: str):
        if array.ndim in (3, 4) and array.dtype == np.uint8:
            self.modality = "image"
        elif array.ndim == 2 and array.dtype.kind in "iufb":
            self.modality = "vector"
        else:
            raise BadInput(
                f"'{name}' is an array of {array.dtype} and of shape {array.shape}; inputs are bytes (instances, height, width[, 3]) or numbers "
                "(instances, numbers)."
            )
        self.array = array

    @classmethod
    def at(cls, path: Path) -> "Array":
        """Of an ``.npy`` file, memory-mapped. Objects are not unpacked: they could be programs."""
        name = path.name
        try:
            return cls(np.load(path, mmap_mode="r", allow_pickle=False), name)
        except (ValueError, EOFError, OSError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"'{name}' is no NumPy array of numbers, or damaged ({str(error)[:80]}).") from error

    def __len__(self) -> int:
        return len(self.array)

    def faults(self) -> Mapping[int, str]:
        if self.modality == "image":
            return {}
        with np.errstate(over="ignore"):
            bad = ~(np.abs(self.array.astype(np.float32)) <= LARGEST).all(axis=1)
        return {int(row): "holds what is no number" for row in np.flatnonzero(bad)}

    def pieces(self, rows: Sequence[int]) -> Iterator[np.ndarray]:
        for start in range(0, len(rows), AT_ONCE):
            part = self.array[np.asarray(rows[start : start + AT_ONCE], dtype=int)]
            yield part if self.modality == "image" else part.astype(np.float32)
