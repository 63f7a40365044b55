"""A piece of work as its records tell it: each run with its job, and what the outlook makes of them together."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from metadash.data.dataset import Dataset
from metadash.runs.estimate import Size, family, known_runs, may_end_early, quiet_seconds, size, with_needs
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import Job, JobFolder, active_jobs
from metadash.runs.queue.outlook import Outlook, Piece, State, outlook
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.visitors import visitor
from metadash.workspace import Workspace

ONE_PIECE = 30.0
"""Seconds between the first and the last submission of what one button asks for."""

SOME = 30.0
"""Reference seconds of a job whose record does not tell its size."""


@dataclass(frozen=True)
class Part:
    """One run of a larger piece of work: what is stored of it, its job, if there is one, and its size."""

    spec: Spec
    digest: str
    run: Run | None
    job: Job | None
    size: Size

    @property
    def done(self) -> bool:
        return self.run is not None

    @property
    def work(self) -> float:
        """Reference seconds; those that it was queued with, as long as that record is there: a bar's parts keep their width."""
        if self.job is not None and self.job.work:
            return self.job.work
        return self.size.seconds if self.run is None else quiet_seconds(self.run)


def parts_of(specs: Sequence[Spec], data: Dataset, workspace: Workspace) -> list[Part]:
    """Each spec and what it builds on, each once, what is needed first."""
    store = RunStore(workspace)
    known = known_runs(store)
    found = []
    for spec in with_needs(list(specs)):
        digest = run_digest(spec, data)
        found.append(Part(spec, digest, store.get(digest), JobFolder(workspace, digest).read(), size(spec, data, known)))
    return found


def before_it(parts: Sequence[Part], workspace: Workspace) -> list[Job]:
    """What is on its way for somebody else and has its turn before these parts: before the first of them that is queued, or all of it
    where nothing has been asked for yet. Visitors take turns: of another visitor's jobs that wait, no more than these parts are."""
    waiting = [part.job.submitted for part in parts if part.job is not None and part.job.state == "queued"]
    own, until = {part.digest for part in parts}, min(waiting, default=time.time())
    asking = next((set(part.job.asked_by) for part in parts if part.job is not None and part.job.active), {visitor().key})
    turns, seen, found = sum(not part.done for part in parts), Counter[str](), []
    for job in active_jobs(workspace):
        if job.digest in own or job.submitted >= until:
            continue
        whose = min(job.asked_by, default="")
        seen[whose] += job.state == "queued"
        if job.state == "running" or whose in asking or seen[whose] <= turns:
            found.append(job)
    return found


def outlook_of(parts: Sequence[Part], workspace: Workspace, workers: int, ready: bool, usual_start: float = 0.0) -> Outlook:
    """Of parts that are under way, or that a button would start. ``ready``: whether the workers are there; ``usual_start``: seconds
    until they would be."""
    begun = any(part.job is not None and part.job.active for part in parts)
    others = before_it(parts, workspace)
    places = {part.spec: len(others) + i for i, part in enumerate(parts)}
    pieces = [of_another(job) for job in others] + [piece_of(part, begun, places) for part in parts]
    now = time.time()
    start, started, since = start_of(parts) if begun else (usual_start, False, now)
    return outlook(pieces, now, workers, start, ready or started, max(now - since, 0.0))


def start_of(parts: Sequence[Part]) -> tuple[float, bool, float]:
    """Seconds that the workers' start takes of this work, whether the records tell that it is behind, and when it began."""
    jobs = [part.job for part in parts if part.job is not None]
    newest = max(job.submitted for job in jobs)
    batch = [job for job in jobs if job.submitted > newest - ONE_PIECE]
    return max(job.start for job in batch), any(job.state != "queued" for job in batch), newest


UNDER_WAY: dict[str, State] = {"running": "running", "queued": "waiting"}


def piece_of(part: Part, begun: bool, places: dict[Spec, int]) -> Piece:
    """``begun``: whether any of the work is under way; before that, what ended badly is to be computed like all the rest."""
    job = part.job
    state: State = "waiting"
    if part.run is not None:
        state = "over"
    elif job is not None and begun:
        state = UNDER_WAY.get(job.state, "stopped")
    reported = job if job is not None and begun else None
    return Piece(
        part.work if begun or part.run is not None else part.size.seconds,
        family(part.spec),
        state,
        reported.fraction if reported else 0.0,
        job.known if job is not None and job.work else part.size.known,
        may_end_early(part.spec),
        reported.marks if reported else (),
        quiet_seconds(part.run) if part.run is not None else None,
        tuple(places[need] for need in part.spec.needs if need in places),
    )


def of_another(job: Job) -> Piece:
    state: State = "running" if job.state == "running" else "waiting"
    return Piece(
        job.work or SOME, family(job.spec), state, job.fraction, job.known, may_end_early(job.spec), job.marks, ours=False
    )


def alone(job: Job) -> Outlook:
    """Of one job by itself."""
    return outlook([of_another(job)], time.time(), 1)
