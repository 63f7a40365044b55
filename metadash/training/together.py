"""Computes many runs for somebody who waits for them all: here and in worker processes side by side, or one after the other here."""

import time
from collections.abc import Sequence
from typing import Any

from metadash import settings
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.training.board import JobBoard
from metadash.training.jobs import Job
from metadash.training.kinds import Spec, run_digest
from metadash.training.progress import Report, Stopped
from metadash.training.run import train
from metadash.training.store import RunStore
from metadash.workspace import Workspace

POLL = 0.3
"""Seconds between two looks at the jobs."""


def train_all(specs: Sequence[Spec], workspace: Workspace, workers: int, report: Report) -> None:
    """Every run that is not stored yet. What is finished stays when the rest is stopped or fails.

    ``report`` hears of the whole: its ``fraction`` is that of all runs. Raises Stopped when it answers *stop*, and BadInput when a
    run does not fit the data or fails.
    """
    store = RunStore(workspace)
    missing = [spec for spec in dict.fromkeys(specs) if not store.find(spec, open_dataset(workspace, spec.dataset))]
    if workers == 1 or len(missing) < 2:
        one_by_one(missing, workspace, report)
    else:
        side_by_side(missing, workspace, workers, report)


def one_by_one(specs: Sequence[Spec], workspace: Workspace, report: Report) -> None:
    for done, spec in enumerate(specs):

        def of_all(step: int, metrics: dict, done: int = done, spec: Spec = spec) -> bool:
            phase = f"{done + 1} of {len(specs)}: {metrics['phase']}"
            return report(step, {**metrics, "phase": phase, "fraction": (done + min(metrics["fraction"], 1.0)) / len(specs)})

        train(spec, workspace, of_all)


def side_by_side(specs: Sequence[Spec], workspace: Workspace, workers: int, report: Report) -> None:
    """As many at once as there are workers, one of which is this very process: it begins while the others still start.

    Where a team's scheduler is set, all the computing is its, and this process only waits.
    """
    here = not settings.SCHEDULER.value
    share = Share(specs, workspace, workers - here, report)
    try:
        while True:
            own = share.take() if here and share.waiting else None
            if share.look():
                return
            if own is not None:
                train(own, workspace, share.hear)
            else:
                time.sleep(POLL)
    finally:
        share.close()


class Share:
    """Runs that this process and some jobs divide among them: whoever is free takes the next."""

    def __init__(self, specs: Sequence[Spec], workspace: Workspace, jobs_at_once: int, report: Report):
        self.board, self.store = JobBoard(workspace, jobs_at_once), RunStore(workspace)
        self.digests = [run_digest(spec, open_dataset(workspace, spec.dataset)) for spec in specs]
        self.waiting = list(zip(self.digests, specs, strict=True))
        self.jobs_at_once, self.report = jobs_at_once, report
        self.handed: list[str] = []
        self.own: tuple[str, float, str] = ("", 0.0, "")
        self.looked = 0.0

    def take(self) -> Spec:
        """The next run, for this process to compute."""
        digest, spec = self.waiting.pop(0)
        self.own = (digest, 0.0, "")
        return spec

    def hear(self, step: int, metrics: dict[str, Any]) -> bool:
        """The callback of a run of this process; now and then it also looks at the others."""
        self.own = (self.own[0], max(self.own[1], min(metrics["fraction"], 0.99)), metrics["phase"])  # what it needs counts anew
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

        while self.waiting and active < self.jobs_at_once:
            self.handed.append(self.board.submit(self.waiting.pop(0)[1]))
            active += 1
        fractions = [self.fraction(digest, jobs.get(digest)) for digest in self.digests]
        finished = sum(fraction >= 1.0 for fraction in fractions)
        phases = [job.phase for job in jobs.values() if job is not None and job.state == "running"]
        phase = next(filter(None, [self.own[2], *phases]), "")
        told = {"phase": f"{finished} of {len(fractions)} done" + (f", {phase}" if phase else "")}
        if finished < len(fractions) and self.report(0, {**told, "fraction": sum(fractions) / len(fractions)}):
            raise Stopped
        return finished == len(fractions)

    def fraction(self, digest: str, job: Job | None) -> float:
        if self.store.get(digest):
            return 1.0
        if digest == self.own[0]:
            return self.own[1]
        return min(job.fraction, 0.99) if job is not None else 0.0

    def close(self) -> None:
        for digest in self.handed:
            if not self.store.get(digest):
                self.board.cancel(digest)
        self.board.close()
