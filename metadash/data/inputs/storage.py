"""How inputs lie on disk: numbers as a memory map, texts as a ragged column. The one place that knows both."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metadash.data.finite import check_file, check_finite
from metadash.data.inputs.mapped import blocks
from metadash.data.inputs.texts import TextColumn, hash_of, write_texts
from metadash.data.modality import Modality

FILES = {"array": "inputs.npy", "texts": "inputs.parquet"}
"""By how a modality is stored."""

AT_ONCE = 2**14
"""Rows of numbers read together."""


class Staged(np.memmap):
    """Numbers that lie on disk beside the place that they are made for; storing them moves their file there."""


def staged(path: Path) -> Staged:
    return np.load(path, mmap_mode="r").view(Staged)


Inputs = np.ndarray | TextColumn
"""[I, ...] rows that are read when asked for."""


def file_of(kind: Modality) -> str:
    return FILES[kind.stored]


def checked_inputs(name: str, kind: Modality, inputs: Any) -> np.ndarray | list[str]:
    """What is to be stored for the data set ``name``: an array, or a list of texts. Raises BadInput for what is of another kind."""
    if kind.stored == "texts":
        texts = list(inputs)
        kind.check(name, texts)
        return texts
    kind.check(name, inputs)
    check_finite(inputs)
    return inputs


def write_inputs(folder: Path, kind: Modality, inputs: np.ndarray | Sequence[str]) -> None:
    path = folder / file_of(kind)
    if isinstance(inputs, Staged):
        Path(str(inputs.filename)).replace(path)
    elif isinstance(inputs, np.ndarray):
        with path.open("wb") as file:
            header = np.lib.format.header_data_from_array_1_0(inputs)
            np.lib.format.write_array_header_1_0(file, {**header, "fortran_order": False})
            for block in blocks(inputs, AT_ONCE):
                np.ascontiguousarray(block).tofile(file)
    else:
        write_texts(path, inputs)


def read_inputs(path: Path, kind: Modality, whose: str) -> Inputs:
    """Memory-mapped. Raises OSError, ValueError or EOFError for a file that is none, and BadInput where some are no numbers (looked at
    once in a process)."""
    if kind.stored == "texts":
        return TextColumn(path)
    inputs = np.load(path, mmap_mode="r")
    check_file(path, inputs, whose)
    return inputs


def pieces_of(inputs: Inputs) -> Iterator[Any]:
    """All rows in their order, some at a time."""
    if isinstance(inputs, TextColumn):
        yield from inputs.pieces()
    else:
        yield from blocks(inputs, AT_ONCE)


def add_to(content: "hashlib._Hash", inputs: np.ndarray | Sequence[str]) -> None:
    """Take inputs into a fingerprint."""
    if isinstance(inputs, np.ndarray):
        content.update(f"{inputs.dtype}{inputs.shape}".encode())
        for block in blocks(inputs, AT_ONCE):
            content.update(np.ascontiguousarray(block).data)
    else:
        content.update(hash_of(inputs))
