"""Tables of a data set in its database; a column that this has no type for is named."""

import duckdb
import pandas as pd

from metadash.data.writing.rows import ParquetRows, Rows
from metadash.errors import BadInput


def store(connection: duckdb.DuckDBPyConnection, name: str, frame: Rows) -> None:
    """A table of the database. Raises BadInput for a column of values that it has no type for."""
    if isinstance(frame, ParquetRows):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [str(frame.path)])
        return
    try:
        connection.register("frame", frame)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        connection.unregister("frame")
    except duckdb.Error as error:
        column = next((column for column in frame if not storable(frame[[column]])), None)
        if column is None:
            raise
        raise BadInput(
            f"The column '{column}' of the table {name} holds {frame[column].dtype} values, which cannot be stored; make them numbers, texts or "
            "dates."
        ) from error


def storable(column: pd.DataFrame) -> bool:
    try:
        with duckdb.connect() as connection:
            connection.register("frame", column)
            connection.execute("CREATE TABLE tried AS SELECT * FROM frame")
    except duckdb.Error:
        return False
    return True
