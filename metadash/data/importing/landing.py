"""Makes a data set of what was found, as a plan says: inputs stream to disk, and the whole takes its place at once, or nothing does."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from metadash.data.dataset import Dataset, Description, write_dataset
from metadash.data.exporting.restore import restore_beside
from metadash.data.importing.arranged import Arranged, arranged
from metadash.data.importing.found import Found, InputsFound
from metadash.data.importing.inputs import inputs_of
from metadash.data.importing.plan import FROM_FILES, Plan
from metadash.data.importing.readers import read
from metadash.data.importing.readers.pictures import Pictures
from metadash.data.importing.readers.places import stamp_of
from metadash.data.importing.roles import guess
from metadash.data.importing.staging import staged_inputs
from metadash.data.inputs.storage import Staged
from metadash.data.modality import modality_of
from metadash.data.splits import table_of
from metadash.data.tables import asking, check_name, numbered
from metadash.data.writing.fingerprint import fingerprint_of
from metadash.errors import BadInput
from metadash.workspace import Workspace, hidden_folder, reason, sweep

Report = Callable[[str, float], bool | None]
"""``report(what is being done, fraction of the whole)``; what returns True cancels."""
READ, LOOKED, STORED = 0.1, 0.4, 0.9
MOST_VERSIONS = 1000


class Cancelled(BadInput):
    """Somebody wanted no more of it."""


def silent(phase: str, fraction: float) -> None:
    pass


def heard(report: Report) -> Callable[[str, float], None]:
    """Raises Cancelled where the report was answered with True."""

    def told(phase: str, fraction: float) -> None:
        if report(phase, fraction):
            raise Cancelled("The import was cancelled; nothing was kept.")

    return told


def land(workspace: Workspace, path: str | Path, plan: Plan, report: Report = silent, found: Found | None = None) -> Dataset:
    """The data set that ``plan`` makes of what lies at ``path`` (``found``, where a preview has read it already).

    Of the same content and recipe there is one data set, which is opened; where its name is taken by other content, a version is made beside
    it (``name-2``). Raises BadInput, and leaves nothing behind, where something does not fit, was cancelled, or changes while it is read.
    """
    tell = heard(report)
    tell("reading tables", 0.0)
    asked = asked_of(plan)
    found = found or read(path, **asked)
    if found.whole is not None and is_put_back(found, plan):
        return restore_beside(workspace, found.whole, plan.name)
    check_name(plan.name)
    return land_found(workspace, found, plan, tell, lambda: stamp_of(Path(path), asked["classes"]) == found.stamp)


def is_put_back(found: Found, plan: Plan) -> bool:
    """Whether this is an exported data set in which nothing was corrected."""
    return found.whole is not None and plan == guess(found, plan.name)


def asked_of(plan: Plan) -> dict[str, Any]:
    """What the reader was asked, so that it finds the same again."""
    return {
        "classes": None if plan.classes is None else Path(plan.classes).expanduser(),
        "table": plan.table,
        "class_column": plan.class_column,
        "side": plan.side,
    }


def land_found(
    workspace: Workspace,
    found: Found,
    plan: Plan,
    tell: Callable[[str, float], None],
    unchanged: Callable[[], bool] = lambda: True,
) -> Dataset:
    inputs = inputs_of(found, plan)
    tell("looking at the inputs", READ)
    faults = faults_of(inputs, lambda share: tell("looking at the inputs", READ + (LOOKED - READ) * share))
    made = arranged(found, plan, faults)
    classes, instances = numbered(made.classes, made.instances)
    with staging(workspace, plan.name) as folder:
        tell("storing the inputs", LOOKED)
        stored = stored_inputs(
            folder, inputs, made.rows, plan, lambda share: tell("storing the inputs", LOOKED + (STORED - LOOKED) * share)
        )
        if not unchanged():
            raise BadInput("A file changed while it was read; import it again.")
        splits = table_of({made.split: made.roles})
        splits = splits[splits["role"] != ""].reset_index(drop=True)
        description = description_of(found, plan, made, inputs)
        tell("writing tables", STORED)
        fingerprint = fingerprint_of(classes, instances, stored, splits, description.sources)
        for version in range(1, MOST_VERSIONS):
            named = described_as(description, plan, version)
            there = at_name(workspace, named, fingerprint)
            if isinstance(there, Dataset):
                return there
            if there:
                continue
            asked = asking(named, classes, made.roles)
            try:
                written = write_dataset(workspace, asked, classes, instances, stored, splits, fingerprint)
            except BadInput:
                if (workspace.datasets / named.name).is_dir() and isinstance(stored, Staged):
                    stored = np.asarray(
                        stored
                    )  # somebody else took the name meanwhile; the file went with the attempt, its pages are here
                    continue
                raise
            tell("done", 1.0)
            return written
    raise BadInput(f"There are {MOST_VERSIONS} versions of '{plan.name}'; choose another name.")


@contextmanager
def staging(workspace: Workspace, name: str) -> Iterator[Path]:
    """A folder beside the data sets that nobody sees, gone when the block ends; what programs that were killed left of theirs goes too."""
    sweep(workspace)
    try:
        folder, lock = hidden_folder(workspace.datasets / name)
    except OSError as error:
        raise BadInput(f"'{name}' could not be written: {reason(error)}. Free some space, then try again.") from error
    try:
        yield folder
    except OSError as error:
        raise BadInput(f"'{name}' could not be written: {reason(error)}. Free some space, then try again.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def faults_of(inputs: InputsFound, tell: Callable[[float], None]) -> dict[int, str]:
    if isinstance(inputs, Pictures):
        inputs.look_at_all(tell)
    return dict(inputs.faults())


def stored_inputs(folder: Path, inputs: InputsFound, rows: np.ndarray, plan: Plan, tell: Callable[[float], None]) -> Any:
    """Numbers on disk, or a list of texts."""
    if modality_of(inputs.modality).stored == "texts":
        return [text for piece in inputs.pieces(rows.tolist()) for text in piece]
    try:
        return staged_inputs(folder / "inputs.npy", inputs, rows.tolist(), tell)
    except (ValueError, EOFError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("A file changed while it was read; import it again.") from error


def description_of(found: Found, plan: Plan, made: Arranged, inputs: InputsFound) -> Description:
    pictures = inputs.notes() if isinstance(inputs, Pictures) else []
    notes = [*found.notes, *made.notes, *pictures]
    extra: dict[str, Any] = {
        "recipe": plan.values(),
        **({"notes": notes} if notes else {}),
        **({"encoder": plan.encoder} if plan.encoder else {}),
    }
    return Description(
        name=plan.name,
        title=plan.title or plan.name,
        modality=inputs.modality,
        licence=plan.licence,
        provenance=plan.provenance,
        class_noun=plan.class_noun,
        group_noun=made.siblings or plan.class_noun,
        sibling_column=made.siblings,
        disjoint_column=made.disjoint,
        sources=made.sources,
        default_split=made.split,
        extra={**plan.extra, **extra},
    )


def described_as(description: Description, plan: Plan, version: int) -> Description:
    return description if version == 1 else replace(description, name=f"{plan.name}-{version}")


def at_name(workspace: Workspace, description: Description, fingerprint: str) -> Dataset | bool:
    """The data set of that name where it is this one; True where it is another, False where there is none."""
    folder = workspace.datasets / description.name
    if not folder.exists():
        return False
    try:
        there = Dataset.open(workspace, description.name)
    except BadInput:
        return True
    theirs = there.description
    same = all(
        getattr(theirs, one.name) == getattr(description, one.name)
        for one in fields(Description)
        if one.name not in ("questions", "extra", "provenance")
    )
    return there if there.fingerprint == fingerprint and same and plain(theirs.extra) == plain(description.extra) else True


def plain(extra: Mapping[str, Any]) -> Any:
    """Without what says where files lay."""
    import json

    recipe = {k: v for k, v in dict(extra.get("recipe", {})).items() if k != "classes" and not str(v).startswith(FROM_FILES)}
    return json.loads(json.dumps({**extra, "recipe": recipe, "notes": []}))
