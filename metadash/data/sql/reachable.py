"""What a person's query may reach in DuckDB: the tables of the data set and what can be worked out from them, read off the parsed statement.

Files, extensions and settings are locked by DuckDB itself (``query_worker.LOCKED``). What it leaves open is refused here: functions that
tell paths and settings of the machine, hand out the database's own file as bytes, run a text as SQL, and those that wait or answer by
chance. Functions in FROM are on a list of those allowed, since every version of DuckDB brings new ones. (Macros and views inside the file
are not looked into: MetaDash writes none.)

Imports nothing of MetaDash: the process that runs queries (``query_worker``) loads this file by its path.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb

IN_FROM = frozenset(
    [
        "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "histogram", "histogram_values", "summary",
        "test_all_types", "test_vector_types", "icu_calendar_names", "pg_timezone_names", "pragma_table_info", "pragma_show", "duckdb_columns",
        "duckdb_constraints", "duckdb_functions", "duckdb_indexes", "duckdb_keywords", "duckdb_schemas", "duckdb_tables", "duckdb_types",
        "duckdb_views",
    ]
)  # fmt: skip
"""Functions in FROM that read their arguments, or say which tables, columns and functions there are."""
VIEWS = frozenset(["sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"]) | IN_FROM
"""Of the database's own views outside of information_schema: those that say no more."""
OF_THE_MACHINE = frozenset(["current_setting", "getvariable"])
HARMLESS = frozenset(["error"])
"""Called volatile by DuckDB so that it is not worked out beforehand."""
UNPLACED = 2**63


class Beyond(NamedTuple):
    """What is out of reach: ``kind`` is *reach* or *volatile*; ``position`` in bytes of the SQL."""

    kind: str
    word: str
    position: int | None


class Names(NamedTuple):
    """Of this version of DuckDB: functions that wait or answer by chance, functions of FROM and views that are refused."""

    volatile: frozenset[str]
    functions: frozenset[str]
    views: frozenset[str]


def beyond(connection: duckdb.DuckDBPyConnection, sql: str, found: Iterable[dict[str, Any]] | None) -> Beyond | None:
    """The first thing in ``sql`` that is out of reach, or None. ``found``: the nodes of its tree, None where DuckDB writes none down."""
    names = _names(connection)
    troubles = of_words(sql, names) if found is None else (of_node(node, names) for node in found)
    return next((one for one in troubles if one), None)


_known: dict[str, Names] = {}


def _names(connection: duckdb.DuckDBPyConnection) -> Names:
    """They take 40 ms to find, and are the same for every file."""
    if duckdb.__version__ not in _known:
        rows = connection.execute(
            "SELECT DISTINCT function_name, function_type, coalesce(stability = 'VOLATILE', false) FROM duckdb_functions() WHERE internal"
        ).fetchall()
        views = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'"
        ).fetchall()
        scalars = {name for name, kind, _ in rows if kind in ("scalar", "aggregate")}
        in_from = {name for name, kind, _ in rows if kind in ("table", "table_macro")}
        _known[duckdb.__version__] = Names(
            frozenset(name for name, _, chance in rows if chance) - HARMLESS,
            (frozenset(in_from - scalars) - IN_FROM) | OF_THE_MACHINE,
            frozenset(name for (name,) in views) - VIEWS,
        )
    return _known[duckdb.__version__]


def of_node(node: dict[str, Any], names: Names) -> Beyond | None:
    """What is wrong with one node of the tree by itself."""
    place = node.get("query_location", UNPLACED)
    at = place if isinstance(place, int) and place < UNPLACED else None
    if node.get("type") == "TABLE_FUNCTION":
        word = node["function"]["function_name"].lower()
        return None if word in IN_FROM else Beyond("reach", word, at)
    if node.get("type") == "BASE_TABLE":
        word = node["table_name"].lower()
        return Beyond("reach", word, at) if word in names.views or node["schema_name"].lower() == "pg_catalog" else None
    return of_function(str(node.get("function_name", "")).lower(), at, names)


def of_function(word: str, at: int | None, names: Names) -> Beyond | None:
    if word in names.volatile:
        return Beyond("volatile", word, at)
    return Beyond("reach", word, at) if word in names.functions else None


def of_words(sql: str, names: Names) -> Iterator[Beyond | None]:
    """Without a tree (PIVOT, EXPLAIN): DuckDB's own tokens, quoted names among them. A name before a parenthesis is a function."""
    content, tokens = sql.encode(), duckdb.tokenize(sql)
    ends = [*(at for at, _ in tokens[1:]), len(content)]
    texts = [
        (at, kind, content[at:end].decode(errors="replace").strip())
        for (at, kind), end in zip(tokens, ends, strict=True)
        if kind != duckdb.token_type.comment
    ]
    for (at, kind, text), (_, _, after) in pairwise([*texts, (len(content), None, "")]):
        if kind not in (duckdb.token_type.identifier, duckdb.token_type.keyword):
            continue
        word = text[1:-1].replace('""', '"').lower() if text.startswith('"') else text.lower()
        if after.startswith("("):
            yield of_function(word, at, names)
        elif word in names.views or word == "pg_catalog":
            yield Beyond("reach", word, at)
