"""Whether a user's condition selects the same classes whenever and wherever it is asked, read off the parsed tree.

DuckDB says of each function whether it is *consistent*; one that never is (``random``, ``now``, ``nextval``, ``getvariable``) answers by chance, by
the clock or by the session. The rest is short: samples, a LIMIT that no ORDER BY makes definite, and what reads the database itself instead of its
tables. What follows the stored order of rows (``first``, ``any_value``) is left: conditions run on one thread, and that order is the data set's.

Imports nothing of MetaDash: the process that runs conditions (``query_worker``) loads this file by its path.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import duckdb

CLOCKS = frozenset(["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"])
"""What SQL writes without parentheses; DuckDB's tree has them as columns."""
NOT_BY_STABILITY = frozenset(["version", "reservoir_quantile"])
"""Called consistent by DuckDB, yet these name its version and draw a sample."""
PLAIN_TABLES = frozenset(["range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"])
"""Functions in FROM that depend on their arguments alone."""
CATALOGUES = ("information_schema", "pg_catalog")
SAMPLES = ("tablesample", "using sample")
UNPLACED = 2**63


class Trouble(NamedTuple):
    """Why a condition is not repeatable: ``kind`` is *function*, *clock*, *sample*, *limit* or *beyond*; ``position`` in bytes of the SQL."""

    kind: str
    word: str
    position: int | None


def trouble(connection: duckdb.DuckDBPyConnection, sql: str) -> Trouble | None:
    """The first thing in ``sql`` that would not select the same rows again, or None."""
    moving = moving_functions(connection)
    tree = tree_of(connection, sql)
    if tree is None:
        return in_words(sql, moving)
    own = {
        name.lower() for (name,) in connection.execute("SELECT column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
    }
    views = {name.lower() for (name,) in connection.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    found = (trouble_of(node, moving, own, views) for node in nodes(tree))
    return next((one for one in found if one), None)


def trouble_of(node: dict[str, Any], moving: frozenset[str], own: set[str], views: set[str]) -> Trouble | None:
    """What is wrong with one node of the tree by itself. ``own`` are the columns that there are, which hide SQL's words for the clock;
    ``views`` are the database's own catalogues, and anything else that is no table."""
    place = node.get("query_location", UNPLACED)
    at = place if place < UNPLACED else None
    if node.get("sample"):
        return Trouble("sample", "", at)
    kinds = {modifier.get("type"): modifier for modifier in node.get("modifiers") or ()}
    if "ORDER_MODIFIER" not in kinds:
        if "LIMIT_MODIFIER" in kinds or "LIMIT_PERCENT_MODIFIER" in kinds:
            return Trouble("limit", "LIMIT", at)
        if kinds.get("DISTINCT_MODIFIER", {}).get("distinct_on_targets"):
            return Trouble("limit", "DISTINCT ON", at)
    if node.get("type") == "TABLE_FUNCTION":
        word = node["function"]["function_name"].lower()
        return None if word in PLAIN_TABLES else Trouble("beyond", word, at)
    if node.get("type") == "BASE_TABLE" and (node["schema_name"].lower() in CATALOGUES or node["table_name"].lower() in views):
        return Trouble("beyond", node["table_name"], at)
    names = node.get("column_names") if node.get("class") == "COLUMN_REF" else None
    if names and len(names) == 1 and names[0].lower() in CLOCKS - own:
        return Trouble("clock", names[0], at)
    word = str(node.get("function_name", "")).lower()
    if word in moving or (word == "age" and len(node.get("arguments") or node.get("children") or ()) == 1):
        return Trouble("function", word, at)
    return None


@lru_cache(maxsize=1)
def _moving(version: str, names: frozenset[str], macros: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """With the macros that are made of such functions (``ago`` is ``current_timestamp - …``)."""
    found = names | NOT_BY_STABILITY
    while more := {name for name, text in macros if name not in found and words(text) & (found | CLOCKS)}:
        found |= more
    return found


def moving_functions(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The functions none of whose forms is consistent; one that is inconsistent only for times with a zone (``year``) is not among them,
    since the zone is set."""
    names = connection.execute(
        "SELECT function_name FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate') GROUP BY ALL "
        "HAVING NOT bool_or(stability = 'CONSISTENT')"
    ).fetchall()
    macros = connection.execute(
        "SELECT function_name, macro_definition FROM duckdb_functions() WHERE function_type = 'macro' ORDER BY ALL"
    ).fetchall()
    return _moving(duckdb.__version__, frozenset(name for (name,) in names), tuple(macros))


def tree_of(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any] | None:
    """The parsed statement, or None where DuckDB cannot write it down."""
    try:
        ((text,),) = connection.execute(
            "SELECT json_serialize_sql(?)", [sql]
        ).fetchall()  # all, or the next query finds it unfinished
        tree = json.loads(text)
    except (duckdb.Error, ValueError, RecursionError):
        return None
    return None if tree.get("error") else tree


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of the tree, in the order of the text as far as the tree keeps it; no recursion, for conditions may be deep."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
        if isinstance(node, dict | list):
            waiting.extend(reversed(list(node.values()) if isinstance(node, dict) else node))


def in_words(sql: str, moving: frozenset[str]) -> Trouble | None:
    """Without a tree: the words outside of quotes. It may refuse a column that is called like a function, which can be quoted."""
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", " ", sql.lower(), flags=re.DOTALL)
    if any(re.search(r"\b" + sample.replace(" ", r"\s+") + r"\b", bare) for sample in SAMPLES):
        return Trouble("sample", "", None)
    found = sorted(words(bare) & (moving | CLOCKS))
    return Trouble("function", found[0], None) if found else None


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z_][a-z0-9_]*", text.lower()))
