"""Rows of an array some at a time, without a copy: of a memory map, pages that were read are let go again, since they count as this process's."""

import mmap
from collections.abc import Iterator

import numpy as np

LET_GO = 2**25
"""Bytes read until pages are let go."""


def blocks(array: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """All rows in their order, ``rows`` at a time."""
    pages, read = getattr(array, "_mmap", None), 0
    for start in range(0, len(array), rows):
        block = array[start : start + rows]
        yield block
        read += block.nbytes
        if pages is not None and read >= LET_GO and hasattr(mmap, "MADV_DONTNEED") and not array.flags.writeable:
            pages.madvise(mmap.MADV_DONTNEED)
            read = 0
