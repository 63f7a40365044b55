"""What each column of a table holds, worked out inside DuckDB, so that a million rows cost no more memory than ten."""

import duckdb

from metadash.data.columns.facts import one_row
from metadash.data.columns.registry import kind_in, kind_named
from metadash.data.columns.summary import ColumnSummary
from metadash.data.dataset import Dataset
from metadash.data.literals import identifier


def profile(dataset: Dataset, table: str) -> list[ColumnSummary]:
    """A summary of every column of ``table`` ('classes', 'instances', 'splits' or 'sources'), in the table's order."""
    with dataset.connect() as connection:
        return profile_table(connection, table)


def profile_table(connection: duckdb.DuckDBPyConnection, table: str) -> list[ColumnSummary]:
    columns = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall()
    return [summarise(connection, identifier(table), name, type) for name, type in columns]


def summarise(connection: duckdb.DuckDBPyConnection, table: str, name: str, type: str) -> ColumnSummary:
    """One column; ``table`` is already an SQL identifier."""
    column = identifier(name)
    kind, facts, rows = kind_in(connection, table, column, type)
    said = kind.summarise(connection, table, column)
    return ColumnSummary(name, type, kind.name, rows, rows - facts.present, facts.distinct, **said)


def in_words(summary: ColumnSummary) -> str:
    """What a column holds in one short line, for the cell of a table."""
    return kind_named(summary.kind).in_words(summary)


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
                shares = one_row(connection, f"SELECT {', '.join(known)} FROM {table}")
                found |= {source.name: share or 0.0 for source, share in zip(sources, shares, strict=True)}
    return found


def as_text(column: str) -> str:
    return f"CAST({identifier(column)} AS VARCHAR)"
