"""Vectors: lists of numbers, all of one length."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import Prepared, ShownByExamples
from metadash.errors import BadInput


def numbers_of(vector: Sequence[float | None] | np.ndarray) -> np.ndarray:
    """DuckDB hides what is missing in a vector behind a mask."""
    return (
        np.ma.filled(vector.astype(float), np.nan) if isinstance(vector, np.ma.MaskedArray) else np.asarray(vector, dtype=float)
    )


def stacked(column: pd.Series, length: int) -> np.ndarray:
    """[R, length]; NaN where a vector is missing, or a number in it is or is infinite."""
    known = column.notna().to_numpy()
    vectors = np.full((len(column), length), np.nan)
    if known.any():
        vectors[known] = np.stack([numbers_of(vector) for vector in column[known]])
    return np.where(np.isfinite(vectors), vectors, np.nan)


def lengths_of(column: pd.Series) -> list[int]:
    return sorted({len(vector) for vector in column[column.notna()]})


class Vector(ShownByExamples):
    """Scaled place by place."""

    name, plural = "vector", "vectors"
    reads_as = "vectors"
    groups, embeds, typed = False, True, False

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "vector"

    def vectors(self, column: pd.Series) -> np.ndarray:
        """One column of NaN where they have different lengths, and so none in common."""
        lengths = lengths_of(column)
        return stacked(column, lengths[0]) if len(lengths) == 1 else np.full((len(column), 1), np.nan)

    def prepared(self, column: pd.Series) -> Prepared:
        from sklearn.preprocessing import RobustScaler

        lengths = lengths_of(column)
        if len(lengths) > 1:
            raise BadInput(
                f"The vectors in '{column.name}' have different lengths ({lengths[0]} and {lengths[-1]}); they need one."
            )
        vectors = stacked(column, lengths[0])
        return Prepared(vectors, RobustScaler(), [str(i) for i in range(vectors.shape[1])])
