"""Tables that name rows of one another: which has the instances, which the classes, and what else belongs to either."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from metadash.data.importing.found import Found, Hints
from metadash.data.importing.linking import as_key, names_of, of_instances, put_together
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.tables import Table, tables_of
from metadash.errors import BadInput

NAMES = ("class_name", "name", "label", "title")


@dataclass(frozen=True)
class Reference:
    """A foreign key: ``column`` of ``table`` holds values of ``key`` of ``other``."""

    table: str
    column: str
    other: str
    key: str


def related(tables: Sequence[Table], references: Sequence[Reference], asked: Asked, hints: Hints, title: str) -> Found:
    """What tables and their foreign keys say. The table that is referred to by most rows has the classes, and the rows that do so are the
    instances; a table with a row for each instance, or for each class, is put beside it. Raises BadInput where a key names no row."""
    full = {table.name: table for table in tables if len(table.frame)}
    if not full:
        raise BadInput(f"'{title}' describes no table with rows in it; a data set needs a row for each instance.")
    if asked.table is not None:
        of_instances(list(full.values()), asked.table)
    known = [one for one in references if one.table in full and one.other in full and one.table != one.other]
    for one in known:
        check(full, one)
    chosen = None if asked.classes is not None else choice(full, known, asked)
    if chosen is None:
        classes = tables_of(asked.classes)[0] if asked.classes is not None else None
        found = put_together(list(full.values()), classes, asked.class_column, asked.table)
        found.hints = replace(hints, class_column=found.hints.class_column)
        return found
    instances, classes = full[chosen.table], full[chosen.other]
    notes = [note for table in (instances, classes) for note in table.notes]
    frame, of_classes = instances.frame.copy(), classes.frame.copy()
    left = []
    for name, table in full.items():
        if name in (chosen.table, chosen.other):
            continue
        if (beside := own_row(table.frame, name, chosen.table, frame, known)) is not None:
            frame = frame.join(beside.drop(columns=[c for c in beside if c in frame]))
        elif (beside := own_row(table.frame, name, chosen.other, of_classes, known)) is not None:
            of_classes = of_classes.join(beside.drop(columns=[c for c in beside if c in of_classes]))
        else:
            left.append(name)
    if left:
        notes.append(f"The tables {', '.join(left)} have no row for each instance or class, and were not read.")
    frame, of_classes, column, key = readable(frame, of_classes, chosen)
    notes.append(f"‘{chosen.column}’ of {chosen.table} names rows of {chosen.other}, which is the table of classes.")
    wrong = {("instances", name): what for name, what in instances.wrong.items()}
    wrong |= {("classes", name): what for name, what in classes.wrong.items()}
    found = Found(frame, None, of_classes, key, replace(hints, class_column=column), notes, wrong)
    found.tables, found.table = names_of(list(full.values())), chosen.table
    return found


def check(full: dict[str, Table], one: Reference) -> None:
    """Raises BadInput for a column that there is not, and for a value that names no row."""
    for table, column in ((one.table, one.column), (one.other, one.key)):
        if column not in full[table].frame:
            raise BadInput(f"A foreign key names the column '{column}' of '{table}', which it does not have.")
    named = full[one.table].frame[one.column].dropna()
    keys = set(as_key(full[one.other].frame[one.key].dropna()))
    lost = next((value for value in named.unique() if str(value).strip() not in keys), None) if not is_list(named) else None
    if lost is not None:
        raise BadInput(
            f"'{one.column}' of '{one.table}' names '{lost}', which is no {one.key} of '{one.other}'; mend the one or the other."
        )


def is_list(values: pd.Series) -> bool:
    return bool(len(values)) and not isinstance(values.iloc[0], (str, int, float, bool)) and not hasattr(values.iloc[0], "dtype")


def choice(full: dict[str, Table], known: Sequence[Reference], asked: Asked) -> Reference | None:
    """Of all foreign keys that several rows share, the one whose rows are most, then whose classes are."""
    could = [
        one
        for one in known
        if (asked.class_column is None or asked.class_column in called(one))
        and (asked.table in (None, one.table))
        and full[one.table].frame[one.column].nunique() < len(full[one.table].frame)
        and full[one.other].frame[one.key].is_unique
        and len(full[one.other].frame) >= 2
    ]
    return max(could, key=lambda one: (len(full[one.table].frame), len(full[one.other].frame)), default=None)


def called(one: Reference) -> tuple[str, ...]:
    """What the class column may be called in the end: a recipe names it so."""
    return (one.column, *NAMES, *(f"{name} of {one.other}" for name in NAMES))


def own_row(frame: pd.DataFrame, name: str, of: str, theirs: pd.DataFrame, known: Sequence[Reference]) -> pd.DataFrame | None:
    """``frame`` in the order of ``theirs``, where each of its rows belongs to one of those; None where it does not."""
    one = next((one for one in known if one.table == name and one.other == of), None)
    if one is None or not frame[one.column].is_unique or not theirs[one.key].is_unique:
        return None
    rows = frame.set_index(pd.Index(as_key(frame[one.column]))).drop(columns=one.column)
    found = rows.reindex(as_key(theirs[one.key]))
    found.index = theirs.index
    return found


def readable(instances: pd.DataFrame, classes: pd.DataFrame, chosen: Reference) -> tuple[pd.DataFrame, pd.DataFrame, str, str]:
    """A class is called by a name where its table has one beside a number: (instances, classes, class column, key)."""
    if classes[chosen.key].dtype.kind not in "iu":
        return instances, classes, chosen.column, chosen.key
    name = next((one for one in NAMES if one in classes and classes[one].is_unique and classes[one].notna().all()), None)
    if name is None:
        return instances, classes, chosen.column, chosen.key
    names = pd.Series(classes[name].astype(str).to_numpy(), index=as_key(classes[chosen.key]))
    column = name if name not in instances else f"{name} of {chosen.other}"
    named = pd.Series(as_key(instances[chosen.column]), index=instances.index).map(names)
    return instances.drop(columns=chosen.column).assign(**{column: named}), classes.drop(columns=chosen.key), column, name
