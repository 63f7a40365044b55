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
        side_by_side(missing, workspace, report)


def one_by_one(specs: Sequence[Spec], workspace: Workspace, report: Report) -> None:
    for done, spec in enumerate(specs):

        def of_all(step: int, metrics: dict, done: int = done, spec: Spec = spec) -> bool:
            phase = f"{done + 1} of {len(specs)}: {metrics['phase']}"
            return report(step, {**metrics, "phase": phase, "fraction": (done + min(metrics["fraction"], 1.0)) / len(specs)})

        train(spec, workspace, of_all)


def side_by_side(specs: Sequence[Spec], workspace: Workspace, report: Report) -> None:
    board = JobBoard(workspace)
    try:
        digests = [board.submit(spec) for spec in specs]
        while True:
            jobs = [board.job(digest) for digest in digests]
            fractions = [done_part(job, workspace, digest) for job, digest in zip(jobs, digests, strict=True)]
            for job in jobs:
                if job is not None and job.state in ("failed", "interrupted", "cancelled"):
                    raise BadInput(f"{job.title}: {job.message}")
            if min(fractions) >= 1.0:
                return
            running = [job for job in jobs if job is not None and job.state == "running"]
            finished = sum(fraction >= 1.0 for fraction in fractions)
            phase = f"{finished} of {len(specs)} done" + (f", {running[0].phase}" if running else "")
            if report(0, {"phase": phase, "fraction": sum(fractions) / len(fractions)}):
                raise Stopped
            time.sleep(POLL)
    finally:
        for spec in specs:
            digest = run_digest(spec, open_dataset(workspace, spec.dataset))
            if not RunStore(workspace).get(digest):
                board.cancel(digest)
        board.close()


def done_part(job: Job | None, workspace: Workspace, digest: str) -> float:
    if RunStore(workspace).get(digest):
        return 1.0
    return min(job.fraction, 0.99) if job is not None else 0.0
