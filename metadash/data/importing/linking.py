"""Which of several tables holds the instances and which the classes, and by which columns they belong together."""

from dataclasses import dataclass, replace

import pandas as pd

from metadash.data.importing.found import Found
from metadash.data.importing.readers.tables import Table
from metadash.errors import BadInput, nearest

LEAST = 0.5
"""Of the values of a class column, the share that a table of classes has to know."""


@dataclass(frozen=True)
class Link:
    """``column`` of the instances names ``key`` of the classes, in the share ``known`` of its different values."""

    column: str
    key: str
    known: float


def put_together(tables: list[Table], classes: Table | None, class_column: str | None, table: str | None = None) -> Found:
    """The tables of a file, and one of classes where it was named; ``table`` names that of the instances. Raises BadInput where there is none
    of that name, and where that of classes has no key for the instances."""
    notes: list[str] = []
    if classes is None:
        instances, classes, link = told_apart(tables, class_column, table)
        unread = [table.name for table in tables if table is not instances and table is not classes]
        if unread:
            notes.append(
                f"Of {len(tables)} tables, {', '.join(unread)} {'was' if len(unread) == 1 else 'were'} not read; --table names another."
            )
    else:
        instances = of_instances(tables, table)
        link = link_of(instances.frame, classes.frame, class_column)
        if link is None:
            refuse_twice(instances.frame, classes.frame, class_column)
            raise BadInput(
                f"No column of the table of classes has a value of its own in each row that the instances name; its columns are "
                f"{', '.join(map(str, classes.frame.columns))}."
            )
    found = Found(instances.frame, notes=[*notes, *instances.notes], tables=names_of(tables), table=instances.name)
    found.wrong = {("instances", column): what for column, what in instances.wrong.items()}
    if classes is not None and link is not None:
        take_classes(found, classes, link)
    return found


def take_classes(found: Found, classes: Table, link: Link) -> None:
    """Puts a table of classes beside the instances; what is linked need not be of one type: 7 is '7'."""
    found.classes, found.class_key = classes.frame, link.key
    found.notes += classes.notes
    found.wrong |= {("classes", column): what for column, what in classes.wrong.items()}
    if found.hints.class_column is None:
        found.hints = replace(found.hints, class_column=link.column)


def names_of(tables: list[Table]) -> tuple[str, ...]:
    return tuple(table.name for table in tables)


def of_instances(tables: list[Table], named: str | None) -> Table:
    """The table of that name, else the longest. Raises BadInput."""
    if named is None:
        return max(tables, key=lambda table: len(table.frame))
    found = next((table for table in tables if table.name == named), None)
    if found is None:
        raise BadInput(f"There is no table '{named}' with rows in it{nearest(named, names_of(tables))}")
    return found


def told_apart(
    tables: list[Table], class_column: str | None, named: str | None = None
) -> tuple[Table, Table | None, Link | None]:
    """The table that is named, else the longest, has the instances; another that has a row for each of their classes has the classes."""
    instances = of_instances(tables, named)
    links = [(link_of(instances.frame, other.frame, class_column), other) for other in tables if other is not instances]
    known = [(link, other) for link, other in links if link is not None]
    if not known:
        return instances, None, None
    link, classes = max(known, key=lambda one: one[0].known)
    return instances, classes, link


def link_of(instances: pd.DataFrame, classes: pd.DataFrame, class_column: str | None) -> Link | None:
    """The best of all pairs of columns: a key is different in every row, and the instances name it; equal names come first."""
    if class_column is not None and class_column not in instances:
        raise BadInput(
            f"The table of instances has no column '{class_column}'{nearest(class_column, map(str, instances.columns), known='it has')}"
        )
    best: tuple[float, float, Link] | None = None
    for key in classes.columns:
        values = classes[key].dropna()
        if not hashable(values) or not len(values) or values.duplicated().any():
            continue
        keys = set(as_key(values))
        for column in [class_column] if class_column is not None else list(instances.columns):
            named = instances[column].dropna()
            if not hashable(named):
                continue
            different = as_key(pd.Series(named.unique()))
            if len(different) < 2 or len(different) >= max(3, 0.9 * len(named)):
                continue
            share = sum(value in keys for value in different) / len(different)
            known = share if share >= LEAST else 0.0
            rank = (known + 0.1 * (str(key).casefold() == str(column).casefold()), len(different) / max(len(keys), 1))
            if known and (best is None or rank > best[:2]):
                best = (*rank, Link(str(column), str(key), share))
    return None if best is None else best[2]


def refuse_twice(instances: pd.DataFrame, classes: pd.DataFrame, class_column: str | None) -> None:
    """Raises BadInput where a column that both tables have would be the key, but for classes that stand there twice."""
    for key in classes.columns:
        values = classes[key].dropna()
        if key in instances and key in (class_column or key, None) and hashable(values) and values.duplicated().any():
            known = set(as_key(pd.Series(instances[key].dropna().unique())))
            if set(as_key(values)) & known:
                twice = values[values.duplicated()].iloc[0]
                raise BadInput(f"The table of classes has two rows of {key} '{twice}'; each class needs a row of its own.")


def hashable(values: pd.Series) -> bool:
    return (
        values.dtype.kind in "iub"
        or str(values.dtype) == "str"
        or (values.dtype == object and all(isinstance(v, str) for v in values))
    )


def as_key(values: pd.Series) -> list[str]:
    return [str(value).strip() for value in values]
