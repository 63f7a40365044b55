"""The sorts of values that Python's own types are to a data set, and what is said where one cannot be stored."""

import datetime as dt
import decimal
import enum
import fractions
import numbers
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metadash.errors import BadInput

WHAT_TO_DO = "make them numbers, texts, dates or lists of texts"
SORTS: dict[str, tuple[type, ...]] = {
    "truths": (bool, np.bool_),
    "texts": (str,),
    "spans": (dt.timedelta, np.timedelta64),
    "constants": (enum.Enum,),
    "numbers": (int, float, np.integer, np.floating, decimal.Decimal, fractions.Fraction),
    "moments": (dt.date, np.datetime64),
    "clocks": (dt.time,),
    "names": (uuid.UUID, pathlib.PurePath),
    "ranges": (pd.Interval, pd.Period),
    "bytes": (bytes, bytearray, memoryview),
    "records": (Mapping,),
    "lists": (list, tuple, set, frozenset, range, np.ndarray, pd.Series, pd.Index),
}
"""The more special before the more general: a timedelta64 is one of NumPy's integers."""
SINGLE = frozenset({"truths", "texts", "spans", "constants", "numbers", "moments", "clocks", "names", "ranges"})
"""Sorts that can stand side by side in one column, as texts."""


def sort_of(type: type) -> str:
    """Empty for what no data set stores."""
    return next((sort for sort, types in SORTS.items() if issubclass(type, types)), "")


def is_missing(value: Any) -> bool:
    if isinstance(value, decimal.Decimal):  # one that signals raises an error where it is compared
        return value.is_nan()
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, numbers.Number) and value != value)


def in_words(value: Any) -> str:
    return value.name if isinstance(value, enum.Enum) else str(value)


def refused(whose: str, found: type, row: int) -> BadInput:
    """``whose``: how the sentence begins, such as "The column 'v' of the table classes"."""
    held = f"{found.__module__}.{found.__qualname__}".removeprefix("builtins.")
    return BadInput(f"{whose} holds values of the type {held} (row {row}), which no data set stores; {WHAT_TO_DO}.")


def encodable(column: pd.Series, whose: str) -> pd.Series:
    """The texts as they are. Raises BadInput for half of a character, as badly decoded files have it: it can be stored nowhere."""
    try:
        "".join(column.dropna()).encode()
    except UnicodeEncodeError as error:
        row = next(row for row, text in enumerate(column) if isinstance(text, str) and half_in(text))
        raise BadInput(
            f"{whose} holds half of a character ({half_in(column.iloc[row])}) in row {row}, as a file read in the wrong encoding does; "
            "read it again in its own."
        ) from error
    return column


def half_in(text: str) -> str:
    """The first half of a character in a text, as it is written in ASCII; empty where there is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return ascii(text[error.start])[1:-1]
    return ""
