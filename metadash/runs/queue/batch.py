"""Computes many runs for somebody who waits for them all: here and in worker processes side by side, or one after the other here."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from metadash import settings
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.estimate import known_runs, size, with_needs
from metadash.runs.kinds import check, run_digest
from metadash.runs.progress import Report, Stopped
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import Job
from metadash.runs.queue.outlook import Outlook, outlook
from metadash.runs.queue.trail import Trail
from metadash.runs.queue.underway import Part, piece_of
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace

POLL = 0.3
"""Seconds between two looks at the jobs."""


def train_all(specs: Sequence[Spec], workspace: Workspace, workers: int, report: Report) -> None:
    """Every run that is not stored yet, what they build on first. What is finished stays when the rest is stopped or fails.

    ``report`` hears of the whole: its ``fraction`` is that of all runs, and ``outlook`` tells what is left. Raises Stopped when it
    answers *stop*, and BadInput when a run does not fit the data or fails.
    """
    whole = Whole(specs, workspace, workers)
    if workers == 1 or len(whole.parts) < 2:
        one_by_one(whole, report)
    else:
        side_by_side(whole, report)


def train_one(spec: Spec, workspace: Workspace, report: Report) -> Run:
    """One run for who waits for it in this process, after what it builds on; ``report`` hears of both as of one."""
    train_all([spec], workspace, 1, report)
    return train(spec, workspace)


class Whole:
    """All runs that are missing, each with its size; this process computes one of them, jobs some of the others."""

    def __init__(self, specs: Sequence[Spec], workspace: Workspace, workers: int):
        self.workspace, self.workers, self.store = workspace, workers, RunStore(workspace)
        known = known_runs(self.store)
        self.parts: list[Part] = []
        for spec in with_needs(list(dict.fromkeys(specs))):
            data = open_dataset(workspace, spec.dataset)
            if not self.store.find(spec, data):
                check(spec, data)  # before anything is computed that only serves it
                self.parts.append(Part(spec, run_digest(spec, data), None, None, size(spec, data, known)))
        self.places = {part.spec: i for i, part in enumerate(self.parts)}
        self.finished: dict[str, Run] = {}
        self.own, self.reached, self.phase, self.trail = "", 0.0, "", Trail()

    def begin(self, part: Part) -> None:
        """This process computes it now."""
        self.own, self.reached, self.phase, self.trail = part.digest, 0.0, "", Trail()

    def hear(self, metrics: dict[str, Any]) -> None:
        """A report of the run of this process."""
        self.reached, self.phase = max(self.reached, min(metrics["fraction"], 1.0)), metrics["phase"]
        self.trail.note(self.reached)

    def stored(self, part: Part) -> Run | None:
        if part.digest not in self.finished and (run := self.store.get(part.digest)):
            self.finished[part.digest] = run
        return self.finished.get(part.digest)

    def is_ready(self, part: Part) -> bool:
        """Whether all that it builds on is there."""
        return all(self.stored(self.parts[self.places[need]]) for need in part.spec.needs if need in self.places)

    def outlook(self, jobs: Mapping[str, Job | None]) -> Outlook:
        """``jobs`` by the digests of what was handed over."""
        pieces = []
        for part in self.parts:
            piece = piece_of(replace(part, run=self.stored(part), job=jobs.get(part.digest)), True, self.places)
            piece = replace(piece, work=part.size.seconds)  # what it took in the end does not change its share
            if part.digest == self.own and piece.state != "over":
                piece = replace(piece, state="running", fraction=self.reached, marks=tuple(self.trail.marks))
            pieces.append(piece)
        return outlook(pieces, time.time(), self.workers)


def one_by_one(whole: Whole, report: Report) -> None:
    told, looked = Outlook(0.0, 0.0, 0.0), 0.0
    for done, part in enumerate(whole.parts):

        def of_all(step: int, metrics: dict[str, Any], done: int = done) -> bool:
            nonlocal told, looked
            whole.hear(metrics)
            if time.monotonic() - looked > POLL:
                told, looked = whole.outlook({}), time.monotonic()
            phase = f"{done + 1} of {len(whole.parts)}: {metrics['phase']}"
            return report(step, {**metrics, "phase": phase, "fraction": told.fraction, "outlook": told})

        whole.begin(part)
        looked = 0.0
        train(part.spec, whole.workspace, of_all)


def side_by_side(whole: Whole, report: Report) -> None:
    """As many at once as there are workers, one of which is this very process: it begins while the others still start.

    Where a team's scheduler is set, all the computing is its, and this process only waits.
    """
    here = not settings.SCHEDULER.value
    share = Share(whole, whole.workers - here, report)
    try:
        while True:
            own = share.take() if here else None
            if share.look():
                return
            if own is not None:
                train(own.spec, whole.workspace, share.hear)
            else:
                time.sleep(POLL)
    finally:
        share.close()


class Share:
    """Runs that this process and some jobs divide among them: whoever is free takes the next that builds on nothing missing."""

    def __init__(self, whole: Whole, jobs_at_once: int, report: Report):
        self.whole, self.board = whole, JobBoard(whole.workspace, jobs_at_once)
        self.waiting = [*whole.parts]
        self.jobs_at_once, self.report = jobs_at_once, report
        self.handed: list[str] = []
        self.looked = 0.0

    def take(self) -> Part | None:
        """The next run, for this process to compute."""
        part = self.next()
        if part is not None:
            self.whole.begin(part)
        return part

    def next(self) -> Part | None:
        part = next(filter(self.whole.is_ready, self.waiting), None)
        if part is not None:
            self.waiting.remove(part)
        return part

    def hear(self, step: int, metrics: dict[str, Any]) -> bool:
        """The callback of a run of this process; now and then it also looks at the others."""
        self.whole.hear(metrics)
        if time.monotonic() - self.looked > POLL:
            self.look()
        return False

    def look(self) -> bool:
        """Hand over what the jobs can take, tell how far the whole is, and say whether all is done.

        One by one: a job that is handed over early would wait behind another while a worker is idle. Raises Stopped when the listener
        says so, and BadInput when a job failed.
        """
        self.looked = time.monotonic()
        jobs = {digest: self.board.job(digest) for digest in self.handed}
        for job in jobs.values():
            if job is not None and job.state in ("failed", "interrupted", "cancelled"):
                raise BadInput(f"{job.title}: {job.message}")
        active = sum(job is not None and job.active for job in jobs.values())

        while active < self.jobs_at_once and (part := self.next()) is not None:
            self.handed.append(self.board.submit(part.spec))
            active += 1
        seen, parts = self.whole.outlook(jobs), self.whole.parts
        finished = sum(self.whole.stored(part) is not None for part in parts)
        phases = [job.phase for job in jobs.values() if job is not None and job.state == "running"]
        phase = next(filter(None, [self.whole.phase, *phases]), "")
        told = {"phase": f"{finished} of {len(parts)} done" + (f", {phase}" if phase else ""), "outlook": seen}
        if finished < len(parts) and self.report(0, {**told, "fraction": seen.fraction}):
            raise Stopped
        return finished == len(parts)

    def close(self) -> None:
        for digest in self.handed:
            if not self.whole.store.get(digest):
                self.board.cancel(digest)
        self.board.close()
