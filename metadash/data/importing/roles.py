"""Guesses what each column is: class, input, id, split or metadata; of classes or of instances; with which others it is one source."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from metadash.data.columns.facts import NAMING, is_record
from metadash.data.columns.personal import PATTERNS, is_card_number, sign_of_name
from metadash.data.columns.registry import kind_of
from metadash.data.importing import words
from metadash.data.importing.candidates import (
    Look,
    codes_of,
    constant_within,
    guess_class,
    guess_inputs,
    is_id,
    look_at,
    modality_of_columns,
)
from metadash.data.importing.found import Found
from metadash.data.importing.lineage import names_others, texts
from metadash.data.importing.linking import as_key
from metadash.data.importing.plan import FROM_FILES, Column, Level, Plan, TableName
from metadash.data.splits import FEWEST_GROUPS
from metadash.errors import BadInput, nearest

SEPARATORS = ("|", ";", ",", "/")
LONGEST_LABEL = 40
MOST_SOURCES = 8
"""Beyond this, single columns are put together by their kind: what each source is worth is exact up to eight."""
CROSSED = 4
"""Groups of siblings from which on whole groups can be cross-fitted; with fewer, nothing could be said of new ones."""
MOSTLY_SHARED, MOST_WORDS = 0.67, 5
"""Texts that come again, each of a few words, put rows together."""
SEEN = 500
"""Values whose form says whether they are personal."""


def guess(found: Found, name: str, class_column: str | None = None, input_columns: Sequence[str] = ()) -> Plan:
    """A whole plan for what was found. Raises BadInput where no column can be the class, or none the input."""
    frame = found.instances
    for asked in input_columns:
        if asked not in frame:
            raise BadInput(f"There is no column '{asked}' of instances{nearest(asked, map(str, frame.columns), known='it has')}")
    looks = {column: look_at(frame[column]) for column in frame.columns}
    classes = guess_class(found, looks, class_column)
    split = guess_split(found, looks, classes)
    kept = [column for column in frame.columns if column not in (classes, split)]
    class_codes = codes_of(frame[classes])
    level: dict[str, Level] = {
        column: "class" if constant_within(frame[column], looks[column], class_codes) else "instance" for column in frame.columns
    }
    level |= {
        column: one.level for one in found.hints.sources for column in one.columns if column in level and one.level != "task"
    }
    inputs = list(input_columns) or guess_inputs(found, looks, kept, level)
    columns = [
        column_of(found, name, looks[name], level[name], classes, inputs, split, class_codes) for name in map(str, frame.columns)
    ]
    if found.classes is not None:
        present = present_classes(found, classes)
        columns += [class_table_column(found, str(column), present) for column in found.classes.columns]
    columns = [only_one(column, columns) for column in columns]
    columns = in_sources(columns, found)
    plan = Plan(
        name,
        tuple(columns),
        modality=modality_of_columns(found, inputs, looks),
        title=found.hints.title or name.replace("-", " ").replace("_", " "),
        class_noun=found.hints.class_noun or words.noun_of(classes, found.class_key or ""),
        licence=found.hints.licence or "not stated",
        provenance=found.hints.provenance
        or f"{FROM_FILES} {', '.join(found.files[:3]) or (found.place.title if found.place else name)}",
    )
    return with_tasks(plan, found, class_codes)


def guess_split(found: Found, looks: Mapping[str, Look], classes: str) -> str | None:
    """A column whose values are all words for roles."""
    if found.hints.split_column is not None:
        return found.hints.split_column
    for column, look in looks.items():
        if column != classes and look.storage == "text" and 2 <= look.distinct <= 6:
            values = {str(value).strip().casefold() for value in found.instances[column].dropna().unique()}
            if values <= set(words.SPLIT_WORDS) and {words.SPLIT_WORDS[value] for value in values} >= {"train", "test"}:
                return column
    return None


def column_of(
    found: Found,
    name: str,
    look: Look,
    level: Level,
    classes: str,
    inputs: Sequence[str],
    split: str | None,
    class_codes: np.ndarray,
) -> Column:
    hints = found.hints
    if name == classes:
        return Column(name, role="class", level="class")
    if name in inputs:
        return Column(name, role="input")
    if name == split:
        return Column(name, role="split", level=level)
    if name in (*hints.ignored, *hints.kept):
        return Column(name, role="kept" if name in hints.kept else "ignored", level=level)
    if name == hints.id_column or (hints.id_column is None and level == "instance" and is_id(name, look, len(found.instances))):
        return Column(name, role="id")
    values = found.instances[name]
    told_again = level == "class" and found.classes is not None and name in found.classes  # the table of classes has it too
    if look.distinct <= 1 or is_record(look.storage) or told_again:
        return Column(name, role="ignored", level=level)
    if words.is_in(name, words.SPLIT_NAMES):
        return Column(name, role="kept", level=level)
    if level == "class":
        if is_parent(name, look, found.instances, classes):
            return Column(name, role="parent", level="class")
        first = np.unique(class_codes[class_codes >= 0], return_index=True)[1]
        values = values[class_codes >= 0].iloc[first]
    return described(found, Column(name, level=level), values)


def present_classes(found: Found, class_column: str) -> np.ndarray:
    """[rows of the table of classes] whether any instance is of that class; all, where none is by its key."""
    assert found.classes is not None
    if found.class_key is None:
        return np.ones(len(found.classes), dtype=bool)
    named = set(as_key(pd.Series(found.instances[class_column].dropna().unique()).astype(object)))
    here = np.array([key in named for key in as_key(found.classes[found.class_key].astype(object))], dtype=bool)
    return here if here.any() else ~here


def class_table_column(found: Found, name: str, present: np.ndarray) -> Column:
    """``present``: the rows of classes that have instances; what others have says nothing of a column here."""
    assert found.classes is not None
    values = found.classes[name][present]
    if name == found.class_key:
        return Column(name, "classes", "class", "class")
    look = look_at(values)
    if name in found.hints.kept:
        return Column(name, "classes", "kept", "class")
    if name in found.hints.ignored or look.distinct <= 1 or is_record(look.storage):
        return Column(name, "classes", "ignored", "class")
    if name == found.hints.split_column or (look.storage == "text" and is_split(values)):
        return Column(name, "classes", "split", "class")
    if is_parent(name, look, found.classes, found.class_key):
        return Column(name, "classes", "parent", "class")
    if words.is_in(name, words.SPLIT_NAMES):
        return Column(name, "classes", "kept", "class")
    return described(found, Column(name, "classes", "metadata", "class"), values)


def is_parent(name: str, look: Look, table: pd.DataFrame, key: str | None) -> bool:
    """Whether a column is called as one that names parents, and does name some of its table's own rows: else it is a category."""
    named = key is not None and words.is_in(name, words.PARENT_NAMES) and look.storage in NAMING
    return named and names_others(table, str(key), name)


