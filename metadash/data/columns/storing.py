"""Tables of a data set in its database; a column that this has no type for is named."""

import duckdb
import pandas as pd

from metadash.data.literals import identifier
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
            store_apart(connection, name, frame)
            return
        raise BadInput(
            f"The column '{column}' of the table {name} holds {frame[column].dtype} values, which cannot be stored; make them numbers, texts or "
            "dates."
        ) from error


def store_apart(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    """Columns that Arrow holds, and the others: beside one of those DuckDB reads all by way of Arrow, which has no type for some records that
    DuckDB takes by itself."""
    of_arrow = [isinstance(held, pd.ArrowDtype) for held in frame.dtypes]
    parts = {"of_arrow": frame.loc[:, of_arrow], "others": frame.loc[:, [not one for one in of_arrow]]}
    for part, columns in parts.items():
        connection.register(part, columns)
    names = ", ".join(map(identifier, frame.columns))
    connection.execute(f"CREATE TABLE {name} AS SELECT {names} FROM of_arrow POSITIONAL JOIN others")
    for part in parts:
        connection.unregister(part)


def storable(column: pd.DataFrame) -> bool:
    try:
        with duckdb.connect() as connection:
            connection.register("frame", column)
            connection.execute("CREATE TABLE tried AS SELECT * FROM frame")
    except duckdb.Error:
        return False
    return True
