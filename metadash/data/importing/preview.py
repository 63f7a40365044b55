"""What an import would make, before it is made: the guesses in one table, what is wrong beside them, and the first questions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.columns.registry import kind_of
from metadash.data.dataset import ROLES, Description, Question
from metadash.data.importing.arranged import NO_ROLE, Arranged, arranged
from metadash.data.importing.found import Found, InputsFound
from metadash.data.importing.inputs import inputs_of
from metadash.data.importing.landing import Report, asked_of, description_of, faults_of, heard, silent
from metadash.data.importing.plan import Column, Plan
from metadash.data.importing.readers import read
from metadash.data.importing.readers.pictures import Pictures
from metadash.data.importing.roles import corrected, guess
from metadash.data.modality import modality_of
from metadash.data.tables import asking, numbered
from metadash.errors import BadInput, nearest

AT_ONCE = 50_000
"""Rows that the kind of a column is told from, spread over the table."""
EXAMPLES, LONGEST = 3, 60
FEW = 3
"""Up to so many values, a column does not name classes."""


@dataclass(frozen=True)
class Preview:
    """``columns``: a row a column of what was found: ``name``, ``table``, ``role``, ``level``, ``kind``, ``source``, ``sensitive``, the share
    ``missing``, what is ``wrong``, ``examples``. ``faults``: what cannot be read, by row (from 0). ``counts``: instances of each class;
    ``roles``: classes of each part of the split. ``problem``: why it cannot be imported as it is, or nothing."""

    plan: Plan
    columns: pd.DataFrame
    notes: tuple[str, ...]
    faults: Mapping[int, str]
    counts: pd.Series
    roles: Mapping[str, int]
    questions: tuple[Question, ...] = ()
    problem: str = ""
    inputs: str = ""
    found: Found | None = field(default=None, repr=False, compare=False)

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    def values(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.plan.name,
            "inputs": self.inputs,
            "instances": self.rows,
            "classes": len(self.counts),
            "fewest": int(self.counts.min()) if len(self.counts) else 0,
            "split": dict(self.roles),
            "columns": self.columns.to_dict("records"),
            "siblings": self.plan.siblings,
            "disjoint": self.plan.disjoint,
            "questions": [question.title for question in self.questions],
            "notes": list(self.notes),
            "unreadable": [{"row": row + 1, "what": what} for row, what in sorted(self.faults.items())],
            "problem": self.problem,
            "recipe": self.plan.values(),
        }

    def __str__(self) -> str:
        plan = self.plan
        lines = [f"{plan.name}: {self.rows} {self.inputs or 'instances'} of {len(self.counts)} classes"]
        if len(self.counts):
            lines[0] += f", {int(self.counts.min())} to {int(self.counts.max())} each"
        widths = {c: max(len(c), *(len(str(v)) for v in self.columns[c])) for c in ("name", "role", "level", "kind", "source")}
        rows: list[dict[Any, Any]] = [{name: name for name in self.columns}, *self.columns.to_dict("records")]
        for row in rows:
            cells = [str(row[name]).ljust(width) for name, width in widths.items()]
            lines.append("  " + "  ".join(cells) + "  " + str(row["wrong"] or row["examples"]))
        if plan.siblings or plan.disjoint:
            lines.append(f"siblings: {plan.siblings or 'none'}; disjoint: {plan.disjoint or 'none'}")
        if self.roles:
            lines.append("split: " + ", ".join(f"{count} classes {role}" for role, count in self.roles.items()))
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"question: {question.title}" for question in self.questions]
        return "\n".join([*lines, *([f"problem: {self.problem}"] if self.problem else [])])


def preview(path: str | Path, plan: Plan | None = None, report: Report = silent, **choices: Any) -> Preview:
    """What is at ``path``, as ``plan`` says, else as it is guessed and the choices correct it.

    Choices: ``name``, ``classes`` (a file), ``table``, ``class_column``, ``input_column`` (one or several), ``split_column``, ``encoder``,
    ``side``, ``seed``, ``title``, ``class_noun``, ``licence``, ``provenance``, ``roles`` (column to role, as ``roles.corrected`` reads them).
    Raises BadInput where nothing can be read; what only stands in the way of the import is the preview's ``problem``.
    """
    tell = heard(report)
    tell("reading tables", 0.0)
    if plan is not None:
        plan = replace(plan, **plain_choices(choices))
        found = read(path, **asked_of(plan))
    else:
        found = read(path, **asked_by(choices))
        plan = guess(
            found,
            choices.get("name") or found.hints.name or name_of(path),
            choices.get("class_column"),
            as_names(choices.get("input_column")),
        )
        plan = replace(plan, **plain_choices(choices))
    return preview_of(found, with_choices(plan, choices, found), report)


def preview_of(found: Found, plan: Plan, report: Report = silent) -> Preview:
    """As :func:`preview` of what has been read already: a correction costs no second look at the pictures."""
    tell = heard(report)
    inputs = made = None
    questions: tuple[Question, ...] = ()
    faults: dict[int, str] = {}
    problem = ""
    try:
        inputs = inputs_of(found, plan)
        faults = faults_of(inputs, lambda share: tell("looking at the inputs", share))
        made = arranged(found, plan, faults)
        questions = questions_of(found, plan, made, inputs)
    except BadInput as refused:
        if type(refused) is not BadInput:
            raise
        problem = str(refused)
    pictures = inputs.notes() if isinstance(inputs, Pictures) else []
    return Preview(
        plan,
        columns_of(found, plan),
        (*found.notes, *(made.notes if made else ()), *pictures),
        faults,
        pd.Series(made.counts, index=made.classes["class_name"]) if made else pd.Series(dtype=int),
        {role: int((made.roles == role).sum()) for role in (*ROLES, NO_ROLE) if role or (made.roles == NO_ROLE).any()}
        if made
        else {},
        questions,
        problem,
        f"{modality_of(inputs.modality).noun}s" if inputs is not None else "",
        found,
    )


def questions_of(found: Found, plan: Plan, made: Arranged, inputs: InputsFound) -> tuple[Question, ...]:
    classes, _ = numbered(made.classes, made.instances)
    description: Description = description_of(found, plan, made, inputs)
    return asking(description, classes, made.roles).questions


def name_of(path: str | Path) -> str:
    """A name for the data set, from that of the file or folder."""
    stem = Path(path).resolve()
    text = "".join(
        letter if letter.isalnum() or letter in "-_" else "-" for letter in (stem.stem if stem.is_file() else stem.name)
    )
    return text.strip("-_.").casefold()[:60] or "data"


def as_names(columns: Any) -> list[str]:
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else list(columns)


PLAIN = ("name", "encoder", "side", "seed", "title", "class_noun", "licence", "provenance", "table")


def plain_choices(choices: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: choices[key] for key in PLAIN if choices.get(key) is not None}
    if choices.get("classes") is not None:
        said["classes"] = str(choices["classes"])
    return said


def asked_by(choices: Mapping[str, Any]) -> dict[str, Any]:
    classes = choices.get("classes")
    asked = {key: choices.get(key) for key in ("table", "class_column", "side")}
    return {**asked, "classes": None if classes is None else Path(classes).expanduser()}


def with_choices(plan: Plan, choices: Mapping[str, Any], found: Found) -> Plan:
    """The plan as corrected column by column. Raises BadInput for columns, roles and encoders that there are not."""
    inputs = as_names(choices.get("input_column"))
    for name in inputs:
        plan = plan.with_column(replace(plan.column(name, "instances"), role="input"))
    if choices.get("split_column"):
        plan = plan.with_column(replace(plan.column(choices["split_column"]), role="split"))
    plan = corrected(plan, choices.get("roles") or {})
    plan = with_modality(plan, found)
    if plan.side is not None and modality_of(plan.modality).parts != "pixels":
        raise BadInput(f"--side would be ignored: the inputs are {modality_of(plan.modality).noun}s.")
    if plan.encoder:
        kind = modality_of(plan.modality)
        known = [*kind.backbones, *kind.encoders]
        if plan.encoder not in known:
            raise BadInput(f"There is no encoder '{plan.encoder}' of {kind.noun}s{nearest(plan.encoder, known)}")
    return plan


def with_modality(plan: Plan, found: Found) -> Plan:
    """Of the input columns as they are now."""
    if not plan.input_columns:
        return plan if found.inputs is None else replace(plan, modality=found.inputs.modality)
    from metadash.data.importing.candidates import look_at, modality_of_columns

    names = [name for name in plan.input_columns if name in found.instances]
    return replace(plan, modality=modality_of_columns(found, names, {name: look_at(found.instances[name]) for name in names}))


# --- the table of columns ----------------------------------------------------------------------------------------------------


def columns_of(found: Found, plan: Plan) -> pd.DataFrame:
    rows = []
    for column in plan.columns:
        frame = found.instances if column.table == "instances" else found.classes
        if frame is not None and column.name in frame:
            rows.append(row_of(found, column, frame[column.name], modality_of(plan.modality).stored == "texts"))
    names = ["name", "table", "role", "level", "kind", "source", "sensitive", "missing", "wrong", "examples"]
    return pd.DataFrame(rows, columns=names)


def row_of(found: Found, column: Column, values: pd.Series, is_text: bool) -> dict[str, Any]:
    """``is_text``: whether inputs are texts, whatever they would be as metadata."""
    some = values.iloc[:: max(1, len(values) // AT_ONCE)]
    is_metadata = column.role in ("metadata", "parent")
    return {
        "name": column.name,
        "table": column.table,
        "role": column.role,
        "level": column.level if is_metadata else "",
        "kind": "path"
        if column.role == "parent"
        else "several labels"
        if column.separator
        else "text"
        if column.role == "input" and is_text
        else kind_in_words(some),
        "source": column.source if is_metadata else "",
        "sensitive": column.sensitive and is_metadata,
        "missing": round(float(values.isna().mean()), 4),
        "wrong": wrong_with(found, column, values),
        "examples": ", ".join(examples(values)),
    }


def kind_in_words(values: pd.Series) -> str:
    known = values.dropna()
    if len(known) and isinstance(known.iloc[0], (bytes, bytearray)):
        return "bytes"
    return kind_of(values).name


def wrong_with(found: Found, column: Column, values: pd.Series) -> str:
    """What to look at before this column is used, in a few words; nothing where all is well."""
    said = found.wrong.get((column.table, column.name), "")
    missing = float(values.isna().mean())
    if missing == 1:
        return "empty"
    parts = [said] if said else []
    if values.dtype != object and values.nunique() <= 1:
        return "; ".join([*parts, "the same everywhere"])
    if values.dtype.kind == "f" and not said:
        infinite = int(np.isinf(values.to_numpy()).sum())
        parts += [f"{infinite} infinite"] if infinite else []
    if missing > 0.5:
        parts.append(f"{missing:.0%} missing")
    if column.role == "ignored" and column.level == "class" and not parts:
        again = column.table == "instances" and found.classes is not None and column.name in found.classes
        alone = values.dtype == object or values.nunique() > FEW
        parts.append(
            "the table of classes has it too"
            if again
            else "one more name of each class: nothing carries over to another"
            if alone
            else "the same for all classes here"
        )
    if column.role == "id" and values.duplicated().any():
        twice = values[values.duplicated()].iloc[0]
        parts.append(f"an id that stands twice, such as {twice}")
    return "; ".join(parts)


def examples(values: pd.Series) -> list[str]:
    known = values.dropna()
    found: Counter[str] = Counter()
    for value in known.iloc[:: max(1, len(known) // 20)]:
        text = "…" if isinstance(value, (bytes, bytearray)) else str(value)
        found[text if len(text) <= LONGEST else text[:LONGEST] + "…"] += 1
        if len(found) == EXAMPLES:
            break
    return list(found)
