"""Tables of a data set between its database and Parquet files, values and types unchanged in both directions."""

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from metadash.data.literals import identifier, literal

TABLES = ("classes", "instances", "splits")
"""What is exported; the sources are told in ``dataset.json``."""

LOST = re.compile(r"\b(U?HUGEINT|INTERVAL|TIME WITH TIME ZONE)\b")
"""Types that Parquet would round (to doubles, to milliseconds, to another zone): written as texts, which cast back exactly."""


def types_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """DuckDB's type of each column, in the table's order."""
    return dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall())


def write_table(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> dict[str, str]:
    """One table as a Parquet file, a piece at a time. Returns the types of its columns."""
    types = types_of(connection, table)
    columns = ", ".join(written_as(identifier(name), type) for name, type in types.items())
    sql = f"COPY (SELECT {columns} FROM {identifier(table)}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    connection.execute(sql)
    return types


def written_as(column: str, type: str) -> str:
    return f"CAST({column} AS VARCHAR) AS {column}" if is_lost(type) else column


def is_lost(type: str) -> bool:
    """Labels of an ENUM and names within a STRUCT may be any word; they are quoted where they are not plain."""
    return not type.startswith("ENUM(") and bool(LOST.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", type)))


def read_table(connection: duckdb.DuckDBPyConnection, table: str, path: Path, types: Mapping[str, str]) -> None:
    """The table again, from its file. Raises ``duckdb.Error`` for a file that does not hold these columns, or a type that is none."""
    known = {name: connection.sqltype(type) for name, type in types.items()}  # read as a type, so that nothing else is run
    columns = ", ".join(f"CAST({identifier(name)} AS {type}) AS {identifier(name)}" for name, type in known.items())
    connection.execute(f"CREATE TABLE {identifier(table)} AS SELECT {columns} FROM read_parquet({literal(str(path))})")
