"""Which data sets there are: those in the workspace, and those inside the package, which are put there when first opened."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from filelock import FileLock

from metadash.data.dataset import Dataset
from metadash.errors import BadInput, closest
from metadash.workspace import Workspace, reason, refuse_change, remove_whole, set_aside

EMBEDDED = {"glyphs": "metadash.data.glyphs.install"}
"""Name to the module whose ``install(workspace)`` writes it."""


@dataclass(frozen=True)
class Obtainable:
    """A data set that is got from elsewhere: ``module`` has an ``install(workspace, source, name, ...)`` that makes it of files at hand,
    which ``needs`` names; where it is ``fetched``, also a ``fetch(workspace, ...)`` that downloads them. ``turned``: whether it can have
    turned copies of its classes."""

    module: str
    needs: str
    fetched: bool = False
    turned: bool = False


OBTAINABLE = {
    "omniglot": Obtainable(
        "metadash.data.omniglot.fetch",
        "the zip files of github.com/brendenlake/omniglot, or drawings.parquet",
        fetched=True,
        turned=True,
    ),
    "clinc150": Obtainable(
        "metadash.data.known.clinc", "data_full.json and domains.json of github.com/clinc/oos-eval, or clinc150.parquet"
    ),
    "fewrel": Obtainable(
        "metadash.data.known.fewrel",
        "train_wiki.json, val_wiki.json and pid2name.json of github.com/thunlp/FewRel, or fewrel80_sentences.parquet and "
        "fewrel_relations.parquet",
    ),
    "movielens": Obtainable(
        "metadash.data.ratings.movielens",
        "ratings.csv and movies.csv (latest-small; or the two as Parquet), u.data, u.item and u.user (100K), or ratings.dat, movies.dat and "
        "users.dat (1M) of grouplens.org/datasets/movielens",
    ),
    "ratings": Obtainable(
        "metadash.data.ratings.folder",
        "ratings.csv (user, item, rating, perhaps time) and, where something is known, items.csv (item, name, any metadata) and users.csv "
        "(user, any metadata); or Parquet",
    ),
    "crossner": Obtainable(
        "metadash.data.known.crossner", "the folder ner_data of github.com/zliucr/CrossNER, or crossner.parquet"
    ),
    "snips-slots": Obtainable(
        "metadash.data.known.snips",
        "the folder 2017-06-custom-intent-engines of github.com/sonos/nlu-benchmark, or snips_slots.parquet",
    ),
}


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
        raise BadInput(f"The data set '{name}' is not in this workspace yet; {how_to_get(name)}.")
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
    refuse_change(folder)
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


def how_to_get(name: str) -> str:
    """What to do to have one of ``OBTAINABLE`` here, as the end of a sentence."""
    entry = OBTAINABLE[name]
    if entry.fetched:
        return f"`python -m metadash datasets fetch {name}` downloads it"
    return f"`python -m metadash datasets import {name} --source DIR` makes it of {entry.needs}"


def obtain(name: str, *, fetched: bool = False) -> ModuleType:
    """The module that gets a data set from elsewhere, by a download where ``fetched``. Raises BadInput when none does."""
    if name not in OBTAINABLE:
        raise BadInput(f"'{name}' cannot be fetched or imported; what can be is {', '.join(OBTAINABLE)}.")
    if fetched and not OBTAINABLE[name].fetched:
        raise BadInput(f"'{name}' is not downloaded from here: {how_to_get(name)}.")
    return importlib.import_module(OBTAINABLE[name].module)


def remove_dataset(workspace: Workspace, name: str) -> None:
    """Delete a data set of one's own; the runs on it stay, and can still be read.

    It is moved aside in one step and then deleted, so that nobody opens a half of it. Raises BadInput for one that comes with the
    package (it would be made anew), for one that is not there, and where the system refuses.
    """
    if name in EMBEDDED:
        raise BadInput(f"'{name}' comes with MetaDash and cannot be deleted; delete a data set of your own.")
    folder = workspace.datasets / name
    refuse_change(folder)
    if not name or name.startswith(".") or "/" in name or not folder.is_dir():
        raise BadInput(f"There is no data set '{name}' in this workspace; `datasets` lists what there is.")
    try:
        remove_whole(folder)
    except OSError as error:
        raise BadInput(f"The data set '{name}' could not be deleted: {reason(error)}; try again.") from error
