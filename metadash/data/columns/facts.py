"""What a column's kind is told from: how it is stored, how many different values it has, how many of its texts match a pattern.

The same facts are found in a pandas column and, without moving a row, in SQL, so that a kind says once what it claims.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd

Storage = Literal["boolean", "number", "time", "duration", "vector", "labels", "text", "record"]
"""How values are held: *vector* is a list of numbers, *labels* one of texts, *record* what has fields, or bytes."""

NESTED: tuple[Storage, ...] = ("vector", "labels", "record")
"""Each row has several values, which rows hardly share."""
NAMING: tuple[Storage, ...] = ("text", "number", "boolean")
"""What names of classes are held as."""

EXACT = 2**53
"""Whole numbers beyond this are no longer told apart by a double."""
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
FRACTIONAL = ("FLOAT", "DOUBLE", "DECIMAL")
RECORDS = ("STRUCT", "TUPLE", "MAP", "UNION", "BLOB", "BIT")
AS_NUMBER: dict[Storage, str] = {
    "boolean": "CAST({} AS DOUBLE)",
    "number": "CAST({} AS DOUBLE)",
    "time": "epoch({})",
    "duration": "(epoch({}) / 86400)",
}
"""A column in SQL as a number: seconds since 1970, and days."""


@dataclass(frozen=True)
class Facts:
    """``present`` values of which ``distinct`` differ, and ``as_doubles`` still do as doubles; ``matching`` counts texts.

    What takes a look at every value is worked out when it is asked for.
    """

    storage: Storage
    present: int
    count_distinct: Callable[[], int]
    count_doubles: Callable[[], int]
    count_matching: Callable[[str], int]

    @cached_property
    def distinct(self) -> int:
        return self.count_distinct()

    @cached_property
    def as_doubles(self) -> int:
        return self.count_doubles()

    def share(self, pattern: str) -> float:
        """Of the present texts, the share in which ``pattern`` is found somewhere; 0 where they are no texts."""
        return self.count_matching(pattern) / self.present if self.storage == "text" and self.present else 0.0


# --- in pandas -------------------------------------------------------------------------------------------------------------


def facts_of(column: pd.Series) -> Facts:
    """The facts of a column, missing values left out."""
    values = column.dropna()
    storage = storage_of(values)
    counts: list[pd.Series] = []

    def texts() -> pd.Series:
        """How often each different text occurs: patterns are tried once a text, not once a row."""
        if not counts:
            counts.append(values.astype(str).value_counts())
        return counts[0]

    def matching(pattern: str) -> int:
        found = texts()
        told = found.index.str.replace("\v", "_", regex=False)  # white space to Python and not to RE2, which asks in SQL
        return int(found[told.str.contains(pattern, flags=re.ASCII)].sum())

    def doubles() -> int:
        return values.astype(float).nunique() if beyond_doubles(values) else distinct()

    def distinct() -> int:
        return len(texts()) if storage == "text" else int(values.nunique())

    return Facts(storage, len(values), distinct, doubles, matching)


def storage_of(values: pd.Series) -> Storage:
    """Of values of which none is missing."""
    types = pd.api.types
    if types.is_bool_dtype(values) or (values.dtype == object and types.infer_dtype(values) == "boolean"):
        return "boolean"  # DuckDB hands booleans with holes over as objects
    if types.is_numeric_dtype(values):
        return "number"
    if types.is_datetime64_any_dtype(values):
        return "time"
    if types.is_timedelta64_dtype(values):
        return "duration"
    if isinstance(values.dtype, pd.ArrowDtype) and values.dtype.type is dict:
        return "record"
    return storage_of_objects(values) if values.dtype == object and len(values) else "text"


def is_single(column: pd.Series) -> bool:
    """Whether each row has one value, which rows can share: no list, no record."""
    return storage_of(column.dropna()) not in NESTED


def is_record(storage: Storage) -> bool:
    return storage == "record"


def storage_of_objects(values: pd.Series) -> Storage:
    first = values.iloc[0]
    if isinstance(first, (list, tuple, np.ndarray)):
        held = next((items for items in values if len(items)), first)
        if isinstance(held, np.ndarray) and held.dtype.kind in "iufb":
            return "vector" if held.ndim == 1 else "record"
        known = next((item for items in values for item in items if item is not None), "")
        if isinstance(known, (int, float, np.number, np.bool_)):
            return "vector"
        return "labels" if isinstance(known, str) else "record"
    return "record" if isinstance(first, (dict, bytes, bytearray)) else "text"


def beyond_doubles(values: pd.Series) -> bool:
    whole = pd.api.types.is_integer_dtype(values) and len(values) > 0
    return whole and max(abs(int(values.min())), abs(int(values.max()))) > EXACT


# --- in SQL ----------------------------------------------------------------------------------------------------------------


def storage_of_type(type: str) -> Storage:
    """Of DuckDB's name of a type: ``DECIMAL(9, 2)`` is a number, ``DOUBLE[3]`` a vector, ``ENUM('x[1]')`` a text."""
    if type.endswith("]"):
        within = storage_of_type(type[: type.rindex("[")])
        return {"number": "vector", "boolean": "vector", "text": "labels"}.get(within, "record")  # type: ignore[return-value]
    base = re.split(r"[( ]", type, maxsplit=1)[0]
    if base in WHOLE + FRACTIONAL:
        return "number"
    if base in RECORDS:
        return "record"
    if base.startswith("TIMESTAMP"):
        return "time"
    named: dict[str, Storage] = {"BOOLEAN": "boolean", "DATE": "time", "INTERVAL": "duration"}
    return named.get(base, "text")


