"""Which data sets there are: those in the workspace, and those inside the package, which are put there when first opened."""

import importlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from filelock import FileLock

from metadash.data.dataset import Dataset
from metadash.errors import BadInput, closest
from metadash.workspace import Workspace, reason, set_aside

EMBEDDED = {"glyphs": "metadash.data.glyphs.install"}
"""Name to the module whose ``install(workspace)`` writes it."""

OBTAINABLE = {"omniglot": "metadash.data.omniglot.fetch"}
"""Data sets that are got from elsewhere: name to the module whose ``fetch(workspace, ...)`` downloads it and whose
``install(workspace, source, ...)`` makes it of files that are at hand."""


@dataclass(frozen=True)
class Entry:
    """One line of the list: a data set that can be opened, or the sentence that says why not."""

    name: str
    installed: bool
    problem: str = ""


def entries(workspace: Workspace) -> list[Entry]:
    found = {}
    for folder in sorted(workspace.datasets.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                Dataset.open(workspace, folder.name)
                found[folder.name] = Entry(folder.name, True)
            except BadInput as problem:
                makes_itself = folder.name in EMBEDDED  # it is made anew when it is opened
                found[folder.name] = Entry(folder.name, not makes_itself, "" if makes_itself else str(problem))
    for name in EMBEDDED:
        found.setdefault(name, Entry(name, False))
    return list(found.values())


VERY_NEAR = 0.85
"""Names that are made of a hash are alike for nothing."""


def open_dataset(workspace: Workspace, name: str) -> Dataset:
    """Raises BadInput when there is no such data set, or it is damaged. One inside the package is then made anew."""
    if name in EMBEDDED:
        return sound(workspace, name) or made_anew(workspace, name)
    if name in OBTAINABLE and not (workspace.datasets / name).is_dir():
        raise BadInput(
            f"The data set '{name}' is not in this workspace yet; `python -m metadash datasets fetch {name}` downloads it."
        )
    here = {folder.name for folder in workspace.datasets.iterdir() if folder.is_dir()}
    if name not in here and (near := closest(name, sorted({*here, *EMBEDDED, *OBTAINABLE}), VERY_NEAR)):
        raise BadInput(f"There is no data set '{name}' in this workspace; did you mean '{near}'?")
    return Dataset.open(workspace, name)


def sound(workspace: Workspace, name: str) -> Dataset | None:
    """A data set whose files are all as they were written, or None."""
    try:
        data = Dataset.open(workspace, name)
        return None if data.flaws() else data
    except BadInput:
        return None


def made_anew(workspace: Workspace, name: str) -> Dataset:
    """An embedded data set; what is damaged in its place is moved aside. One process at a time makes it, the others find it made."""
    install: Callable[[Workspace], Dataset] = importlib.import_module(EMBEDDED[name]).install
    folder = workspace.datasets / name
    try:
        with FileLock(workspace.datasets / f".{name}.lock"):
            if data := sound(workspace, name):
                return data
            if folder.exists():
                set_aside(folder)
            return install(workspace)
    except OSError as error:
        raise BadInput(
            f"The data set '{name}' could not be made anew: {reason(error)}. Free some space, then try again."
        ) from error


def obtain(name: str) -> ModuleType:
    """The module that gets a data set from elsewhere. Raises BadInput when none does."""
    if name not in OBTAINABLE:
        raise BadInput(f"'{name}' cannot be fetched or imported; what can be is {', '.join(OBTAINABLE)}.")
    return importlib.import_module(OBTAINABLE[name])


def remove_dataset(workspace: Workspace, name: str) -> None:
    """Delete a data set of one's own; the runs on it stay, and can still be read.

    It is moved aside in one step and then deleted, so that nobody opens a half of it. Raises BadInput for one that comes with the
    package (it would be made anew), for one that is not there, and where the system refuses.
    """
    if name in EMBEDDED:
        raise BadInput(f"'{name}' comes with MetaDash and cannot be deleted; delete a data set of your own.")
    folder = workspace.datasets / name
    if not name or name.startswith(".") or "/" in name or not folder.is_dir():
        raise BadInput(f"There is no data set '{name}' in this workspace; `datasets` lists what there is.")
    gone = folder.with_name(f".{name}.{time.time_ns()}.part")
    try:
        folder.rename(gone)
    except OSError as error:
        raise BadInput(f"The data set '{name}' could not be deleted: {reason(error)}; try again.") from error
    shutil.rmtree(gone, ignore_errors=True)
