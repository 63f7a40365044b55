"""A column without a value: it is there, and says nothing."""

import duckdb
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import ColumnKind, Prepared
from metadash.data.columns.rungs import Rung
from metadash.data.columns.summary import ColumnSummary
from metadash.errors import BadInput


class Empty(ColumnKind):
    """Takes no part in anything."""

    name, plural = "empty", "nothing"
    reads_as = "nothing"

    def claims(self, facts: Facts) -> bool:
        return not facts.present

    def prepared(self, column: pd.Series) -> Prepared:
        raise BadInput(f"'{column.name}' has no value, so there is nothing in it to learn from; leave it out.")

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return {}

    def in_words(self, summary: ColumnSummary) -> str:
        return "nothing at all"

    def listed(self, summary: ColumnSummary) -> bool:
        return False

    def ladder(self, column: pd.Series) -> tuple[Rung, ...]:
        return ()
