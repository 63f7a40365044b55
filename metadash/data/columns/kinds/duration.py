"""Lengths of time: numbers whose unit is known, told in days."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from metadash.data.columns.facts import AS_NUMBER, Facts
from metadash.data.columns.kind import Prepared
from metadash.data.columns.kinds.numeric import Numeric
from metadash.data.columns.rungs import of_bins
from metadash.data.columns.summary import ColumnSummary, range_words, spread


def in_days(column: pd.Series) -> np.ndarray:
    return pd.to_timedelta(column).dt.total_seconds().to_numpy(dtype=float, na_value=np.nan) / 86400


def from_days(days: np.ndarray, column: pd.Series) -> pd.Series:
    microseconds = np.where(np.isfinite(days), days, 0) * 86400e6
    spans = pd.Series(microseconds.round().astype("timedelta64[us]"), column.index, name=column.name)
    return spans.where(np.isfinite(days))


class Duration(Numeric):
    """As numbers are, in days."""

    name, plural = "duration", "lengths of time in days, such as 1.5"
    counts = False
    rungs = tuple(of_bins(n, f"lengths in {n} bins", in_days, from_days, AS_NUMBER["duration"]) for n in (20, 5, 2))
    guessed_as, unit = "lengths in 5 bins", "days"
    range_only = "1..7.5"

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "duration"

    def numbers(self, column: pd.Series) -> np.ndarray:
        return in_days(column)

    def from_numbers(self, numbers: np.ndarray, column: pd.Series) -> pd.Series:
        return from_days(numbers, column)

    def prepared(self, column: pd.Series) -> Prepared:
        _, transformer, _ = super().prepared(pd.Series(dtype=float))
        return Prepared(in_days(column)[:, None], transformer, ["days"])

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return spread(connection, table, AS_NUMBER["duration"].format(column))

    def in_words(self, summary: ColumnSummary) -> str:
        return range_words(summary, " days")

    def listed(self, summary: ColumnSummary) -> bool:
        return False

    def ordered_sql(self, column: str) -> str:
        return AS_NUMBER["duration"].format(column)

    def bound(self, text: str) -> Any:
        return super().read(text)

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        return pd.Timedelta(days=float(super().read(text)))
