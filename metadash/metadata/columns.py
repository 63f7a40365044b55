"""What kind of thing a column holds: decides how it is encoded, summarised and shown."""

import re
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["numeric", "boolean", "categorical", "multilabel", "text", "timestamp", "vector", "empty"]

SEPARATOR = "; "
"""Between the labels of a multi-label column."""


def kind_of(column: pd.Series) -> Kind:
    """The kind of a column, judged from its type and values.

    Text is what mostly has several words and mostly differs from row to row; other strings are categories, or several labels
    joined by ``SEPARATOR``.
    """
    values = column.dropna()
    if not len(values):
        return "empty"
    if pd.api.types.is_bool_dtype(values) or (values.dtype == object and pd.api.types.infer_dtype(values) == "boolean"):
        return "boolean"  # DuckDB hands booleans with holes over as objects
    if pd.api.types.is_numeric_dtype(values):
        return "numeric"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "timestamp"
    if isinstance(values.iloc[0], (list, tuple, np.ndarray)):
        return "vector"
    strings = values.astype(str)
    if strings.str.contains(re.escape(SEPARATOR)).any():
        return "multilabel"
    several_words = strings.str.contains(r"\S\s+\S").mean()
    if several_words > 0.5 and strings.nunique() > 0.5 * len(strings):
        return "text"
    return "categorical"
