"""Columns by which rows belong together: siblings of a task, what support and query differ in."""

from metadash.data.columns.facts import is_single
from metadash.data.writing.rows import Rows
from metadash.errors import BadInput


def check_groups(name: str | None, table: str, frame: Rows) -> None:
    """Raises BadInput for a column of lists or records: rows belong together where they share one value."""
    if name is not None and not is_single(frame[name]):
        raise BadInput(f"The column '{name}' of the table {table} holds lists or records; group by a column of single values.")
