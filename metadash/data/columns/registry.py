"""The kinds of metadata columns. A new one is a file beside this one and a line in ``KINDS``."""

import duckdb
import pandas as pd

from metadash.data.columns.facts import Facts, facts_in, facts_of, facts_of_many
from metadash.data.columns.kind import ColumnKind
from metadash.data.columns.kinds.boolean import Boolean
from metadash.data.columns.kinds.categorical import Categorical
from metadash.data.columns.kinds.duration import Duration
from metadash.data.columns.kinds.empty import Empty
from metadash.data.columns.kinds.multilabel import MultiLabel
from metadash.data.columns.kinds.numeric import Numeric
from metadash.data.columns.kinds.path import Path
from metadash.data.columns.kinds.record import Record
from metadash.data.columns.kinds.tags import Tags
from metadash.data.columns.kinds.text import Text
from metadash.data.columns.kinds.timestamp import Timestamp
from metadash.data.columns.kinds.vector import Vector
from metadash.data.columns.rungs import AS_IT_IS, WITHHELD, Rung

KINDS: list[ColumnKind] = [
    Empty(),
    Boolean(),
    Timestamp(),
    Duration(),
    Numeric(),
    Vector(),
    Tags(),
    Record(),
    Path(),
    MultiLabel(),
    Text(),
    Categorical(),
]
"""In the order in which they are asked whether a column is theirs; the last takes all that is left."""


def kind_of(column: pd.Series) -> ColumnKind:
    """The kind of a pandas column, told from its type and its values."""
    return claimed(facts_of(column))


def kind_in(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, type: str, some: str = ""
) -> tuple[ColumnKind, Facts, int]:
    """The same in SQL (``table`` and ``column`` are identifiers), with the facts and the number of rows; of a large table by a look at
    ``some`` of it, where that is given."""
    patterns = tuple(dict.fromkeys(one for kind in KINDS for one in (kind.pattern, *kind.further) if one))
    facts, rows = (
        facts_of_many(connection, table, column, type, patterns, some)
        if some
        else facts_in(connection, table, column, type, patterns)
    )
    return claimed(facts), facts, rows


def claimed(facts: Facts) -> ColumnKind:
    return next(kind for kind in KINDS if kind.claims(facts))


def kind_named(name: str) -> ColumnKind:
    return next(kind for kind in KINDS if kind.name == name)


def rung_named(name: str) -> Rung:
    return rungs()[name]


def rungs() -> dict[str, Rung]:
    """Every rung by its name, from "as it is" to "withheld"."""
    found = {rung.name: rung for kind in KINDS for rung in kind.rungs}
    return {AS_IT_IS.name: AS_IT_IS, **found, WITHHELD.name: WITHHELD}
