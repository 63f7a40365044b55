"""Inputs that stand in columns of a table: texts, numbers, paths of pictures or their bytes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.finite import LARGEST
from metadash.data.importing.found import Found, InputsFound
from metadash.data.importing.plan import Plan
from metadash.data.importing.readers.pictures import Pictures, pictures_in, pictures_of
from metadash.data.modality import modality_of
from metadash.errors import BadInput

AT_ONCE = 2**14
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*", b"P5", b"P6", b"\x00\x00\x00")
"""How files of pictures begin."""


def as_path(value: str) -> str:
    return value.strip().replace("\\", "/").split("?")[0]


def is_pictures(values: pd.Series) -> bool:
    """Whether a column holds bytes of picture files."""
    first = values.iloc[0]
    return isinstance(first, (bytes, bytearray, memoryview)) and bytes(first[:8]).startswith(MAGIC)


class Texts:
    """A column of texts, of the ``modality`` that they are; one that is missing, blank, or not of that kind, is nothing that a learner could be
    asked about."""

    def __init__(self, column: pd.Series, modality: str = "text"):
        self.column, self.modality = column, modality

    def __len__(self) -> int:
        return len(self.column)

    def faults(self) -> Mapping[int, str]:
        known = self.column.notna().to_numpy() & (self.column.astype("string").str.strip().fillna("") != "").to_numpy(dtype=bool)
        return {
            **{int(row): "is missing" for row in np.flatnonzero(~known)},
            **{
                int(row): fault
                for row in np.flatnonzero(known)
                if (fault := modality_of(self.modality).fault(str(self.column.iloc[row])))
            },
        }

    def pieces(self, rows: Sequence[int]) -> Iterator[Any]:
        for start in range(0, len(rows), AT_ONCE):
            yield [str(text) for text in self.column.iloc[list(rows[start : start + AT_ONCE])]]


class Vectors:
    """Columns of numbers side by side, or one of lists of numbers. Raises BadInput for lists of several lengths."""

    modality = "vector"

    def __init__(self, columns: pd.DataFrame):
        self.columns = columns
        if columns.shape[1] == 1 and columns.iloc[:, 0].dtype == object:
            self.array = stacked(str(columns.columns[0]), columns.iloc[:, 0])
        else:
            for name in columns.columns:
                if columns[name].dtype.kind not in "iufb":
                    raise BadInput(
                        f"The column '{name}' holds no numbers, and so no part of an input; leave it out of --input-column."
                    )
            with np.errstate(over="ignore"):
                self.array = columns.to_numpy(dtype=np.float32, na_value=np.nan)

    def __len__(self) -> int:
        return len(self.array)

    def faults(self) -> Mapping[int, str]:
        bad = ~(np.abs(self.array) <= LARGEST)
        found = {}
        for row in np.flatnonzero(bad.any(axis=1)):
            place = int(bad[row].argmax())
            found[int(row)] = f"holds {self.array[row, place]:g} in place {place + 1}"
        return found

    def pieces(self, rows: Sequence[int]) -> Iterator[Any]:
        for start in range(0, len(rows), AT_ONCE):
            yield self.array[np.asarray(rows[start : start + AT_ONCE], dtype=int)]


def stacked(name: str, column: pd.Series) -> np.ndarray:
    """[R, D] float32; NaN where a list is missing."""
    lists = [None if value is None or isinstance(value, float) else np.asarray(value, dtype=object) for value in column]
    lengths = sorted({len(one) for one in lists if one is not None})
    if len(lengths) != 1 or not lengths[0]:
        said = f"{lengths[0]} to {lengths[-1]}" if lengths else "no"
        raise BadInput(
            f"The lists in the column '{name}' have {said} numbers; as inputs all need as many (other columns: --input-column)."
        )
    array = np.full((len(lists), lengths[0]), np.nan, dtype=np.float32)
    for row, one in enumerate(lists):
        if one is not None:
            try:
                array[row] = one.astype(np.float64)
            except (TypeError, ValueError) as error:
                raise BadInput(
                    f"The list in row {row + 1} of the column '{name}' holds what is no number; mend it, or leave the column out."
                ) from error
    return array


def inputs_of(found: Found, plan: Plan) -> InputsFound:
    """What the plan says is the input of each row. Raises BadInput for columns that cannot be."""
    columns = plan.input_columns
    if not columns:
        if found.inputs is None:
            raise BadInput("No column is the input; give one the role input (--input-column).")
        if isinstance(found.inputs, Pictures):
            found.inputs.side = plan.side
        return found.inputs
    missing = [name for name in columns if name not in found.instances]
    if missing:
        raise BadInput(f"The recipe's input column '{missing[0]}' is not there.")
    key = (tuple(columns), plan.modality, plan.side)
    if key not in found.made:
        found.made[key] = of_columns(found, plan, columns)
    return found.made[key]


def of_columns(found: Found, plan: Plan, columns: Sequence[str]) -> InputsFound:
    first = found.instances[columns[0]]
    known = first.dropna()
    if len(columns) == 1 and len(known):
        if is_pictures(known):
            return pictures_of([None if value is None or value != value else bytes(value) for value in first], plan.side)
        kind = modality_of(plan.modality)
        if kind.parts == "pixels":
            if found.place is None:
                raise BadInput(f"The column '{columns[0]}' names files, and there is no folder to find them in.")
            return pictures_in(
                found.place, [as_path(str(value)) if isinstance(value, str) else None for value in first], plan.side
            )
        if kind.stored == "texts" or not (known.dtype.kind in "iufb" or isinstance(known.iloc[0], (list, tuple, np.ndarray))):
            return Texts(first, kind.name if kind.stored == "texts" else "text")
    return Vectors(found.instances[list(columns)])
