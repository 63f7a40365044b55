"""Columns of lists, however they are held: labels become lists of texts, vectors lists of numbers, anything else stays a list."""

import decimal
import fractions
from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.columns.accepting.sorts import SINGLE, encodable, in_words, is_missing, refused, sort_of


def of_lists(column: pd.Series, whose: str) -> pd.Series:
    """A text among lists is one label; where a list of labels misses one, it is shorter. Raises BadInput for items that no data set stores."""
    known = column.notna()
    if all(is_plain_vector(one) for one in column[known]):
        return column
    rows = [items_of(value) if listed else None for value, listed in zip(column, known, strict=True)]
    types = set(map(type, chain.from_iterable(row for row in rows if row)))
    sorts = {sort_of(found) for found in types if found not in MISSING}
    if "" in sorts:
        row, strange = next((row, type(item)) for row, items in enumerate(rows) for item in items or () if is_strange(item))
        raise refused(whose, strange, row)
    if sorts and sorts <= {"numbers", "truths"}:
        return as_column([None if row is None else [as_number(item) for item in row] for row in rows], column)
    if sorts <= SINGLE and ("texts" in sorts or not sorts - {"names", "constants", "ranges"}):
        found = as_column([None if row is None else labels(row) for row in rows], column)
        encodable(pd.Series(["".join(held or ()) for held in found], dtype=object), whose)
        return found
    return as_column(rows, column)


def is_plain_vector(one: Any) -> bool:
    return isinstance(one, np.ndarray) and not np.ma.isMA(one) and one.ndim == 1 and one.dtype.kind in "iufb"


MISSING = (type(None), type(pd.NA), type(pd.NaT))


def is_strange(item: Any) -> bool:
    return type(item) not in MISSING and not sort_of(type(item))


def items_of(value: Any) -> list:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)  # Python's own order changes from run to run
    return [
        item if not isinstance(item, np.ndarray) else items_of(item)
        for item in (value.tolist() if hasattr(value, "tolist") else value)
    ]


def as_number(item: Any) -> Any:
    if is_missing(item):
        return None
    if isinstance(item, np.generic):
        return item.item()
    return float(item) if isinstance(item, (decimal.Decimal, fractions.Fraction)) else item


def labels(items: Iterable[Any]) -> list[str]:
    return [in_words(item) for item in items if not is_missing(item)]


def as_column(rows: list[list | None], column: pd.Series) -> pd.Series:
    """A Series would make a table of lists that are equally long."""
    held = np.empty(len(rows), dtype=object)
    held[:] = rows
    return pd.Series(held, column.index, dtype=object, name=column.name)


def as_text(value: Any) -> Any:
    """A list, or bytes, as a text that says the same on every machine, however it is held; anything else as it is."""
    if isinstance(value, bytes):
        return value.hex()
    if not isinstance(value, (list, tuple, np.ndarray)):
        return value
    try:
        return repr(np.asarray(value).tolist())
    except ValueError:  # lists within it have different lengths
        return repr(value)
