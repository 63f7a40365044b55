"""Which data sets there are: those in the workspace, and those inside the package, which are put there when first opened."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.workspace import Workspace

EMBEDDED = {"glyphs": "metadash.data.glyphs.install"}
"""Name to the module whose ``install(workspace)`` writes it."""


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
                found[folder.name] = Entry(folder.name, True, str(problem))
    for name in EMBEDDED:
        found.setdefault(name, Entry(name, False))
    return list(found.values())


def open_dataset(workspace: Workspace, name: str) -> Dataset:
    """Raises BadInput when there is no such data set, or it is damaged."""
    if name in EMBEDDED and not (workspace.datasets / name).is_dir():
        install: Callable[[Workspace], Dataset] = importlib.import_module(EMBEDDED[name]).install
        return install(workspace)
    return Dataset.open(workspace, name)
