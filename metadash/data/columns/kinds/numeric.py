"""Numbers: quantities that can be compared and subtracted."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from metadash.data.columns.facts import AS_NUMBER, EXACT, Facts
from metadash.data.columns.kind import ADDED, ColumnKind, Prepared
from metadash.data.columns.rungs import of_bins
from metadash.data.columns.summary import ColumnSummary, range_words, spread

FEW = 12
"""A numeric column with at most this many different values is chosen from, not slid over."""


def as_floats(column: pd.Series) -> np.ndarray:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def as_series(numbers: np.ndarray, column: pd.Series) -> pd.Series:
    return pd.Series(numbers, column.index, name=column.name)


class Numeric(ColumnKind):
    """Scaled by the training quartiles, by its logarithm where it is skewed, and never far out."""

    name, plural = "numeric", "numbers"
    reads_as, counts, ranged = "numbers", True, True
    rungs = tuple(of_bins(n, f"{n} bins", as_floats, as_series, AS_NUMBER["number"]) for n in (20, 5, 2))
    noise, guessed_as = ADDED, "5 bins"

    def claims(self, facts: Facts) -> bool:
        """Whole numbers that a double cannot tell apart are left to the categories: they are names, as 64-bit ids are."""
        return facts.storage == "number" and facts.as_doubles == facts.distinct

    def numbers(self, column: pd.Series) -> np.ndarray:
        return as_floats(column)

    def prepared(self, column: pd.Series) -> Prepared:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import RobustScaler

        from metadash.data.columns.scaling import Clip, SignedLogWhereSkewed

        values = column.to_numpy(dtype=float, na_value=np.nan)[:, None]
        return Prepared(values, make_pipeline(SignedLogWhereSkewed(), RobustScaler(), Clip()), ["value"])

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return spread(connection, table, AS_NUMBER["number"].format(column))

    def in_words(self, summary: ColumnSummary) -> str:
        return range_words(summary)

    def listed(self, summary: ColumnSummary) -> bool:
        return summary.distinct <= FEW

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        value = float(text.replace("−", "-"))
        if value != value:
            raise ValueError(text)
        return int(value) if value.is_integer() and abs(value) < EXACT else value
