"""Computes many runs for somebody who waits for them all: side by side in worker processes, or one after the other here."""

import time
from collections.abc import Sequence

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
    missing = [spec for spec in specs if not store.find(spec, open_dataset(workspace, spec.dataset))]
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
    """As many jobs at once as there are workers: handed over one by one, none waits behind another while a worker is idle."""
    board, store = JobBoard(workspace), RunStore(workspace)
    digests = [run_digest(spec, open_dataset(workspace, spec.dataset)) for spec in specs]
    waiting = list(specs)
    handed: list[str] = []
    try:
        while True:
            jobs = {digest: board.job(digest) for digest in handed}
            for job in jobs.values():
                if job is not None and job.state in ("failed", "interrupted", "cancelled"):
                    raise BadInput(f"{job.title}: {job.message}")
            active = sum(job is not None and job.active for job in jobs.values())
            while waiting and active < workers:
                handed.append(board.submit(waiting.pop(0)))
                active += 1
            fractions = [1.0 if store.get(digest) else part(jobs.get(digest)) for digest in digests]
            if min(fractions) >= 1.0:
                return
            running = [job for job in jobs.values() if job is not None and job.state == "running"]
            finished = sum(fraction >= 1.0 for fraction in fractions)
            phase = f"{finished} of {len(specs)} done" + (f", {running[0].phase}" if running else "")
            if report(0, {"phase": phase, "fraction": sum(fractions) / len(fractions)}):
                raise Stopped
            time.sleep(POLL)
    finally:
        for digest in handed:
            if not store.get(digest):
                board.cancel(digest)
        board.close()


def part(job: Job | None) -> float:
    """How far a job is that is not stored yet."""
    return min(job.fraction, 0.99) if job is not None else 0.0