def is_split(values: pd.Series) -> bool:
    said = {str(value).strip().casefold() for value in values.dropna().unique()}
    return bool(said) and said <= set(words.SPLIT_WORDS) and {words.SPLIT_WORDS[one] for one in said} >= {"train", "test"}


def described(found: Found, column: Column, values: pd.Series) -> Column:
    """Metadata, with the separator of its labels and whether it is personal; ignored where it only names the class."""
    if column.level == "class" and names_each(column.name, values):
        return replace(column, role="ignored")
    personal = column.name in found.hints.sensitive or is_personal(column.name, values)
    return replace(column, sensitive=personal, separator=separator_of(values))


def names_each(name: str, values: pd.Series) -> bool:
    """Whether a column of classes is one more name of each, from which nothing carries over to another class. Sentences and measures are not."""
    known = values.dropna()
    if len(known) < 4 or known.dtype.kind in "fMm" or (known.dtype == object and not isinstance(known.iloc[0], str)):
        return False
    if known.duplicated().any():
        return False
    if known.dtype.kind in "iu":
        return bool(known.max() - known.min() == len(known) - 1) or words.is_in(name, words.ID_NAMES)
    if known.dtype.kind == "b":
        return False
    kind = kind_of(known)
    return (
        kind.reads_as == "values"
        and kind.vocabulary
        and words.meaning_of(name) != "description"
        and "name" not in words.parts_of(name)
    )


