"""Saved views: a page with everything chosen on it, under a name; with it the specs of the runs that it looks at, so that a server where
these are gone, or were computed by other code, can say so and compute them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from filelock import FileLock

from metadash.answers.stored_arms import arm_id, stored_arms
from metadash.canonical import digest
from metadash.checksums import is_sealed, sealed
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.kinds import as_plain, from_plain, kind_of
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace, read_json, reason, refuse_change, write_json

FORMAT = 1
MOST, LONGEST, MOST_LETTERS = 1000, 80, 200_000
ID = re.compile(r"[0-9a-f]{12}")
Query = dict[str, list[str]]


@dataclass(frozen=True)
class View:
    """``query`` are the parameters of the page's address; ``runs`` are specs, each with its kind, by the value of a parameter that names
    them. ``made`` in seconds since 1970."""

    id: str
    name: str
    page: str
    query: Query
    runs: dict[str, list[tuple[str, dict[str, Any]]]]
    made: float = 0.0

    def specs(self, value: str) -> list[Spec]:
        """Of the runs that a value names. Raises BadInput for those of another version."""
        return [from_plain(kind, values) for kind, values in self.runs.get(value, ())]


def folder_of(workspace: Workspace) -> Path:
    return workspace.root / "views"


def views(workspace: Workspace) -> list[View]:
    """Those that can be read, the newest first."""
    found = [read(path) for path in folder_of(workspace).glob("*.json") if ID.fullmatch(path.stem)]
    return sorted((one for one in found if one), key=lambda one: -one.made)


def read(path: Path) -> View | None:
    """None for a file that is no view, whoever sealed it."""
    record = read_json(path)
    if not isinstance(record, dict) or record.get("format") != FORMAT or not is_sealed(record):
        return None
    try:
        query = {key: [str(one) for one in values] for key, values in record["query"].items()}
        runs = {value: [(str(kind), dict(values)) for kind, values in found] for value, found in record["runs"].items()}
        return View(path.stem, str(record["name"]), str(record["page"]), query, runs, float(record["made"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def view_named(workspace: Workspace, identity: str) -> View:
    """Raises BadInput where there is none, or it is damaged."""
    found = read(folder_of(workspace) / f"{identity}.json") if ID.fullmatch(identity) else None
    if found is None:
        raise BadInput(
            f"The link names the view “{identity[:40]}”, which is not stored here; somebody has deleted it, or it is of another server."
        )
    return found


def save(workspace: Workspace, name: str, page: str, query: Query, runs: Mapping[str, Sequence[Spec]]) -> View:
    """Under a name that no other view has: who saves again chooses another, so that nobody's link changes under them. Raises BadInput."""
    refuse_change(folder_of(workspace))
    name = " ".join(name.split())
    if not name or len(name) > LONGEST:
        raise BadInput(f"The name has {len(name)} letters; give it from 1 to {LONGEST}.")
    if sum(len(one) for values in query.values() for one in values) > MOST_LETTERS:
        raise BadInput(f"More is chosen here than a view holds ({MOST_LETTERS:,} letters); choose less.")
    stored = {value: [(kind_of(spec), as_plain(spec)) for spec in specs] for value, specs in runs.items()}
    found = View(digest(name, page, query)[:12], name, page, query, stored, time())
    try:
        folder_of(workspace).mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"The view could not be kept: {reason(error)}. Free some space, then try again.") from error
    record = {"name": name, "page": page, "query": query, "runs": stored, "made": found.made}
    with FileLock(folder_of(workspace) / ".lock"):  # two who choose one name at once do not both have it
        known = views(workspace)
        if any(one.name == name for one in known):
            raise BadInput(f"There is a view “{name}” already; choose another name, or delete that one on Reports.")
        if len(known) >= MOST:
            raise BadInput(f"There are {MOST} views already; delete one first.")
        write_json(folder_of(workspace) / f"{found.id}.json", sealed({"format": FORMAT, **record}))
    return found


def delete(workspace: Workspace, identity: str) -> None:
    """Raises BadInput where nothing may be changed."""
    path = folder_of(workspace) / f"{view_named(workspace, identity).id}.json"
    refuse_change(path)
    path.unlink(missing_ok=True)


def missing(view: View, store: RunStore, data: Dataset) -> list[Spec]:
    """The runs that the view looks at and that are here neither as they were nor as the code of today computes them."""
    lost = [value for value in view.runs if not store.get(value)]
    arms = {arm.id for arm in stored_arms(store.runs("learner"))[0]} if lost else set()
    gone = (spec for value in lost if value not in arms for spec in specs_here(view, value, data))
    return [spec for spec in dict.fromkeys(gone) if not store.find(spec, data)]


def specs_here(view: View, value: str, data: Dataset) -> Iterable[Spec]:
    return (spec for spec in view.specs(value) if spec.dataset == data.name)


def query_here(view: View, store: RunStore, data: Dataset) -> Query:
    """The parameters with the names that runs have here: as they were, or those of the same runs by the code of today."""

    def now(value: str) -> str:
        specs = [] if store.get(value) else [spec for spec in view.specs(value) if spec.dataset == data.name]
        found = store.find(specs[0], data) if specs else None
        if found is None:
            return value
        return found.digest if len(value) == len(found.digest) else arm_id(found)

    return {key: [now(one) for one in values] for key, values in view.query.items()}
