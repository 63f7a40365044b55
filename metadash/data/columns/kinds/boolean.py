"""True or false."""

from typing import Any

import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import REPLACED, ColumnKind, Prepared


class Boolean(ColumnKind):
    """One feature, 0 or 1."""

    name, plural = "boolean", "true or false"
    noise = REPLACED

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "boolean"

    def prepared(self, column: pd.Series) -> Prepared:
        from sklearn.preprocessing import FunctionTransformer

        values = column.astype("boolean").to_numpy(dtype=float, na_value=0.0)[:, None]
        return Prepared(values, FunctionTransformer(), ["true"])

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        word = text.strip().lower()
        if word not in ("true", "false"):
            raise ValueError(text)
        return word == "true"
