"""Filters over a table: as parameterised SQL that runs, as SQL text that a person can copy, and as counts per value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from metadash.data.columns.registry import kind_named
from metadash.data.columns.summary import ColumnSummary, number
from metadash.data.literals import Value, identifier, literal

Put = Callable[[Value], str]
"""Puts a value into SQL: as ``?`` with the value kept aside, or written out."""

MOST_VALUES = 300
"""Values listed for one facet, the most frequent first."""
MISSING = "missing"


@dataclass(frozen=True)
class AnyOf:
    """The column, which is of a ``kind``, holds one of ``values``; None stands for missing. Of several labels a row one suffices."""

    column: str
    values: tuple[Value, ...]
    kind: str = field(default="categorical", compare=False)

    def sql(self, put: Put) -> str:
        column = identifier(self.column)
        known = [put(value) for value in self.values if value is not None]
        parts = [kind_named(self.kind).any_of_sql(column, known)] if known else []
        if None in self.values:
            parts.append(f"{column} IS NULL")
        return f"({' OR '.join(parts)})" if len(parts) > 1 else (parts or ["FALSE"])[0]

    @property
    def words(self) -> str:
        return f"{self.column}: {' or '.join(MISSING if value is None else str(value) for value in self.values)}"


@dataclass(frozen=True)
class Between:
    """The number, or the ISO date of a timestamp, lies between ``low`` and ``high``, both included; None is open."""

    column: str
    low: Value = None
    high: Value = None
    kind: str = field(default="numeric", compare=False)

    def sql(self, put: Put) -> str:
        kind = kind_named(self.kind)
        column = kind.ordered_sql(identifier(self.column))
        bounds = ((">=", self.low), ("<=", self.high))
        parts = [f"{column} {sign} {kind.bound_sql(put(bound))}" for sign, bound in bounds if bound is not None]
        return " AND ".join(parts) or f"{column} IS NOT NULL"

    @property
    def words(self) -> str:
        if self.low is None or self.high is None:
            bound = f"from {number(self.low)}" if self.low is not None else f"up to {number(self.high)}"
            return f"{self.column}: {bound}"
        return f"{self.column}: {number(self.low)} to {number(self.high)}"


@dataclass(frozen=True)
class Containing:
    """One of ``columns`` contains ``text``, capitals or not."""

    columns: tuple[str, ...]
    text: str

    column = None

    def sql(self, put: Put) -> str:
        if not self.columns:
            return "FALSE"
        names = ", ".join(map(identifier, self.columns))
        return f"contains(lower(concat_ws(' · ', {names})), lower({put(self.text)}))"

    @property
    def words(self) -> str:
        return f"“{self.text}”"


Filter = AnyOf | Between | Containing


def where(filters: Sequence[Filter]) -> tuple[str, list[Value]]:
    """The condition with ``?`` for each value, and the values. No filter at all is TRUE."""
    values: list[Value] = []

    def put(value: Value) -> str:
        values.append(value)
        return "?"

    return " AND ".join(found.sql(put) for found in filters) or "TRUE", values


def where_text(filters: Sequence[Filter]) -> str:
    """The same condition with the values written out; empty without filters."""
    return " AND ".join(found.sql(literal) for found in filters)


def class_condition(table: str, filters: Sequence[Filter]) -> str:
    """The condition on ``classes`` for the classes that the filters on ``table`` leave: those with at least one such row."""
    text = where_text(filters)
    return text if table == "classes" or not text else f"class_id IN (SELECT class_id FROM {identifier(table)} WHERE {text})"


def both(*conditions: str) -> str:
    """Conditions that must all hold, as one; empty ones say nothing."""
    said = [condition.strip().rstrip(";").strip() for condition in conditions if condition.strip()]
    # each on lines of its own: a comment at the end of one must not swallow what follows
    return (
        said[0]
        if len(said) == 1
        else " AND ".join(f"({condition}\n)" if "--" in condition else f"({condition})" for condition in said)
    )


def without(filters: Sequence[Filter], column: str) -> list[Filter]:
    return [found for found in filters if found.column != column]


# --- what the filters leave ------------------------------------------------------------------------------------------------


def count(connection: duckdb.DuckDBPyConnection, table: str, filters: Sequence[Filter]) -> int:
    condition, values = where(filters)
    row = connection.execute(f"SELECT count(*) FROM {identifier(table)} WHERE {condition}", values).fetchone()
    return row[0] if row else 0


def rows(connection: duckdb.DuckDBPyConnection, table: str, filters: Sequence[Filter], limit: int) -> pd.DataFrame:
    condition, values = where(filters)
    return connection.execute(f"SELECT * FROM {identifier(table)} WHERE {condition} LIMIT {int(limit)}", values).df()


def some_instances(
    connection: duckdb.DuckDBPyConnection, table: str, filters: Sequence[Filter], limit: int
) -> list[tuple[int, str]]:
    """(instance_id, class_name) of a few matches, the same ones each time: instances, or one instance of each class."""
    condition, values = where(filters)
    if table == "instances":
        chosen = f"SELECT instance_id, class_id FROM instances WHERE {condition} ORDER BY hash(instance_id), instance_id LIMIT {int(limit)}"
    else:
        classes = f"SELECT DISTINCT class_id FROM {identifier(table)} WHERE {condition}"
        first = f"SELECT class_id FROM ({classes}) ORDER BY hash(class_id), class_id LIMIT {int(limit)}"
        chosen = f"SELECT arg_min(instance_id, hash(instance_id)) AS instance_id, class_id FROM instances WHERE class_id IN ({first}) GROUP BY class_id"
    sql = f"SELECT instance_id, class_name FROM ({chosen}) JOIN classes USING (class_id) ORDER BY class_id, instance_id"
    return connection.execute(sql, values).fetchall()


@dataclass(frozen=True)
class FacetValue:
    """A value of a column: ``n`` rows have it under the other filters, ``total`` rows in the whole table."""

    value: Any
    n: int
    total: int


def facet_values(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    filters: Sequence[Filter],
    kind: str,
    limit: int = MOST_VALUES,
) -> list[FacetValue]:
    """The values of ``column``, the most frequent first, what is chosen among them always; filters on the column itself do not count."""
    condition, values = where(without(filters, column))
    chosen = [value for found in filters if isinstance(found, AnyOf) and found.column == column for value in found.values]
    name = kind_named(kind).listed_sql(identifier(column))
    pinned = (
        " OR ".join(["value = ?"] * sum(value is not None for value in chosen) + ["value IS NULL"] * (None in chosen)) or "FALSE"
    )
    sql = (
        f"SELECT value, count(*) FILTER (kept) AS n, count(*) AS total FROM (SELECT {name} AS value, {condition} AS kept FROM {identifier(table)}) "
        f"GROUP BY value ORDER BY coalesce({pinned}, FALSE) DESC, total DESC, value LIMIT {int(limit)}"
    )
    found = connection.execute(sql, values + [value for value in chosen if value is not None]).fetchall()
    return sorted((FacetValue(*row) for row in found), key=lambda row: -row.total)


def is_facet(summary: ColumnSummary) -> bool:
    """Columns whose values are chosen from a list: few enough to read, and shared between rows."""
    if not summary.distinct + bool(summary.missing) > 1 or summary.distinct > 0.5 * summary.rows:
        return False
    return kind_named(summary.kind).listed(summary)


def is_range(summary: ColumnSummary) -> bool:
    """Columns that a slider narrows: numbers and dates with more than a few values."""
    ranged = kind_named(summary.kind).ranged
    return ranged and summary.low is not None and summary.low != summary.high and not is_facet(summary)
