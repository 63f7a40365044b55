"""Columns of a stored table, each by itself and in the order of its rows."""

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from metadash.data.literals import identifier


def read_columns(connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> dict[str, pd.Series]:
    """Rows come as they were written (DuckDB keeps their order), so nothing is sorted. Texts come as Arrow holds them, as pandas does too:
    that takes a sixth of the time of one by one."""
    described = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()
    types = dict(described)
    connection.execute("SET arrow_large_buffer_size = true")
    found = {}
    for name in names:
        asked = connection.sql(f"SELECT {identifier(name)} FROM {table}")
        frame = asked.to_arrow_table().to_pandas() if types[name] == "VARCHAR" else asked.df()
        found[name] = frame.iloc[:, 0]
    return found


def read_numbers(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> np.ndarray:
    """A column without holes, without a copy."""
    return np.asarray(connection.execute(f"SELECT {identifier(name)} FROM {table}").fetchnumpy()[name])
