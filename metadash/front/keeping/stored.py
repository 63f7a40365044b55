"""What is stored, from Python and in a terminal: listed, noted, repeated, deleted, expired; the page *Runs* does the same."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.keeping.spelling import as_command, as_python
from metadash.front.run import stored
from metadash.runs.shelf.deleting import Loss, delete, loss_of
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.expiry import days_kept, expired
from metadash.runs.shelf.notes import NOTHING, all_notes, tags_in, write_note
from metadash.runs.shelf.rows import narrowed, rows_of
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.workspace import Workspace


def listed_runs(
    workspace: Workspace, search: str = "", kind: str = "", dataset: str = "", tag: str = "", starred: bool = False
) -> list[dict[str, Any]]:
    """Stored runs, newest first: those that hold every word of ``search`` and are of this kind, data set and tag (empty: of any)."""
    store = RunStore(workspace)
    rows = narrowed(rows_of(store.listed(), all_notes(store.folder)), search, kind, dataset, tag, starred)
    return [
        {
            "digest": row.digest,
            "name": row.name,
            "title": row.run.entry.title,
            "kind": row.run.entry.kind,
            "dataset": row.run.entry.dataset,
            "created": row.run.entry.created,
            "status": row.status,
            "seconds": row.run.about["seconds"] if row.run.entry.record else None,
            "bytes": row.run.entry.size,
            "learner": row.run.learner,
            **asdict(row.note),
        }
        for row in rows
    ]


def note_run(
    workspace: Workspace,
    digest: str,
    name: str | None = None,
    star: bool | None = None,
    tags: str | Sequence[str] | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    """Change what is noted of a run's learner (of other kinds: of the run); None leaves as it is, an empty text takes away. Returns the note."""
    store = RunStore(workspace)
    run = found(store, digest)
    if run.entry.why:
        raise BadInput(f"Nothing can be noted of the run {run.digest}: {run.entry.why}; delete it, or see `doctor`.")
    changes: dict[str, Any] = {"name": name, "star": star, "tags": None if tags is None else tags_in(tags), "text": text}
    changes = {part: value for part, value in changes.items() if value is not None}
    note = write_note(store.folder, run.learner, **changes) if changes else all_notes(store.folder).get(run.learner, NOTHING)
    return {"learner": run.learner, **asdict(note)}


def found(store: RunStore, digest: str) -> Listed:
    """What lies under a digest, or under the id of a learner. Raises BadInput where nothing does."""
    for run in store.listed():
        if digest in (run.digest, run.learner):
            return run
    raise BadInput(f"There is no stored run '{digest[:40]}'; `runs` lists them.")


def repeated(workspace: Workspace, digest: str) -> tuple[str, str]:
    """The line for a terminal and the lines of Python that give this run. Raises BadInput where there are none."""
    run = stored(RunStore(workspace), digest)
    spec, data = run.spec_as(RunSpec), open_dataset(workspace, run.dataset)
    return as_command(spec, data), as_python(spec, data)


def delete_runs(workspace: Workspace, digests: Sequence[str], sure: bool = False) -> Loss:
    """Delete runs where ``sure``, else only say what that would take away."""
    return delete(workspace, digests) if sure else loss_of(RunStore(workspace), digests)


def expire_runs(workspace: Workspace, days: float | None = None, sure: bool = False) -> Loss:
    """The same for what has expired after ``days`` (default: the setting METADASH_KEEP_DAYS). Raises BadInput where neither is said."""
    after = days_kept() if days is None else days
    if after is None:
        raise BadInput("Nothing expires: METADASH_KEEP_DAYS is empty; say --days, or set it.")
    if not 1 <= after <= 36_500:
        raise BadInput(f"days is {after:g}; it must be from 1 to 36500.")
    return delete_runs(workspace, [run.digest for run in expired(RunStore(workspace), after)], sure)
