"""Several labels a row, held as a list of texts; an empty list is known to have none."""

from typing import Any

import numpy as np
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import Prepared
from metadash.data.columns.kinds.multilabel import SEPARATOR, MultiLabel
from metadash.data.columns.rungs import of_part


def lists(column: pd.Series) -> pd.Series:
    """Each row's labels as a list of texts, an empty one where it is missing; a text that was made of a list is one label. What is no text is
    no label: where training rows have empty lists alone, rows that come later may hold lists of anything."""

    def of(labels: Any) -> list[str]:
        return [labels] if isinstance(labels, str) else [str(label) for label in labels if isinstance(label, str) and label]

    return pd.Series([of(labels) if known else [] for labels, known in zip(column, column.notna(), strict=True)], column.index)


def first_tag(column: pd.Series) -> pd.Series:
    found = [labels[0] if labels else None for labels in lists(column)]
    return pd.Series(found, column.index, name=column.name, dtype="string")


def same(labels: list[str]) -> list[str]:
    return labels


class Tags(MultiLabel):
    """As several labels in a text, read off a list instead."""

    name = "tags"
    pattern = ""
    rungs = of_part("first tag", first_tag, lambda column: f"nullif({column}[1], '')")
    noise, guessed_as = "", "first tag"

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "labels"

    def split_sql(self, column: str) -> str:
        return column

    def words(self, column: pd.Series) -> pd.Series:
        return lists(column).map(lambda words: set(words))

    def prepared(self, column: pd.Series) -> Prepared:
        from metadash.data.columns.scaling import Words

        held = np.empty(len(column), dtype=object)
        held[:] = lists(column).tolist()
        return Prepared(held, Words(binary=True, analyzer=same), [])

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        return np.array([label.strip() for label in text.split(SEPARATOR.strip()) if label.strip()], dtype=object)

    def bound(self, text: str) -> Any:
        return text
