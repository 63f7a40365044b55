"""A column without a value: it is there, and says nothing."""

import duckdb
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import ColumnKind
from metadash.data.columns.rungs import Rung
from metadash.data.columns.summary import ColumnSummary


class Empty(ColumnKind):
    """Takes no part in anything."""

    name, plural = "empty", "nothing"
    reads_as = "nothing"

    def claims(self, facts: Facts) -> bool:
        return not facts.present

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return {}

    def in_words(self, summary: ColumnSummary) -> str:
        return "nothing at all"

    def listed(self, summary: ColumnSummary) -> bool:
        return False

    def ladder(self, column: pd.Series) -> tuple[Rung, ...]:
        return ()
