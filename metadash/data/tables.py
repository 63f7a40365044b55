"""A data set from tables that somebody has in memory: their keys become row numbers, what is not said is dealt or named for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd

from metadash.canonical import digest
from metadash.data.columns.accepting.accepting import accepted, with_class_names
from metadash.data.dataset import ROLES, Dataset, Description, Source, write_dataset
from metadash.data.importing.questions import questions_for
from metadash.data.inputs.mentions import is_marked
from metadash.data.library import EMBEDDED, OBTAINABLE
from metadash.data.splits import split_by_group, table_of
from metadash.data.writing.fingerprint import fingerprint_of
from metadash.data.writing.grouping import check_groups
from metadash.data.writing.naming import check_folder_name
from metadash.errors import BadInput, nearest
from metadash.fields import SEED, Between, checked
from metadash.workspace import Workspace

SPLIT = "default"
LEVELS = ("class", "instance")


def dataset_from_tables(
    workspace: Workspace,
    classes: pd.DataFrame,
    instances: pd.DataFrame,
    inputs: np.ndarray | Sequence[str],
    sources: Mapping[str, str | Sequence[str]] | Sequence[Source] | None,
    *,
    name: str | None,
    title: str | None,
    siblings: str | None,
    disjoint: str | None,
    split: str | Sequence[str] | None,
    seed: int,
    class_noun: str,
    licence: str,
    provenance: str,
) -> Dataset:
    """Written into the workspace, or found there where the same was written before. Raises BadInput for tables that do not fit."""
    seed = checked("seed", Annotated[int, Between(0, SEED)], seed)
    for what, said in (("name", name), ("title", title), ("class_noun", class_noun)):
        checked(what, str | None, said)
    rows, of_class = numbered(classes, instances)
    siblings, disjoint = as_name(siblings), as_name(disjoint)
    array = as_inputs(inputs)
    for column, table, frame in ((siblings, "classes", rows), (disjoint, "instances", of_class)):
        if column is not None and column not in frame:
            raise BadInput(f"The table {table} has no column '{column}'{nearest(column, map(str, frame.columns))}")
        check_groups(column, table, frame)
    roles = roles_of(rows, split, siblings, seed)
    description = Description(
        name=name or "",
        title=title or name or "Tables from Python",
        modality=modality_like(array),
        licence=licence,
        provenance=provenance,
        class_noun=class_noun,
        group_noun=siblings or class_noun,
        sibling_column=siblings,
        disjoint_column=disjoint,
        sources=sources_in(sources, rows, of_class),
        default_split=SPLIT,
    )
    splits = table_of({SPLIT: roles})
    if name is None:
        content = fingerprint_of(rows, of_class, array, splits, description.sources)
        found = f"tables-{digest(content, description)[:8]}"
        description = replace(description, name=found, title=title or found)
        if (workspace.datasets / found).is_dir():
            return Dataset.open(workspace, found)
    check_name(description.name)
    written = write_dataset(workspace, asking(description, rows, roles), rows, of_class, array, splits)
    for field in fields(Description):
        mine, theirs = getattr(description, field.name), getattr(written.description, field.name)
        if mine != theirs and field.name != "questions":  # they follow from the rest
            raise BadInput(
                f"There is a data set '{name}' of the same tables whose {field.name} is {theirs!r}, not {mine!r}; choose another name."
            )
    return written


def asking(description: Description, classes: pd.DataFrame, roles: np.ndarray) -> Description:
    """With its first questions, made from its sources."""
    made = questions_for(description.sources, description.sibling_column, classes, roles, description.class_noun)
    return replace(description, questions=made)


def numbered(classes: pd.DataFrame, instances: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with their rows counted from 0, and ``class_id`` of an instance the number of its class's row."""
    if not isinstance(classes, pd.DataFrame) or not isinstance(instances, pd.DataFrame):
        raise BadInput("classes and instances must be pandas DataFrames, one row a class and one row an instance.")
    classes, instances = accepted(unindexed(classes), "classes"), accepted(unindexed(instances), "instances")
    if "class_name" not in classes:
        raise BadInput("The table classes needs a column class_name.")
    key = next((key for key in ("class_id", "class_name") if key in classes and key in instances), None)
    if key is None:
        raise BadInput("The table instances needs a column class_name (or class_id, as in classes) that says whose each row is.")
    if classes[key].duplicated().any():
        twice = classes[key][classes[key].duplicated()].iloc[0]
        raise BadInput(f"The table classes has two rows of {key} '{twice}'; each class needs a row of its own.")
    place = pd.Series(np.arange(len(classes)), index=classes[key])
    of_class = instances[key].map(place)
    if of_class.isna().any():
        lost = int(of_class.isna().to_numpy().argmax())
        raise BadInput(
            f"Row {lost} of instances is of {key} '{instances[key].iloc[lost]}', which the table classes does not have."
        )
    rows = with_class_names(classes).reset_index(drop=True).drop(columns="class_id", errors="ignore")
    rows.insert(0, "class_id", np.arange(len(rows)))
    told = instances.reset_index(drop=True).drop(columns=["class_id", "class_name", "instance_id"], errors="ignore")
    told.insert(0, "instance_id", np.arange(len(told)))
    told.insert(1, "class_id", of_class.to_numpy().astype(np.int64))
    return rows, told


