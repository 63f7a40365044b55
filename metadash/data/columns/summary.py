"""One column in numbers, and the SQL statements that the kinds find them with."""

from dataclasses import dataclass

import duckdb

from metadash.data.columns.facts import one_row

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
    kind: str
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


# --- in words --------------------------------------------------------------------------------------------------------------


def number(value: float | str | None) -> str:
    """Four significant digits, thin separators, no trailing zeros; dates as they are."""
    if not isinstance(value, (int, float)):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f").replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def range_words(summary: ColumnSummary, unit: str = "") -> str:
    if summary.low is None:
        return "no finite value"
    if summary.low == summary.high:
        return f"always {number(summary.low)}{unit}"
    different = "; different in every row" if summary.identifies else ""
    return f"{number(summary.low)} to {number(summary.high)}{unit}, median {number(summary.median)}{different}"


def example_words(summary: ColumnSummary) -> str:
    return f"such as {', '.join(f'“{text}”' for text in summary.examples)}"


def top_words(summary: ColumnSummary) -> str:
    return ", ".join(f"{value} ({number(count)})" for value, count in summary.top)


# --- in SQL ----------------------------------------------------------------------------------------------------------------


def spread(connection: duckdb.DuckDBPyConnection, table: str, number: str) -> dict:
    """Range, median and histogram of the finite values of ``number``, an SQL expression over ``table``."""
    finite = f"FROM (SELECT {number} AS x FROM {table}) WHERE isfinite(x)"
    low, median, high = one_row(connection, f"SELECT min(x), quantile_cont(x, 0.5), max(x) {finite}")
    if low is None:
        return {}
    return {"low": low, "median": median, "high": high, "histogram": histogram(connection, finite, low, high)}


def histogram(connection: duckdb.DuckDBPyConnection, source: str, low: float, high: float) -> tuple[int, ...]:
    """``BINS`` counts; halves are subtracted, so that the range of the largest doubles does not overflow."""
    if not low < high:
        return ()
    step = f"CAST(least({BINS - 1}, floor({BINS} * ((x / 2 - ? / 2) / (? / 2 - ? / 2)))) AS INTEGER)"
    found = dict(connection.execute(f"SELECT {step} AS step, count(*) {source} GROUP BY step", [low, high, low]).fetchall())
    return tuple(found.get(index, 0) for index in range(BINS))


def most_frequent(connection: duckdb.DuckDBPyConnection, table: str, values: str) -> tuple[tuple[str, int], ...]:
    """Of ``values``, an SQL expression over ``table``."""
    sql = f"SELECT value, count(*) AS n FROM (SELECT {values} AS value FROM {table}) WHERE value IS NOT NULL GROUP BY value"
    return tuple(connection.execute(f"{sql} ORDER BY n DESC, value LIMIT {TOP}").fetchall())


def examples(connection: duckdb.DuckDBPyConnection, table: str, text: str, longest: int = 80) -> tuple[str, ...]:
    """Three values, the first by their hash: the same ones each time, and not all from the table's start."""
    sql = f"SELECT DISTINCT left(x, {longest}) AS x, hash(x) FROM (SELECT {text} AS x FROM {table}) WHERE x IS NOT NULL ORDER BY 2, 1 LIMIT 3"
    return tuple(row[0] for row in connection.execute(sql).fetchall())
