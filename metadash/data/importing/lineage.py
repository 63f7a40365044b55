"""A column that names the parent of each class becomes the path from the root of the taxonomy to that parent: the metadata are the path."""

from dataclasses import dataclass

import pandas as pd

from metadash.data.columns.facts import is_single
from metadash.data.columns.kinds.path import paths_of
from metadash.data.importing.linking import as_key
from metadash.data.importing.plan import Column
from metadash.errors import BadInput


@dataclass(frozen=True)
class Lineage:
    """By the name of each row: its ``parents`` by their names, its ``paths``; ``above``: all rows that are above another."""

    parents: pd.Series
    paths: pd.Series
    above: frozenset[str]


def lineage_of(table: pd.DataFrame, key: str, column: Column) -> Lineage:
    """``table`` a row a class or a group of them, called by ``key``. Raises BadInput where a column names no parents.

    The parent may be said by the name of its row, by another column that no two rows share, such as a number, or be no row at all.
    """
    if not is_single(table[column.name]):
        raise BadInput(f"The column '{column.name}' holds lists or records, and a class has one parent; give it another role.")
    table = table[table[key].notna()]
    names, parents = texts(table[key]), texts(table[column.name])
    by = referred(table, key, column.name, parents)
    if by != key:
        named = dict(zip(texts(table[by]), names, strict=True))
        parents = parents.map(lambda parent: named.get(parent, parent), na_action="ignore")
    parents = parents.where(parents != names, None)  # a root that names itself
    if not parents.notna().any():
        raise BadInput(f"The column '{column.name}' names the parent of no class; give it another role.")
    paths = paths_of(names, parents)
    index = pd.Index(names)
    known = set(index)
    return Lineage(
        parents.set_axis(index), paths.set_axis(index), frozenset(one for one in parents.dropna().unique() if one in known)
    )


def texts(column: pd.Series) -> pd.Series:
    """Names as texts, whole numbers without a point, missing where there is none."""
    known = column.notna()
    if column.dtype.kind == "f" and (column[known] % 1 == 0).all():
        column = column.astype("Int64")
    words = pd.Series(as_key(column.astype(object)), column.index, dtype=object)
    return words.where(known & (words != ""), None)


def referred(table: pd.DataFrame, key: str, own: str, parents: pd.Series) -> str:
    """The column by whose values the parents are named: that with most of them, the key where several have as many."""
    said = set(parents.dropna())
    best, most = key, len(said & set(texts(table[key]).dropna()))
    for name in table.columns:
        values = table[name].dropna()
        if name in (key, own) or (values.dtype.kind not in "iufO" and str(values.dtype) != "str") or len(values) < len(table):
            continue
        if len(shared := said & set(held := texts(values))) > most and not held.duplicated().any():
            best, most = str(name), len(shared)
    return best


def names_others(table: pd.DataFrame, key: str, name: str) -> bool:
    """Whether some values of a column are rows of its own table, as parents are."""
    parents = texts(table[name])
    by = referred(table, key, name, parents)
    return bool(set(parents.dropna()) & set(texts(table[by]).dropna()))
