"""What each column of a table holds, worked out inside DuckDB, so that a million rows cost no more memory than ten."""

from dataclasses import dataclass
from typing import Literal

import duckdb

from metadash.data.dataset import Dataset
from metadash.data.literals import identifier

Kind = Literal["numeric", "boolean", "categorical", "multilabel", "text", "timestamp", "vector", "empty"]
"""The kinds of ``metadash.metadata.columns``, judged by the same rule in SQL; a test holds the two together."""

SEPARATOR = "; "
"""Between the labels of a multi-label column."""

NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
FRACTIONAL = ("FLOAT", "DOUBLE", "DECIMAL")
TIMES = ("DATE", "TIMESTAMP")
BINS = 20
TOP = 5


@dataclass(frozen=True)
class ColumnSummary:
    """One column in numbers. What does not apply to its kind is empty.

    ``low``, ``median`` and ``high`` are numbers, or ISO texts for timestamps; ``histogram`` counts ``BINS`` equal steps from
    ``low`` to ``high``; ``top`` are the most frequent values (labels, for several labels a row) with their counts; ``words`` is
    the number of different words of a text, ``examples`` a few of its values.
    """

    name: str
    type: str
    kind: Kind
    rows: int
    missing: int
    distinct: int
    low: float | str | None = None
    median: float | str | None = None
    high: float | str | None = None
    histogram: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    words: int = 0
    examples: tuple[str, ...] = ()

    @property
    def missing_share(self) -> float:
        return self.missing / self.rows if self.rows else 0.0

    @property
    def identifies(self) -> bool:
        """Every row has its own value: a name or a number of the row, which says nothing about rows not seen before."""
        return self.rows > 1 and self.distinct == self.rows


def profile(dataset: Dataset, table: str) -> list[ColumnSummary]:
    """A summary of every column of ``table`` ('classes', 'instances', 'splits' or 'sources'), in the table's order."""
    with dataset.connect() as connection:
        return profile_table(connection, table)


def profile_table(connection: duckdb.DuckDBPyConnection, table: str) -> list[ColumnSummary]:
    columns = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall()
    return [summarise(connection, identifier(table), name, kind) for name, kind in columns]


def summarise(connection: duckdb.DuckDBPyConnection, table: str, name: str, type: str) -> ColumnSummary:
    """One column; ``table`` is already an SQL identifier."""
    column = identifier(name)
    base = type.partition("(")[0].partition(" ")[0]
    nested = "[" in type or base in ("STRUCT", "MAP", "UNION", "BLOB")
    value = f"nullif({column}, 'nan')" if base in ("FLOAT", "DOUBLE") else column
    several = labels = "0"
    if base == "VARCHAR":
        labels = f"count(*) FILTER (contains({column}, '{SEPARATOR}'))"
        several = rf"count(*) FILTER (regexp_matches({column}, '\S\s+\S'))"
    rows, present, distinct, n_labels, n_several = fetch_one(
        connection, f"SELECT count(*), count({value}), count(DISTINCT {value}), {labels}, {several} FROM {table}"
    )
    counts = {"name": name, "type": type, "rows": rows, "missing": rows - present, "distinct": distinct}
    if not present:
        return ColumnSummary(**counts, kind="empty")
    if nested:
        return ColumnSummary(**counts, kind="vector", examples=examples(connection, table, f"CAST({column} AS VARCHAR)"))
    if base in NUMERIC + FRACTIONAL:
        return ColumnSummary(**counts, kind="numeric", **spread(connection, table, f"CAST({column} AS DOUBLE)"))
    if base in TIMES:
        return ColumnSummary(**counts, kind="timestamp", **time_spread(connection, table, column))
    if n_several > 0.5 * present and distinct > 0.5 * present and not n_labels:
        different = f"SELECT count(DISTINCT word) FROM (SELECT unnest(string_split_regex(lower({column}), '\\W+')) AS word FROM {table}) WHERE word <> ''"
        (words,) = fetch_one(connection, different)
        return ColumnSummary(**counts, kind="text", words=words, examples=examples(connection, table, column))
    kind: Kind = "boolean" if base == "BOOLEAN" else "multilabel" if n_labels else "categorical"
    return ColumnSummary(**counts, kind=kind, top=most_frequent(connection, table, column, kind))


def spread(connection: duckdb.DuckDBPyConnection, table: str, number: str) -> dict:
    """Range, median and histogram of the finite values."""
    finite = f"FROM (SELECT {number} AS x FROM {table}) WHERE isfinite(x)"
    low, median, high = fetch_one(connection, f"SELECT min(x), quantile_cont(x, 0.5), max(x) {finite}")
    if low is None:
        return {}
    return {"low": low, "median": median, "high": high, "histogram": histogram(connection, finite, low, high)}