def unindexed(frame: pd.DataFrame) -> pd.DataFrame:
    """What stands in an index that has a name is a column like others, as after ``set_index``; rows without one are counted."""
    levels = [str(name) for name in frame.index.names if name is not None and str(name) not in map(str, frame.columns)]
    return frame.reset_index(level=[name for name in frame.index.names if str(name) in levels]) if levels else frame


def modality_like(inputs: np.ndarray | list[str]) -> str:
    if isinstance(inputs, list):
        return "mention" if all(map(is_marked, inputs)) else "text"
    return "vector" if inputs.ndim == 2 else "image"


def as_inputs(inputs: Any) -> np.ndarray | list[str]:
    """Images stay bytes; vectors become float32, and texts a list. Raises BadInput for images of another type: their scale would be a guess."""
    if isinstance(inputs, Sequence | np.ndarray | pd.Series) and len(inputs) and all(isinstance(one, str) for one in inputs):
        return list(inputs)
    try:
        array = np.asarray(inputs)
    except ValueError as error:
        raise BadInput("The inputs are rows of different lengths; each instance needs as many numbers.") from error
    if array.ndim == 2 and array.dtype.kind in "iuf":
        with np.errstate(over="ignore"):  # what is too large for float32 is found, and named, where inputs are stored
            return array.astype(np.float32)
    if array.ndim not in (3, 4) or array.dtype != np.uint8:
        raise BadInput(
            f"The inputs are {array.dtype} of shape {array.shape}; they must be uint8 images (instances, height, width[, 3]), vectors "
            "of numbers (instances, numbers) or texts."
        )
    return array


def sources_in(
    sources: Mapping[str, str | Sequence[str]] | Sequence[Source] | None, classes: pd.DataFrame, instances: pd.DataFrame
) -> tuple[Source, ...]:
    """Named groups of columns, each of the one table that has them."""
    if sources is None:
        return ()
    if not isinstance(sources, Mapping):
        if not isinstance(sources, Sequence) or not all(isinstance(source, Source) for source in sources):
            raise BadInput("The sources must be columns by name, such as {'origin': ['country', 'year']}, or a list of Source.")
        for source in sources:
            if source.level not in LEVELS:
                raise BadInput(
                    f"The source '{source.name}' is of the level '{source.level}'; from tables, one is of {' or '.join(LEVELS)}."
                )
        if len({source.name for source in sources}) < len(sources):
            raise BadInput("Two sources have one name; give each its own.")
        return tuple(sources)
    return tuple(source_in(str(name), as_names(columns), classes, instances) for name, columns in sources.items())


def as_name(column: Any) -> str | None:
    """A column by the name under which it is stored: tables may count theirs."""
    return None if column is None else str(column)


def as_names(columns: Any) -> tuple[str, ...]:
    return tuple(map(str, columns)) if isinstance(columns, Iterable) and not isinstance(columns, str) else (str(columns),)


def source_in(name: str, columns: tuple[str, ...], classes: pd.DataFrame, instances: pd.DataFrame) -> Source:
    if not columns:
        raise BadInput(f"The source '{name}' has no column; name one, or leave the source out.")
    found = [level for level, frame in (("class", classes), ("instance", instances)) if set(columns) <= set(frame)]
    if len(found) == 1:
        return Source(name, "class" if found == ["class"] else "instance", columns)
    if found:
        raise BadInput(f"Both tables have the columns of the source '{name}'; say which with Source({name!r}, 'class', ...).")
    every = [*map(str, classes.columns), *map(str, instances.columns)]
    stray = next((column for column in columns if column not in every), None)
    if stray is None:
        raise BadInput(f"The columns of the source '{name}' are not of one table; name those of classes and of instances apart.")
    raise BadInput(f"The source '{name}' names the column '{stray}', which neither table has{nearest(stray, every)}")


def roles_of(classes: pd.DataFrame, split: str | Sequence[str] | None, siblings: str | None, seed: int) -> np.ndarray:
    """[C] the role of each class: as it is given, else dealt, whole groups of siblings together."""
    if split is None:
        groups = classes["class_id"] if siblings is None else classes[siblings]
        return split_by_group(groups, seed)
    if not isinstance(split, Iterable):
        split = str(split)
    if isinstance(split, str) and split not in classes:
        raise BadInput(f"The table classes has no column '{split}' to split by{nearest(split, map(str, classes.columns))}")
    roles = np.asarray(classes[split] if isinstance(split, str) else [*split], dtype=object)
    if len(roles) != len(classes):
        raise BadInput(f"There are {len(roles)} roles for {len(classes)} classes; each class needs one.")
    if unknown := sorted({str(role) for role in roles} - set(ROLES)):
        raise BadInput(f"The split names the role '{unknown[0]}'; a role is one of {', '.join(ROLES)}.")
    if missing := [role for role in ROLES if role not in roles]:
        raise BadInput(f"No class has the role {missing[0]}; a split needs classes of each.")
    return roles


def check_name(name: str) -> None:
    """Raises BadInput for what ``check_folder_name`` refuses, and for a name that MetaDash has for its own."""
    if name in (*EMBEDDED, *OBTAINABLE):
        raise BadInput(f"'{name}' is the name of a data set that MetaDash knows; choose another.")
    check_folder_name(name)
