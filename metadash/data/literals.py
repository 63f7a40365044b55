"""Names and values as SQL text, quoted so that DuckDB reads back exactly what was meant."""

import re
from functools import lru_cache

import duckdb

Value = str | int | float | bool | None
SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """The words that DuckDB would not take for a column."""
    with duckdb.connect(":memory:") as connection:
        sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        return frozenset(row[0] for row in connection.execute(sql).fetchall())


def identifier(name: str) -> str:
    """A table's or column's name, in double quotes where it needs them."""
    if SIMPLE.fullmatch(name) and name not in reserved():
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: Value) -> str:
    """A value as SQL text; infinities and NaN have no literal and are cast."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if abs(value) < float("inf") else f"CAST('{value}' AS DOUBLE)"
    return "'" + value.replace("'", "''") + "'"


def marked(sql: str, position: int) -> str:
    """The line of ``sql`` that holds the character ``position``, and under it a caret below that character."""
    start = sql.rfind("\n", 0, position) + 1
    line = sql[start:].partition("\n")[0]
    column = position - start
    first = max(0, column - 60)  # a long line is cut around the spot
    shown = ("…" if first else "") + line[first : column + 60] + ("…" if len(line) > column + 60 else "")
    return f"{shown}\n{' ' * (column - first + bool(first))}^"