def time_spread(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
    finite = f"FROM (SELECT epoch(CAST({column} AS TIMESTAMP)) AS x FROM {table} WHERE isfinite({column})) WHERE x IS NOT NULL"
    low, median, high = fetch_one(connection, f"SELECT min(x), quantile_disc(x, 0.5), max(x) {finite}")
    if low is None:
        return {}
    dates = fetch_one(
        connection,
        "SELECT " + ", ".join(["CAST(CAST(to_timestamp(?) AT TIME ZONE 'UTC' AS DATE) AS VARCHAR)"] * 3),
        low,
        median,
        high,
    )
    return dict(zip(("low", "median", "high"), dates, strict=True)) | {"histogram": histogram(connection, finite, low, high)}


def histogram(connection: duckdb.DuckDBPyConnection, source: str, low: float, high: float) -> tuple[int, ...]:
    """``BINS`` counts; halves are subtracted, so that the range of the largest doubles does not overflow."""
    if not low < high:
        return ()
    step = f"CAST(least({BINS - 1}, floor({BINS} * ((x / 2 - ? / 2) / (? / 2 - ? / 2)))) AS INTEGER)"
    found = dict(connection.execute(f"SELECT {step} AS step, count(*) {source} GROUP BY step", [low, high, low]).fetchall())
    return tuple(found.get(index, 0) for index in range(BINS))


def most_frequent(connection: duckdb.DuckDBPyConnection, table: str, column: str, kind: Kind) -> tuple[tuple[str, int], ...]:
    values = f"unnest(string_split({column}, '{SEPARATOR}'))" if kind == "multilabel" else f"CAST({column} AS VARCHAR)"
    sql = f"SELECT value, count(*) AS n FROM (SELECT {values} AS value FROM {table}) WHERE value IS NOT NULL GROUP BY value"
    return tuple(connection.execute(f"{sql} ORDER BY n DESC, value LIMIT {TOP}").fetchall())


def examples(connection: duckdb.DuckDBPyConnection, table: str, text: str, longest: int = 80) -> tuple[str, ...]:
    """Three values, the first by their hash: the same ones each time, and not all from the table's start."""
    sql = f"SELECT DISTINCT left(x, {longest}) AS x, hash(x) FROM (SELECT {text} AS x FROM {table}) WHERE x IS NOT NULL ORDER BY 2, 1 LIMIT 3"
    return tuple(row[0] for row in connection.execute(sql).fetchall())


def fetch_one(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> tuple:
    row = connection.execute(sql, list(parameters)).fetchone()
    assert row is not None
    return row


def in_words(summary: ColumnSummary) -> str:
    """What a column holds in one short line, for the cell of a table."""
    if summary.kind == "empty":
        return "nothing at all"
    if summary.identifies and summary.kind in ("categorical", "multilabel"):
        return "a different value in every row"
    if summary.kind in ("numeric", "timestamp"):
        if summary.low is None:
            return "no finite value"
        if summary.low == summary.high:
            return f"always {number(summary.low)}"
        return f"{number(summary.low)} to {number(summary.high)}, median {number(summary.median)}" + (
            "; different in every row" if summary.identifies else ""
        )
    if summary.kind in ("text", "vector"):
        words = f"{number(summary.words)} different words, " if summary.words else ""
        return f"{words}such as {', '.join(f'“{text}”' for text in summary.examples)}"
    shown = ", ".join(f"{value} ({number(count)})" for value, count in summary.top)
    more = summary.distinct - len(summary.top)
    return shown + (f" and {number(more)} more" if more > 0 and summary.kind != "multilabel" else "")


def number(value: float | str | None) -> str:
    """Four significant digits, thin separators, no trailing zeros; dates as they are."""
    if not isinstance(value, (int, float)):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f").replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def coverage(dataset: Dataset) -> dict[str, float]:
    """For each source, the share of rows (classes or instances) for which at least one of its columns is known."""
    found: dict[str, float] = {}
    with dataset.connect() as connection:
        for level, table in (("class", "classes"), ("instance", "instances")):
            sources = [source for source in dataset.sources if source.level == level and source.columns]
            if sources:
                known = [
                    f"avg(CAST(coalesce({', '.join(as_text(c) for c in s.columns)}) IS NOT NULL AS DOUBLE))" for s in sources
                ]
                shares = fetch_one(connection, f"SELECT {', '.join(known)} FROM {table}")
                found |= {source.name: share or 0.0 for source, share in zip(sources, shares, strict=True)}
    return found


def as_text(column: str) -> str:
    return f"CAST({identifier(column)} AS VARCHAR)"
