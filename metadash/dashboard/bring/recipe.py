"""Between the page and the importing core: corrections become a plan, a plan becomes what the page shows, a recipe becomes a data set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from metadash.dashboard.bring.audited import audited
from metadash.dashboard.bring.bringing import Bringing
from metadash.dashboard.bring.look import Correction, Look, Picture
from metadash.dashboard.bring.reading import Reading, read_files
from metadash.data.dataset import Dataset
from metadash.data.importing.arranged import names_of
from metadash.data.importing.command import command
from metadash.data.importing.inputs import inputs_of
from metadash.data.importing.landing import Report, asked_of, is_put_back, land, silent
from metadash.data.importing.plan import Column, Plan, plan_from
from metadash.data.importing.preview import Preview, preview_of, with_choices
from metadash.data.importing.roles import corrected
from metadash.data.modality import modality_of
from metadash.data.tables import check_name
from metadash.errors import BadInput
from metadash.front.importing import roles_of
from metadash.stats import words
from metadash.workspace import Workspace

PICTURES, SIZE = 12, 84
TASKS = ("siblings", "disjoint")


def reread(ours: Bringing, corrections: Mapping[tuple[str, str], Correction], report: Report) -> Reading:
    """The files as they were read, again only where another table or column is meant: other tables may belong together then."""
    assert ours.path is not None
    named = [column for (table, column), said in corrections.items() if said.get("Role") == "class" and table == "instances"]
    said = {"table": ours.table, "class_column": named[-1] if named else None}
    asked = {name: value for name, value in said.items() if value is not None}
    if ours.reading is not None and ours.reading.asked == asked:
        return ours.reading
    return Reading(ours.title, ours.several, asked, read_files(ours.path, ours.only, report, **asked))


def planned(reading: Reading, corrections: Mapping[tuple[str, str], Correction], said: Mapping[str, str]) -> Plan:
    """What was guessed, with what was corrected and typed. Raises BadInput for what cannot be."""
    typed: dict[str, Any] = dict(said)
    plan = replace(reading.guessed, table=reading.asked.get("table"), **typed)
    order = sorted(corrections.items(), key=lambda one: one[1].get("Role") != "class")  # what is the class decides over the rest
    for (table, name), cells in order:
        if any((column.name, column.table) == (name, table) for column in plan.columns):
            plan = with_correction(plan, plan.column(name, table), cells)
    return with_choices(plan, {}, reading.found)


def with_correction(plan: Plan, column: Column, cells: Correction) -> Plan:
    role = cells.get("Role")
    told = {"Describes": "level", "Source": "source", "Sensitive": "sensitive"}
    changed = replace(column, **{field: cells[cell] for cell, field in told.items() if cells.get(cell) is not None})
    if role is None and changed != column and column.role == "ignored":
        role = "metadata"  # whoever says where it belongs wants it
    for task in TASKS:
        if role == task or (role not in (None, "parent") and getattr(plan, task) == column.name):
            named: dict[str, Any] = {task: column.name if role == task else None}
            plan = replace(plan, **named)
    if role is not None:
        changed = replace(changed, role="metadata" if role in TASKS else role)
    return plan.with_column(changed)


def look(reading: Reading, plan: Plan, workspace: Workspace, report: Report = silent) -> Look:
    """Everything that the page shows of it."""
    seen = preview_of(reading.found, plan, report)
    problem = seen.problem
    if not problem and not is_put_back(reading.found, plan):
        try:
            check_name(plan.name)
        except BadInput as refused:
            problem = str(refused)
    report("looking at the metadata", 1.0)
    return Look(
        preview=seen,
        usual=reading.guessed,
        problem=problem,
        sentence=in_a_sentence(seen),
        pictures=tuple(pictures(seen)) if not seen.problem else (),
        audit=None if seen.problem else audited(seen),
        version_note=version_note(workspace, plan.name),
        command=same_in_a_terminal(reading, plan),
    )


def in_a_sentence(seen: Preview) -> str:
    """``96 images of 12 birds, 8 each; 3 sources say something about them.``"""
    if not len(seen.counts):
        return ""
    low, high = int(seen.counts.min()), int(seen.counts.max())
    each = f"{words.count(low)} each" if low == high else f"{words.count(low)} to {words.count(high)} each"
    sources = seen.plan.sources
    known = f"; {words.plural_of(len(sources), 'source')} of metadata" if sources else "; nothing else is known about them"
    return f"{words.count(seen.rows)} {seen.inputs} of {words.plural_of(len(seen.counts), seen.plan.class_noun)}, {each}{known}."


def pictures(seen: Preview) -> list[Picture]:
    """One input of each of the first classes, as its kind is shown."""
    assert seen.found is not None and seen.plan.class_column is not None
    named = names_of(seen.found.instances[seen.plan.class_column])
    known = named[named.notna() & ~named.index.isin(list(seen.faults))]
    firsts = known.drop_duplicates().sort_values(kind="stable").head(PICTURES)
    inputs = inputs_of(seen.found, seen.plan)
    kind = modality_of(inputs.modality)
    pieces = inputs.pieces([int(row) for row in firsts.index])
    shown = [row for piece in pieces for row in piece]
    return [Picture(kind.html(one, SIZE, str(name)), str(name)) for one, name in zip(shown, firsts, strict=True)]


def version_note(workspace: Workspace, name: str) -> str:
    if not name or not (workspace.datasets / name).is_dir():
        return ""
    return f"There is a data set '{name}' here already: of the same content it is opened, of other content yours becomes a version beside it."


def carry_out(workspace: Workspace, path: Path, only: Path | None, recipe: Mapping[str, Any], report: Report) -> Dataset:
    """The data set of a recipe, whole or not at all. Raises BadInput."""
    plan = plan_from(recipe)
    return land(workspace, path, plan, report, read_files(path, only, report, **asked_of(plan)))


# --- the same as a command -----------------------------------------------------------------------------------------------------


def same_in_a_terminal(reading: Reading, plan: Plan) -> str:
    """The line that makes the same data set in a terminal: with options where these say it all, else with the recipe as a file."""
    usual = reading.guessed
    told = {"name": "name", "title": "title", "class-noun": "class_noun", "licence": "licence"}
    roles = roles_said(usual, plan)
    if not says_all(reading, plan, roles):
        return command(reading.typed, [("recipe", f"{plan.name}.json")])
    options = {option: getattr(plan, field) for option, field in told.items() if getattr(plan, field) != getattr(usual, field)}
    options |= {name.replace("_", "-"): value for name, value in reading.asked.items()}
    return command(reading.typed, [*options.items(), *(("role", text) for text in as_texts(roles))])


def roles_said(usual: Plan, plan: Plan) -> dict[str, str]:
    """What differs from the guess, as ``--role`` says it."""
    found = {}
    for column in plan.columns:
        before = usual.column(column.name, column.table)
        for task in TASKS:
            if getattr(plan, task) == column.name and getattr(usual, task) != column.name:
                found[column.name] = task
        if column == before or column.name in found:
            continue
        if column.role != "metadata":
            found[column.name] = column.role
        elif replace(before, sensitive=True) == column:
            found[column.name] = "sensitive"
        else:
            found[column.name] = f"{column.level}-metadata:{column.source or column.name}"
    return found


def as_texts(roles: Mapping[str, str]) -> list[str]:
    return [f"{name}={role}" for name, role in roles.items()]


def says_all(reading: Reading, plan: Plan, roles: Mapping[str, str]) -> bool:
    """Whether these roles, as they are read from a command, make this plan of the guess."""
    try:
        again = corrected(reading.guessed, roles_of(as_texts(roles)))
    except BadInput:
        return False
    return again.columns == plan.columns and again.siblings == plan.siblings and again.disjoint == plan.disjoint
