"""Finds columns that name a class instead of saying something about it: whatever a learner gets from them is a leak or a luck."""

import pandas as pd

from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Source

FEWEST = 8
"""Classes with a value from which on it can be told: among fewer, values may all differ by chance."""


def identifier_in(table: pd.DataFrame, source: Source) -> str | None:
    """One sentence on the first of the source's columns that identifies classes, None where there is none.

    A number identifies when it counts the classes; words, labels and categories do when no two classes share any of them, so that
    nothing learned from one class can be carried over to another.
    """
    for name in source.columns:
        if name not in table:
            continue
        if reason := identifies(table[name]):
            return f"The column '{name}' of the source '{source.name}' {reason}."
    return None


def identifies(column: pd.Series) -> str | None:
    values = column.dropna()
    if len(values) < FEWEST:
        return None
    kind = kind_of(column)
    if kind.counts:
        counts = values.nunique() == len(values) and (values % 1 == 0).all() and values.max() - values.min() == len(values) - 1
        return "counts the classes, as a class id does" if counts else None
    if not kind.vocabulary:
        return None
    parts = [part for row in kind.words(values) for part in row] if kind.reads_as == "words" else list(values.astype(str))
    return "has values of its own for every class, as a class id has" if len(parts) == len(set(parts)) else None
