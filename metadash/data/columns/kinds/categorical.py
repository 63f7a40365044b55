"""Categories: values that are equal or not. Whatever no other kind claims is one."""

import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import REPLACED, ColumnKind, Prepared
from metadash.data.columns.rungs import RARE_TO_OTHER, WITHHELD, Rung

ZIP = r"\d{5}"
MOSTLY = 0.95


FIRST_CHARACTERS = Rung(
    "first 3 characters",
    "the first three characters",
    lambda column: column.astype("string").str[:3],
    lambda column, _: f"left(CAST({column} AS VARCHAR), 3)",
)


class Categorical(ColumnKind):
    """One feature a training value; a new value has none of them."""

    name = "categorical"
    vocabulary = searched = True
    rungs = (FIRST_CHARACTERS, RARE_TO_OTHER)
    noise = REPLACED

    def claims(self, facts: Facts) -> bool:
        return True

    def is_prose(self, column: pd.Series) -> bool:
        """Names: hardly two rows have the same, so that equality says nothing of a new row; and they are written in letters."""
        texts = column.dropna().astype(str)
        lettered = texts.str.contains(r"[^\W\d_]{2}").mean() > MOSTLY
        return bool(len(texts) > 1 and texts.nunique() > MOSTLY * len(texts) and lettered)

    def prepared(self, column: pd.Series) -> Prepared:
        from sklearn.preprocessing import OneHotEncoder

        text = column.astype("string").fillna("").to_numpy(dtype=object)
        encoder = OneHotEncoder(
            handle_unknown="ignore", sparse_output=False, feature_name_combiner=lambda column, category: str(category)
        )
        return Prepared(text[:, None], encoder, [])

    def ladder(self, column: pd.Series) -> tuple[Rung, ...]:
        """Postal codes of five digits have their own."""
        is_zip = column.dropna().astype(str).str.fullmatch(ZIP).mean() > MOSTLY
        return (FIRST_CHARACTERS if is_zip else RARE_TO_OTHER, WITHHELD)