def is_personal(name: str, values: pd.Series) -> bool:
    if sign_of_name(name) is not None:
        return True
    known = values.dropna()
    if not len(known) or not isinstance(known.iloc[0], str):
        return False
    some = [str(value).strip() for value in pd.unique(known)[:SEEN]]
    for sign, pattern in PATTERNS.items():
        fits = is_card_number if sign == "card number" else re.compile(pattern).fullmatch
        if sum(bool(fits(value)) for value in some) > 0.5 * len(some):
            return True
    return False


def separator_of(values: pd.Series) -> str:
    """What stands between several labels in one text, if anything does: labels that come again in other company."""
    known = values.dropna()
    if not len(known) or not isinstance(known.iloc[0], str):
        return ""
    some = pd.unique(known)[:2000]
    for separator in SEPARATORS:
        several = [value for value in some if separator in value]
        if len(several) < 0.2 * len(some) or (separator == "/" and any(":" in value for value in several)):
            continue
        labels = Counter(label.strip() for value in some for label in value.split(separator) if label.strip())
        alone = {value.strip() for value in some}
        total = sum(labels.values())
        if (
            max(map(len, labels)) <= LONGEST_LABEL
            and len(labels) <= 0.5 * total
            and (len(labels) < len(alone) or len(several) < len(some))
        ):
            return "" if separator == ";" and all("; " in value for value in several) else separator
    return ""


def only_one(column: Column, columns: Sequence[Column]) -> Column:
    """The first id and the first parent; another id is ignored, another parent a category."""
    first = {role: next((one for one in columns if one.role == role), None) for role in ("id", "parent")}
    if column.role not in first or column is first[column.role]:
        return column
    return replace(column, role="ignored" if column.role == "id" else "metadata")


# --- sources ---------------------------------------------------------------------------------------------------------------


def in_sources(columns: Sequence[Column], found: Found) -> list[Column]:
    """A source for each column of metadata: that of the format, else what its name begins with, or means, else by itself."""
    said = {(name, source.level): source.name for source in found.hints.sources for name in source.columns}
    asked = [column for column in columns if column.role in ("metadata", "parent")]
    prefixes = Counter((column.level, prefix_of(column.name)) for column in asked if prefix_of(column.name))
    chosen: dict[tuple[str, TableName], str] = {}
    for column in asked:
        prefix = prefix_of(column.name)
        given = said.get((column.name, column.level))
        grouped = prefix if prefixes[column.level, prefix] > 1 else ""
        chosen[column.name, column.table] = (
            given or grouped or words.meaning_of(column.name) or " ".join(words.parts_of(column.name))
        )
    if len({(chosen[c.name, c.table], c.level) for c in asked}) > MOST_SOURCES and not said:
        together = Counter((chosen[c.name, c.table], c.level) for c in asked)
        for column in asked:
            if together[chosen[column.name, column.table], column.level] == 1:
                frame = found.instances if column.table == "instances" else found.classes
                assert frame is not None
                chosen[column.name, column.table] = "other numbers" if frame[column.name].dtype.kind in "iuf" else "other words"
    return [replace(column, source=chosen.get((column.name, column.table), "")) for column in columns]


def prefix_of(name: str) -> str:
    parts = words.parts_of(name)
    return (
        parts[0]
        if len(parts) > 1 and not parts[0].isdigit() and parts[0] not in ("is", "has", "n", "num", "no", "the", "date")
        else ""
    )


# --- tasks -----------------------------------------------------------------------------------------------------------------


def with_tasks(plan: Plan, found: Found, class_codes: np.ndarray) -> Plan:
    """The column that like classes share, and the one in which support and query may differ."""
    siblings = found.hints.sibling_column or guess_siblings(plan, found, class_codes)
    disjoint = found.hints.disjoint_column or guess_disjoint(plan, found, class_codes)
    return replace(plan, siblings=siblings, disjoint=disjoint)


def class_values(plan: Plan, found: Found, class_codes: np.ndarray) -> dict[str, pd.Series]:
    """Of each column of metadata of classes, its values, a class each."""
    first = np.unique(class_codes[class_codes >= 0], return_index=True)[1]
    rows = np.flatnonzero(class_codes >= 0)[first]
    values = {}
    for column in [*plan.of("parent"), *plan.of("metadata")]:
        if column.level == "class":
            if column.table == "instances":
                values[column.name] = found.instances[column.name].iloc[rows]
            elif found.classes is not None:
                values[column.name] = found.classes[column.name]
    return {name: texts(held) if plan.column(name).role == "parent" else held for name, held in values.items()}


