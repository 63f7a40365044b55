"""How runs leave: said beforehand what would be lost with them, then moved out of sight in one step and removed."""

import shutil
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.estimate import with_needs
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import JobFolder, active_jobs
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import all_notes, forget_note
from metadash.runs.store import RunStore
from metadash.stats import words
from metadash.workspace import Workspace, reason, refuse_change


@dataclass(frozen=True)
class Loss:
    """What goes: the ``runs``, their bytes; and what that means for others: the runs that ``build`` on them and stay, the learners that end
    (``learners``, by id) or lose some of their runs (``thinner``), and the notes that go with learners and runs."""

    runs: tuple[Listed, ...]
    size: int
    build: tuple[Listed, ...]
    learners: tuple[str, ...]
    thinner: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What is lost, in words; the first counts the runs."""
        seconds = sum(float(run.about["seconds"]) for run in self.runs)
        told = [
            f"{words.plural_of(len(self.runs), 'run')} and {words.memory(self.size)} go; they took {words.duration(seconds)} to compute."
        ]
        if self.learners:
            told.append(f"{words.plural_of(len(self.learners), 'learner')} can no longer be compared, used or looked at.")
        if self.thinner:
            told.append(
                f"{words.plural_of(len(self.thinner), 'learner')} would miss seeds or folds: a cross-fitting without one of its folds is not shown."
            )
        if self.build:
            told.append(
                f"{words.plural_of(len(self.build), 'other stored run')} {'builds' if len(self.build) == 1 else 'build'} on them: these stay, "
                "and what is next asked of them computes what is missing anew."
            )
        if self.notes:
            told.append(f"The names, stars, tags and notes of {words.plural_of(len(self.notes), 'learner or run')} go too.")
        return [*told, "Answers that were read from them are computed anew when they are asked for again."]


def loss_of(store: RunStore, digests: Collection[str]) -> Loss:
    """What deleting these runs would take away. Raises BadInput for a digest that is not stored."""
    listed, asked = store.listed(), set(digests)
    there = {run.digest: run for run in listed}
    if unknown := next((digest for digest in digests if digest not in there), ""):
        raise BadInput(f"There is no stored run '{unknown[:40]}'; `runs` lists them.")
    going = [there[digest] for digest in dict.fromkeys(digests)]
    staying = [run for run in listed if run.digest not in asked]
    whole = {run.learner for run in going if run.entry.record}
    left = {run.learner for run in staying if run.entry.record}
    of_learners = {run.learner for run in going if run.kind == "learner"}
    build = [run for run in staying if run.entry.record and not asked.isdisjoint(needs(run))]
    return Loss(
        tuple(run for run in going if run.entry.record),
        sum(run.entry.size for run in going),
        tuple(build),
        tuple(sorted(of_learners - left)),
        tuple(sorted(of_learners & left)),
        tuple(sorted((whole - left) & all_notes(store.folder).keys())),
    )


def needs(run: Listed) -> Sequence[str]:
    found = run.about["summary"].get("needs", [])
    return found if isinstance(found, list) else []


def delete(workspace: Workspace, digests: Collection[str]) -> Loss:
    """Remove runs, with their jobs' records, and the notes of learners of which nothing is left. Returns what went.

    Raises BadInput, and removes nothing, for a run that is not stored, or that a job needs which is queued or running.
    """
    store = RunStore(workspace)
    refuse_change(store.folder)
    loss = loss_of(store, digests)
    if doing := needed_by(workspace, digests):
        raise BadInput(f"A run to delete is needed by “{doing}”, which is on its way; cancel that or wait for it, then delete.")
    for digest in dict.fromkeys(digests):
        aside = store.folder / f".{digest}.{time.time_ns()}.deleted"
        try:
            (store.folder / digest).rename(aside)
        except FileNotFoundError:
            continue  # somebody else deleted it
        except OSError as error:
            raise BadInput(f"The run {digest} could not be deleted: {reason(error)}.") from error
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(JobFolder(workspace, digest).path, ignore_errors=True)
    for identity in loss.notes:
        forget_note(store.folder, identity)
    return loss


def needed_by(workspace: Workspace, digests: Collection[str]) -> str:
    """The title of a job, queued or running, that reads one of them; empty where there is none."""
    for job in active_jobs(workspace):
        with suppress(BadInput):  # its data set is gone
            data = open_dataset(workspace, job.spec.dataset)
            if {run_digest(spec, data) for spec in with_needs([job.spec])} & set(digests):
                return job.title
    return ""
