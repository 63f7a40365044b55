"""A hash of a data set's content, the same on every machine, taken piece by piece: a table of any length costs a few megabytes more."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from metadash.data.columns.accepting.lists import as_text
from metadash.data.inputs.storage import add_to
from metadash.data.writing.rows import Rows, pieces_of


def fingerprint_of(
    classes: pd.DataFrame, instances: Rows, inputs: np.ndarray | Sequence[str], splits: pd.DataFrame, sources: Sequence[Any]
) -> str:
    """Of the tables' values (not of DuckDB's file), of the inputs and of the ``sources``, in 20 hexadecimal digits."""
    content = hashlib.sha256()
    for table in (classes, instances, splits):
        content.update("|".join(table.columns).encode())
        for hashes in row_hashes(table):
            content.update(hashes.tobytes())
    add_to(content, inputs)
    content.update(json.dumps([asdict(source) for source in sources], sort_keys=True).encode())
    return content.hexdigest()[:20]


def row_hashes(table: Rows) -> Iterator[np.ndarray]:
    """[n] one number a row, some rows at a time: those that ``pandas.util.hash_pandas_object`` gives for the whole table.

    A column of Python objects in memory is hashed whole, since what it holds in one row (a list, a number among texts) decides how all
    are read.
    """
    whole = {}
    if isinstance(table, pd.DataFrame):
        whole = {i: hashed(table.iloc[:, i]) for i, dtype in enumerate(table.dtypes) if pd.api.types.is_object_dtype(dtype)}
    start = 0
    for piece in pieces_of(table):
        end = start + len(piece)
        yield combined([whole[i][start:end] if i in whole else hashed(piece.iloc[:, i]) for i in range(piece.shape[1])])
        start = end


def hashed(column: pd.Series) -> np.ndarray:
    """[n] uint64."""
    flat = column.map(as_text) if column.dtype == object else column
    texts = getattr(flat.array, "_pa_array", None)
    if isinstance(flat.dtype, pd.StringDtype) and texts is not None:
        return hashed_once(texts, flat.dtype.na_value)
    return pd.util.hash_pandas_object(flat, index=False, categorize=False).to_numpy()


def hashed_once(texts: pa.ChunkedArray, missing: Any) -> np.ndarray:
    """[n] of texts, which often repeat: each different one is hashed once, and ``missing`` for one that is."""
    coded = pa.concat_arrays(texts.chunks or [pa.array([], texts.type)]).dictionary_encode()
    each = np.array([*coded.dictionary.to_pylist(), missing], dtype=object)
    return pd.util.hash_array(each, categorize=False)[coded.indices.fill_null(len(each) - 1).to_numpy(zero_copy_only=False)]


def combined(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The hashes of a row's values as one, as CPython hashes a tuple and pandas a row."""
    found = np.full(len(columns[0]), 0x345678, dtype=np.uint64)
    factor = np.uint64(1000003)
    for i, column in enumerate(columns):
        found ^= column
        found *= factor
        factor += np.uint64(82520 + 2 * (len(columns) - i))
    return found + np.uint64(97531)
