"""Columns that look personal: by what their values are like, by their name, and by how few rows share a value."""

from dataclasses import dataclass
from typing import Literal

import duckdb

from metadash.data.columns.facts import storage_of_type
from metadash.data.columns.personal import PATTERNS, Sign, is_card_number, sign_of_name
from metadash.data.dataset import Dataset
from metadash.data.literals import identifier, literal

Table = Literal["classes", "instances"]
By = Literal["values", "name", "number of values"]
Unique = Literal["a value of its own in nearly every row"]

TABLES: dict[str, Table] = {"class": "classes", "instance": "instances"}

MOSTLY = 0.5
"""The share of values that must match a pattern."""
MOST_VALUES = 2000
"""Values a column's patterns are tried on, the same ones each time."""
NEARLY_UNIQUE = 0.95
MANY = 2_000_000
ROOM = 0.15
"""By how much an estimated number of different values may be off (HyperLogLog; some percent are usual)."""


@dataclass(frozen=True)
class Personal:
    """A column that looks personal. ``by`` its values, its name, or because nearly each row has a value of its own.

    ``share`` is the share of values that match the pattern (of different values, where it is their number that shows it).
    """

    table: Table
    column: str
    source: str
    sign: Sign | Unique
    by: By
    share: float
    declared: bool
    """Whether its source is marked as sensitive already."""


def personal_columns(dataset: Dataset) -> list[Personal]:
    """Every column of the data set's tables that looks personal, the surest first. What the columns of the tables' own keys hold is no
    metadata and is left out."""
    found: list[Personal] = []
    with dataset.connect() as connection:
        for level, table in TABLES.items():
            described = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()
            for column, type in described:
                if column in ("class_id", "instance_id", "class_name"):
                    continue
                source = next(
                    (s for s in dataset.sources if (s.level == "class") == (level == "class") and column in s.columns), None
                )
                sign = sign_of(connection, table, column, type)
                if sign:
                    found.append(
                        Personal(table, column, source.name if source else "", *sign, source is not None and source.sensitive)
                    )
    order = ["values", "name", "number of values"]
    return sorted(found, key=lambda personal: order.index(personal.by))


def sign_of(connection: duckdb.DuckDBPyConnection, table: str, column: str, type: str) -> tuple[Sign | Unique, By, float] | None:
    """(what it looks like, by what, share of values), or None."""
    name, rows = identifier(column), identifier(table)
    found = connection.execute(f"SELECT count({name}), approx_count_distinct(hash({name})) FROM {rows}").fetchone()
    known, about = found or (0, 0)
    if not known:
        return None
    text = storage_of_type(type) == "text"
    if text or type in ("BIGINT", "HUGEINT", "UBIGINT"):
        for sign, share in matching(connection, table, column, about).items():
            if share > MOSTLY:
                return sign, "values", share
    named = sign_of_name(column)
    if named:
        return named, "name", 1.0
    if text and table == "instances" and known >= 20 and about >= (NEARLY_UNIQUE - ROOM) * known:  # a class is rarely a person
        # of millions, of the values of one hash in eight: what share of them is different needs no more
        part = f"hash({name}) < {2**61}" if known > MANY else f"{name} IS NOT NULL"
        counted = f"SELECT count(DISTINCT hash({name})), count(*) FROM {rows} WHERE {part}"
        distinct, of = connection.execute(counted).fetchone() or (0, 1)
        if distinct >= NEARLY_UNIQUE * of:
            return "a value of its own in nearly every row", "number of values", distinct / of
    return None


def matching(connection: duckdb.DuckDBPyConnection, table: str, column: str, about: int) -> dict[Sign, float]:
    """For each pattern, the share of (a fixed choice of) the different values, ``about`` so many, that match it wholly."""
    name = identifier(column)
    texts = f"SELECT trim(CAST({name} AS VARCHAR)) AS x FROM {identifier(table)} WHERE {name} IS NOT NULL"
    counts = ", ".join(f"avg(CAST(regexp_full_match(x, {literal(pattern)}) AS DOUBLE))" for pattern in PATTERNS.values())
    # the least hashes of many lie below this: nobody has to sort, or to hold, the rest
    least = [f"WHERE hash(x) < {2**64 * 3 * MOST_VALUES // about}"] if about > 8 * MOST_VALUES else []
    for some in [*least, ""]:
        chosen = f"SELECT x FROM (SELECT DISTINCT x FROM ({texts}) {some}) ORDER BY hash(x), x LIMIT {MOST_VALUES}"
        n, *shares = connection.execute(f"SELECT count(*), {counts} FROM ({chosen})").fetchone() or (0,)
        if n == MOST_VALUES:
            break
    found = dict(zip(PATTERNS, shares, strict=True))
    if found["card number"] > MOSTLY:
        rows = connection.execute(chosen).fetchall()
        found["card number"] = sum(is_card_number(x) for (x,) in rows) / len(rows)
        found["phone"] = 0.0 if found["card number"] > MOSTLY else found["phone"]
    return found
