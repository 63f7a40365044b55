"""The door: each column of a table as a type that a data set stores, or a sentence that names the column.

Most pass as they are: pandas' numbers, texts, times and booleans are what DuckDB stores. The rest has an entry here, by its pandas type
or, where values are Python's own, by the sort of its values.
"""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.columns.accepting.lists import of_lists
from metadash.data.columns.accepting.sorts import SINGLE, encodable, half_in, in_words, is_missing, refused, sort_of
from metadash.errors import BadInput


def accepted(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """``frame`` with each column as it can be stored, under its name as a text; the same object where all is well.

    ``table`` is what it is called in a sentence. Raises BadInput naming the column, and the row where one is to blame.
    """
    changed = frame = named(frame, table)
    for place, name in enumerate(changed.columns):
        whole = changed.iloc[:, place]
        column = accepted_column(whole, f"The column '{name}' of the table {table}")
        if column is not whole:
            changed = frame.copy(deep=False) if changed is frame else changed
            changed.isetitem(place, column.array)
    return changed


def named(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Columns by texts: tables may count theirs, or have names of several levels."""
    names = [" ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name) for name in frame.columns]
    for place, name in enumerate(names):
        if not name.strip():
            raise BadInput(f"Column {place} of the table {table} has no name; give it one.")
        if "\0" in name:
            raise BadInput(f"The name of column {place} of the table {table} has a character without a sign (NUL); rename it.")
        if half_in(name):
            raise BadInput(
                f"The name of column {place} of the table {table} has half of a character ({half_in(name)}); rename it."
            )
    return frame if names == frame.columns.tolist() else frame.set_axis(names, axis=1)


def with_class_names(classes: pd.DataFrame) -> pd.DataFrame:
    """Names of classes are texts, whatever they were: numbers, times and truths are written out. Raises BadInput for lists and records."""
    if "class_name" not in classes or pd.api.types.infer_dtype(classes["class_name"], skipna=True) in ("string", "empty"):
        return classes
    held = classes["class_name"]
    if held.dtype == object and any(not is_missing(name) and sort_of(type(name)) not in SINGLE for name in held):
        raise BadInput("The column 'class_name' of the table classes holds lists or records; a class needs a text for its name.")
    return classes.assign(class_name=as_words(held, "The column 'class_name' of the table classes"))


def accepted_column(column: pd.Series, whose: str = "The column") -> pd.Series:
    """One column; the same object where it needs no change. ``whose``: how a sentence about it begins."""
    convert = BY_TYPE.get(type(column.dtype))
    if convert is not None:
        return convert(column, whose)
    kind = column.dtype.kind
    if kind == "c":
        raise refused(whose, complex, 0)
    if kind == "M":
        return within_reach(column, whose)
    if column.dtype == np.longdouble:
        return column.astype(np.float64)
    return of_objects(column, whose) if column.dtype == object else column


# --- by the type that pandas has for it ------------------------------------------------------------------------------------


def dense(column: pd.Series, whose: str) -> pd.Series:
    return accepted_column(pd.Series(np.asarray(column.array), column.index, name=column.name), whose)


def first_moment(column: pd.Series, whose: str) -> pd.Series:
    """A month, quarter or year counts as its first moment."""
    return within_reach(column.dt.to_timestamp(), whose)


def as_words(column: pd.Series, whose: str) -> pd.Series:
    """Each value as Python writes it, what is missing left so."""
    words = [None if missing else in_words(value) for value, missing in zip(column, column.isna(), strict=True)]
    return encodable(pd.Series(words, column.index, dtype=object, name=column.name), whose).astype("str")


def of_categories(column: pd.Series, whose: str) -> pd.Series:
    """Categories that are texts, numbers or times are stored as they are; of anything else each value is told by itself."""
    held = column.cat.categories
    simple = held.dtype.kind in "biuf" or pd.api.types.is_string_dtype(held)
    return column if simple else accepted_column(column.astype(held.dtype), whose)


def of_arrow(column: pd.Series, whose: str) -> pd.Series:
    """What DuckDB does not take from Arrow as it is goes by way of NumPy."""
    import pyarrow as pa

    assert isinstance(column.dtype, pd.ArrowDtype)
    held, types = column.dtype.pyarrow_dtype, pa.types
    if types.is_interval(held):
        raise BadInput(f"{whose} holds intervals of months and days, whose length varies; store days.")
    if types.is_binary(held) or types.is_large_binary(held) or types.is_fixed_size_binary(held):
        return with_one_missing(column.astype(object))
    if types.is_map(held):
        return column.astype(object).map(dict, na_action="ignore")
    if types.is_float16(held) or types.is_decimal256(held):
        return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), column.index, name=column.name)
    if types.is_timestamp(held):
        zoned = pd.DatetimeTZDtype(held.unit, held.tz) if held.tz else np.dtype(f"datetime64[{held.unit}]")
        return within_reach(column.astype(zoned), whose)
    if types.is_nested(held) and not types.is_struct(held):
        return of_objects(pd.Series(pa.array(column.array).to_pandas().to_numpy(), column.index, name=column.name), whose)
    return column


def within_reach(column: pd.Series, whose: str) -> pd.Series:
    """Times beyond what nanoseconds reach (1677 to 2262) are held to the microsecond, which DuckDB compares with any other time; so are
    those of a zone, which it cannot compute with to the nanosecond."""
    if column.dt.unit == "us" or (column.dt.unit == "ns" and column.dt.tz is None):
        return column
    try:
        held = column.dt.as_unit("us")
    except (pd.errors.OutOfBoundsDatetime, OverflowError) as error:
        raise BadInput(f"{whose} holds times that no calendar reaches; store years as numbers.") from error
    least, most = (pd.Timestamp(year, tz=column.dt.tz) for year in REACHED)
    return column if column.dt.unit != "ns" and held.dropna().between(least, most).all() else held


REACHED = ("1678-01-01", "2262-01-01")
"""Between these, nanoseconds count times."""
BY_TYPE: dict[type, Callable[[pd.Series, str], pd.Series]] = {
    pd.SparseDtype: dense,
    pd.PeriodDtype: first_moment,
    pd.IntervalDtype: as_words,
    pd.CategoricalDtype: of_categories,
    pd.ArrowDtype: of_arrow,
    pd.DatetimeTZDtype: within_reach,
}

# --- by the sort of its values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A ``column`` whose present values are of one sort, and of these ``types``; ``whose``: how a sentence about it begins."""

    column: pd.Series
    types: set[type]
    whose: str

    def each(self, convert: Callable[[Any], Any], dtype: Any = object) -> pd.Series:
        values = [None if is_missing(value) else convert(value) for value in self.column]
        return pd.Series(values, self.column.index, dtype=dtype, name=self.column.name)


def of_objects(column: pd.Series, whose: str) -> pd.Series:
    """A column of Python's own values."""
    column = with_one_missing(without_signals(column))
    types = {type(value) for value, known in zip(column, column.notna(), strict=True) if known}
    sorts = {sort_of(found) for found in types}
    if "" in sorts:
        row, found = next(
            (row, type(value)) for row, value in enumerate(column) if not is_missing(value) and not sort_of(type(value))
        )
        raise refused(whose, found, row)
    if not sorts:
        return column
    if "lists" in sorts and sorts <= {"lists", "texts"}:
        return of_lists(column, whose)
    if len(sorts) == 1:
        return OF_SORT[sorts.pop()](Held(column, types, whose))
    if sorts <= SINGLE:
        return as_words(column, whose)
    first, second = sorted(sorts, key=lambda sort: (sort in SINGLE, sort))[:2]
    raise BadInput(f"{whose} holds {first} in some rows and {second} in others; give every row the same.")


def without_signals(column: pd.Series) -> pd.Series:
    """Decimals that raise an error whenever they are looked at, pandas' own look for what is missing among them, are missing."""
    try:
        column.isna()
    except decimal.InvalidOperation:
        values = [None if isinstance(value, decimal.Decimal) and value.is_snan() else value for value in column]
        return pd.Series(values, column.index, dtype=object, name=column.name)
    return column


def with_one_missing(column: pd.Series) -> pd.Series:
    """What is missing as None, where it is pandas' own signs for that, which have no hash."""
    if not {type(pd.NA), type(pd.NaT)} & set(map(type, column)):
        return column
    return pd.Series([None if is_missing(value) else value for value in column], column.index, dtype=object, name=column.name)


def spans(held: Held) -> pd.Series:
    try:
        return held.each(lambda span: np.timedelta64(span, "us"), np.dtype("timedelta64[us]"))
    except OverflowError as error:
        raise BadInput(f"{held.whose} holds lengths of time that no calendar reaches; store them as numbers.") from error


def numbers(held: Held) -> pd.Series:
    """Decimals stay exact where a database can hold them, and so do whole numbers: those beyond 64 bits as words, where doubles would not
    tell them apart."""
    if held.types == {decimal.Decimal}:
        return held.each(lambda value: value) if fits_exactly(held.column) else held.each(float, float)
    if not all(issubclass(found, (int, np.integer)) for found in held.types):
        return held.column if held.types <= {int, float} else held.each(float, float)
    known = [int(value) for value in held.column if not is_missing(value)]
    if min(known) >= -(2**63) and max(known) < 2**64:
        return held.column if held.types == {int} else held.each(int)
    return held.each(float, float) if len({float(one) for one in known}) == len(set(known)) else as_words(held.column, held.whose)


def fits_exactly(decimals: pd.Series) -> bool:
    """Whether one DECIMAL holds all of them: none infinite, and no more than 38 digits from the first of the largest to the last of the
    smallest. DuckDB rounds what it cannot hold, to a single float where any is infinite."""
    known = [value for value in decimals if not is_missing(value)]
    if not all(value.is_finite() for value in known):
        return False
    before = max(value.adjusted() + 1 for value in known)
    after = max(-int(value.as_tuple().exponent) for value in known)
    return max(before, 0) + max(after, 0) <= WIDEST


WIDEST = 38
"""Digits of DuckDB's widest DECIMAL."""


def moments(held: Held) -> pd.Series:
    """Days stay days; times of several zones become one column in UTC, but not beside times of no zone."""
    if not any(issubclass(found, (dt.datetime, np.datetime64)) for found in held.types):
        return held.column
    zoned = held.column[held.column.notna()].map(lambda value: getattr(value, "tzinfo", None) is not None)
    if zoned.any() and not zoned.all():
        raise BadInput(f"{held.whose} holds times with a time zone and times without one; give all of them a zone, or none.")
    try:
        if zoned.any():
            return pd.to_datetime(held.column, utc=True)
        return pd.Series(
            [None if is_missing(value) else np.datetime64(value, "us") for value in held.column],
            held.column.index,
            dtype="datetime64[us]",
            name=held.column.name,
        )
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{held.whose} holds times that no calendar reaches; store years as numbers.") from error


def clocks(held: Held) -> pd.Series:
    """Times of day are categories; with a zone they are words, since times of two zones have no order."""
    return as_words(held.column, held.whose) if any(not is_missing(one) and one.tzinfo for one in held.column) else held.column


def records(held: Held) -> pd.Series:
    """As they are; DuckDB makes a tuple, which pandas takes for a list, of fields without names."""
    nameless = [row for row, value in enumerate(held.column) if not is_missing(value) and "" in value]
    if nameless:
        raise BadInput(
            f"{held.whose} holds a record with a field that has no name (row {nameless[0]}); name it, or leave it out."
        )
    return held.column


OF_SORT: dict[str, Callable[[Held], pd.Series]] = {
    "texts": lambda held: encodable(held.column, held.whose),
    "truths": lambda held: held.column if held.types == {bool} else held.each(bool),
    "numbers": numbers,
    "moments": moments,
    "spans": spans,
    "clocks": clocks,
    "names": lambda held: held.column if held.types == {uuid.UUID} else as_words(held.column, held.whose),
    "constants": lambda held: as_words(held.column, held.whose),
    "ranges": lambda held: as_words(held.column, held.whose),
    "bytes": lambda held: held.column if held.types == {bytes} else held.each(bytes),
    "records": records,
}
