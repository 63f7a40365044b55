"""What each column of a table holds, worked out inside DuckDB, so that a million rows cost no more memory than ten."""

from dataclasses import dataclass

import duckdb
import numpy as np

from metadash.data.columns.facts import one_row
from metadash.data.columns.registry import kind_in, kind_named
from metadash.data.columns.summary import ColumnSummary
from metadash.data.dataset import Dataset
from metadash.data.literals import identifier


@dataclass(frozen=True)
class Shape:
    """Of a table the number of rows, and (name, DuckDB's type) of each column."""

    rows: int
    columns: list[tuple[str, str]]


def shape_of(dataset: Dataset, table: str) -> Shape:
    """What a table's own description says, whatever its size."""
    with dataset.connect() as connection:
        columns = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall()
        (rows,) = one_row(connection, f"SELECT count(*) FROM {identifier(table)}")
    return Shape(rows, columns)


def profile(dataset: Dataset, table: str) -> list[ColumnSummary]:
    """A summary of every column of ``table`` ('classes', 'instances', 'splits' or 'sources'), in the table's order."""
    with dataset.connect() as connection:
        return profile_table(connection, table)


LARGE = 2_000_000
"""Rows beyond which what need not be exact is told from some of them."""
SOME = 500_000


def profile_table(connection: duckdb.DuckDBPyConnection, table: str) -> list[ColumnSummary]:
    columns = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall()
    (rows,) = one_row(connection, f"SELECT count(*) FROM {identifier(table)}")
    every = rows // SOME if rows > LARGE else 1
    return [summarise(connection, identifier(table), name, type, every) for name, type in columns]


def summarise(connection: duckdb.DuckDBPyConnection, table: str, name: str, type: str, every: int = 1) -> ColumnSummary:
    """One column; ``table`` is already an SQL identifier. With ``every`` above 1, one row in so many says the median, the shape, the most
    frequent values (their counts times ``every``) and the examples; rows, missing ones, the least and the greatest are exact."""
    column = identifier(name)
    some = f"(SELECT {column} FROM {table} WHERE hash(rowid, 'some') % {every} = 0)" if every > 1 else ""
    kind, facts, rows = kind_in(connection, table, column, type, some)
    if some and kind.ranged:
        some = with_ends(some, table, column, type)
    said = kind.summarise(connection, some or table, column)
    if said.get("top"):
        said["top"] = tuple((value, count * every) for value, count in said["top"])
    return ColumnSummary(name, type, kind.name, rows, rows - facts.present, facts.distinct, **said)


def with_ends(some: str, table: str, column: str, type: str) -> str:
    """Some rows, and the least and the greatest of all."""
    finite = f" WHERE isfinite({column})" if type in ("FLOAT", "DOUBLE", "DATE") or type.startswith("TIMESTAMP") else ""
    ends = [f"SELECT {end}({column}) FROM {table}{finite}" for end in ("min", "max")]
    return f"({' UNION ALL '.join([f'FROM {some}', *ends])})"


def in_words(summary: ColumnSummary) -> str:
    """What a column holds in one short line, for the cell of a table."""
    return kind_named(summary.kind).in_words(summary)


def coverage(dataset: Dataset) -> dict[str, float]:
    """For each source, the share of rows (classes; instances, of what describes them or their owners) for which at least one of its columns is known."""
    counted = known_by_class(dataset)
    told = (source.name for source in dataset.sources if source.name in counted)
    return {name: float(counted[name][0].sum() / counted[name][1].sum()) for name in told}


def known_by_class(dataset: Dataset) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each source with a column, by class [C]: rows of which at least one of its columns is known, and rows. One look at either table."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for table, levels in (("classes", ("class",)), ("instances", ("instance", "task"))):
        sources = [source for source in dataset.sources if source.level in levels and source.columns]
        if not sources:
            continue
        known = [f"count(*) FILTER ({' OR '.join(f'{identifier(c)} IS NOT NULL' for c in s.columns)})" for s in sources]
        frame = dataset.frame(f"SELECT class_id, count(*), {', '.join(known)} FROM {table} GROUP BY class_id")
        counts = np.zeros((len(sources) + 1, len(dataset.classes)), dtype=np.int64)
        counts[:, frame.iloc[:, 0]] = frame.iloc[:, 1:].to_numpy().T
        found |= {source.name: (own, counts[0]) for source, own in zip(sources, counts[1:], strict=True)}
    return found
