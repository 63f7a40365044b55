"""A table of DuckDB in pandas: its own way there gives up at some types, rounds others, and makes dates of infinity."""

import duckdb
import pandas as pd

from metadash.data.literals import identifier
from metadash.errors import BadInput

WHOLE = ("HUGEINT", "UHUGEINT", "BIGNUM")
WORDS = ("TIME WITH TIME ZONE", "BIT", "GEOMETRY")
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def frame_of(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    """A table by its name, in columns that ``accepted`` takes. Raises BadInput naming a column that cannot be read.

    Whole numbers of any length stay exact, times of day with a zone, bits and geometries become words, and what lies infinitely far away
    counts as missing.
    """
    name = identifier(table)
    types = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {name})").fetchall()
    wanted = {column: type for column, type in types}
    try:
        found = connection.execute(f"SELECT {', '.join(map(selected, wanted, wanted.values()))} FROM {name}").df()
    except duckdb.Error as error:
        for column, type in wanted.items():
            check_readable(connection, name, column, type)
        raise BadInput(f"The table '{table}' cannot be read ({str(error).splitlines()[0]}).") from error
    for column, type in wanted.items():
        if type in WHOLE:
            found[column] = found[column].astype(object).map(int, na_action="ignore")
    return found


def selected(column: str, type: str) -> str:
    value = identifier(column)
    if type in WHOLE or type in WORDS:
        return f"CAST({value} AS VARCHAR) AS {value}"
    return f"CASE WHEN isfinite({value}) THEN {value} END AS {value}" if type in MOMENTS else value


def check_readable(connection: duckdb.DuckDBPyConnection, table: str, column: str, type: str) -> None:
    try:
        connection.execute(f"SELECT {selected(column, type)} FROM {table}").df()
    except duckdb.Error as error:
        raise BadInput(
            f"The column '{column}' of the table {table} is of DuckDB's type {type} and cannot be read ({str(error).splitlines()[0]}); cast it "
            "to numbers, texts or dates."
        ) from error