def is_fractional(type: str) -> bool:
    return type.partition("(")[0] in FRACTIONAL


def facts_in(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, type: str, patterns: tuple[str, ...]
) -> tuple[Facts, int]:
    """The facts of a column, and the number of rows; ``table`` and ``column`` are SQL identifiers. ``patterns`` are all that will be
    asked for: one statement finds everything, and a second only what whole numbers beyond doubles need."""
    storage = storage_of_type(type)
    value = f"nullif({column}, 'nan')" if type in ("FLOAT", "DOUBLE") else column
    counted = patterns if storage == "text" else ()
    text = column if type == "VARCHAR" else f"CAST({column} AS VARCHAR)"
    matches = [f", count(*) FILTER (regexp_matches({text}, {quoted(pattern)}))" for pattern in counted]
    rows, present, distinct, *found = one_row(
        connection, f"SELECT count(*), count({value}), count(DISTINCT {value}){''.join(matches)} FROM {table}"
    )
    matching = dict(zip(counted, found, strict=True))

    def doubles() -> int:
        if not present or type.partition("(")[0] not in WHOLE:
            return distinct
        least, most = one_row(connection, f"SELECT min({column}), max({column}) FROM {table}")
        if max(abs(least), abs(most)) <= EXACT:
            return distinct
        return one_row(connection, f"SELECT count(DISTINCT CAST({column} AS DOUBLE)) FROM {table}")[0]

    return Facts(storage, present, lambda: distinct, doubles, lambda pattern: matching.get(pattern, 0)), rows


SLICES = 64
"""Values are parted by their hash into so many slices, of which one is looked at."""
EXACT_UP_TO = 100_000
"""Different values that are counted one by one in a table of any size."""


def facts_of_many(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, type: str, patterns: tuple[str, ...], some: str
) -> tuple[Facts, int]:
    """As ``facts_in`` of a table whose different values are too many to count: what is present is exact; more than ``EXACT_UP_TO`` different
    values are told from one slice of them, and are as many as there are rows where no two rows of it share one; how many texts match is
    told from ``some`` of the rows (an SQL table)."""
    told, _ = facts_in(connection, some, column, type, patterns)
    value = f"nullif({column}, 'nan')" if type in ("FLOAT", "DOUBLE") else column
    slice_of = f"FILTER (hash({value}) % {SLICES} = 0)"
    rows, present, held, distinct = one_row(
        connection, f"SELECT count(*), count({value}), count({value}) {slice_of}, count(DISTINCT {value}) {slice_of} FROM {table}"
    )
    if SLICES * distinct <= EXACT_UP_TO:
        (different,) = one_row(connection, f"SELECT count(DISTINCT {value}) FROM {table}")
    else:
        different = present if held == distinct else min(present - 1, SLICES * distinct)
    lost = told.distinct - told.as_doubles
    share = {pattern: told.share(pattern) for pattern in patterns}
    facts = Facts(
        told.storage, present, lambda: different, lambda: different - lost, lambda one: round(share.get(one, 0.0) * present)
    )
    return facts, rows


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def one_row(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> tuple:
    row = connection.execute(sql, list(parameters)).fetchone()
    assert row is not None
    return row