def guess_siblings(plan: Plan, found: Found, class_codes: np.ndarray) -> str | None:
    """A category of classes with at least three groups of two classes or more, so that each role of a split has one, and groups enough to
    be rotated through the roles."""
    best: tuple[int, int, str] | None = None
    for name, values in class_values(plan, found, class_codes).items():
        if not is_category(values):
            continue
        sizes = values.dropna().value_counts()
        groups, alike = int((sizes >= 2).sum()), int(sizes[sizes >= 2].sum())
        if len(sizes) < CROSSED or groups < FEWEST_GROUPS or alike < 0.5 * len(values):
            continue
        rank = (-words.place_in(name, words.SIBLING_NAMES), groups)
        if best is None or rank > best[:2]:
            best = (*rank, name)
    return None if best is None else best[2]


def guess_disjoint(plan: Plan, found: Found, class_codes: np.ndarray) -> str | None:
    """A category of instances with two values or more in most classes, and fewer values than half of the instances."""
    best: tuple[int, float, str] | None = None
    n_classes = int(class_codes.max(initial=-1)) + 1
    for column in plan.of("metadata", "instances"):
        if column.level != "instance":
            continue
        values = found.instances[column.name]
        codes = codes_of(values)
        known = (codes >= 0) & (class_codes >= 0)
        width = int(codes.max(initial=0)) + 1
        if not known.any() or width > 0.5 * len(values) or not is_category(values):  # the last looks at every text
            continue
        pairs = pd.unique(class_codes[known].astype(np.int64) * width + codes[known])
        several = float((np.bincount(pairs // width, minlength=n_classes) >= 2).mean())
        if several <= 0.5:
            continue
        rank = (-words.place_in(column.name, words.DISJOINT_NAMES), several)
        if best is None or rank > best[:2]:
            best = (*rank, column.name)
    return None if best is None else best[2]


def is_category(values: pd.Series) -> bool:
    known = values.dropna()
    if not len(known) or (known.dtype == object and not isinstance(known.iloc[0], (str, bool))):
        return False
    if isinstance(known.iloc[0], str) and known.nunique() <= MOSTLY_SHARED * len(
        known
    ):  # of few classes, “family 1” reads as a sentence
        return max(len(text.split()) for text in known.unique()[:SEEN]) <= MOST_WORDS
    return kind_of(known).reads_as == "values"


# --- corrected -------------------------------------------------------------------------------------------------------------

SAID = re.compile(r"(?P<level>class|instance)[- ]metadata(:(?P<source>.+))?|metadata(:(?P<other>.+))?")
ROLE_WORDS = (
    "class",
    "input",
    "id",
    "split",
    "metadata",
    "class-metadata",
    "instance-metadata",
    "sensitive",
    "siblings",
    "disjoint",
    "parent",
    "kept",
    "ignored",
)


def corrected(plan: Plan, said: Mapping[str, str]) -> Plan:
    """The plan with roles as a person said them: ``{"camera": "disjoint", "note": "ignored", "height": "metadata:measures"}``.

    A role is one of ``ROLE_WORDS``; behind ``metadata:`` stands its source. Raises BadInput for a column or role that there is not.
    """
    for name, role in said.items():
        column = plan.column(name)
        if found := SAID.fullmatch(role):
            level: Level = "class" if found["level"] == "class" else "instance" if found["level"] else column.level
            source = found["source"] or found["other"] or column.source or " ".join(words.parts_of(name))
            plan = plan.with_column(replace(column, role="metadata", level=level, source=source))
        elif role in ("class", "input", "id", "split", "parent", "kept", "ignored"):
            plan = plan.with_column(replace(column, role=role))  # type: ignore[arg-type]
        elif role == "sensitive":
            plan = plan.with_column(replace(column, role="metadata", sensitive=True, source=column.source or name))
        elif role in ("siblings", "disjoint"):
            plan = replace(plan, siblings=name) if role == "siblings" else replace(plan, disjoint=name)
            if column.role not in ("metadata", "parent", "class", "id"):
                plan = plan.with_column(replace(column, role="metadata", source=column.source or name))
        else:
            raise BadInput(
                f"'{role}' is no role of a column; one is {', '.join(ROLE_WORDS)} (metadata:NAME also names the source)."
            )
    return plan
