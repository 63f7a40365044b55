"""What a worker process does with a job: train, tell how far it is, stop when asked, and never take its queue down with it."""

import logging
import os
import shutil
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import astuple
from typing import Any

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.kinds import run_digest
from metadash.runs.memory import advice
from metadash.runs.progress import Stopped
from metadash.runs.queue.jobs import RETRIES, JobFolder, lives
from metadash.runs.queue.trail import Trail
from metadash.runs.train import WAIT_PHASE, train
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace

log = logging.getLogger(__name__)

BEAT = 0.5
"""Seconds between two signs of life."""

LOOK = 0.2
"""Seconds between two looks at the wish to cancel, where the job itself does not look."""

GRACE = 0.8
"""Seconds a step may take to notice that it was cancelled before its process is ended."""

NICENESS = 10
"""The pages come first; safe because a worker computes with one thread."""

KILLED = (
    f"Its worker process was killed while it computed, {RETRIES + 1} times, perhaps for lack of memory; nothing was kept. Start it again, "
    "or smaller."
)


def work(root: str, digest: str, ticket: str = "") -> None:
    """Run the job ``digest`` of the workspace ``root``; its outcome is on disk, and nothing is raised.

    Dask gives a task to another worker when its own is lost; ``ticket`` is the same then, and the record of the first attempt is still
    there. What is stored of its parts (a backbone, features) is not computed again, a run itself begins anew: it depends on its spec alone,
    so the answer is the same. After ``RETRIES`` of these it is failed: what killed that many workers would kill the next.
    """
    job = JobFolder(Workspace(root), digest)
    before = job.progress()
    attempt = 1
    if before.get("state") == "running" and (not lives(before) or before.get("ticket", "") == ticket != ""):
        attempt = before.get("attempt", 1) + 1
        if attempt > RETRIES + 1:
            job.write_progress(**{**before, "state": "failed", "message": f"{KILLED} {advice(job.spec())}"})
            return
    if before.get("state") in ("cancelled", "failed", "done"):
        job.write_progress(**{"fraction": 0.0, **before})
        return
    if job.cancel_requested:
        job.write_progress(**{"fraction": 0.0, "message": "Cancelled before it began.", **before, "state": "cancelled"})
        return
    reporter = Reporter(job, attempt, ticket)
    reporter.start()
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        spec = job.spec()
        check_same_code(job, spec)
        check_needs(job, spec)
        train(spec, job.workspace, reporter)
        reporter.finish("done", "")
    except Stopped:
        reporter.finish("cancelled", "Cancelled; nothing was kept.")
    except BadInput as problem:
        reporter.finish("failed", str(problem))
    except MemoryError:
        reporter.finish("failed", f"There was not enough memory for it. {advice(job.spec())}")
    except Exception as defect:
        log.exception("job %s", digest)
        reporter.finish(
            "failed",
            f"It failed on a defect of MetaDash ({type(defect).__name__}); its log holds the details.",
            traceback.format_exc(),
        )


def check_same_code(job: JobFolder, spec: Spec) -> None:
    """A worker with other code or data than the server would store its result under a name nobody looks for."""
    if run_digest(spec, open_dataset(job.workspace, spec.dataset)) != job.digest:
        raise BadInput(
            "The program or the data changed after the server started; restart the server (and its workers) and ask again."
        )


def check_needs(job: JobFolder, spec: Spec) -> None:
    """A run whose backbone failed or was cancelled says so instead of computing the backbone again."""
    for need in spec.needs:
        digest = run_digest(need, open_dataset(job.workspace, need.dataset))
        needed = JobFolder(job.workspace, digest).read()
        if needed and needed.state in ("failed", "cancelled"):
            if needed.state == "cancelled":
                raise Stopped
            raise BadInput(f"The run it builds on failed: {needed.message}")


class Reporter:
    """The callback of a job: writes progress, at most a few times a second, and answers *stop* when somebody cancelled.

    A thread beside it gives the sign of life during long silent stretches, and ends the process when a cancel goes unnoticed.
    """

    def __init__(self, job: JobFolder, attempt: int = 1, ticket: str = ""):
        self.job, self.which = job, {"attempt": attempt, "ticket": ticket}
        self.started = time.time()
        self.current: dict[str, Any] = {"phase": "starting", "fraction": 0.0, "metrics": {}}
        self.written = 0.0
        self.trail = Trail()
        self.over = threading.Event()
        self.lock = threading.Lock()

    def start(self) -> None:
        self.write("running")
        threading.Thread(target=self.beat, daemon=True, name="job heartbeat").start()

    def __call__(self, step: int, metrics: dict[str, Any]) -> bool:
        measured = {name: value for name, value in metrics.items() if name not in ("phase", "fraction")}
        self.current = {
            "phase": metrics["phase"],
            "fraction": max(self.current["fraction"], min(metrics["fraction"], 1.0)),
            "metrics": {**self.current["metrics"], **measured, "step": step},
        }
        if measured:
            self.job.append_history({"step": step, "phase": metrics["phase"], "seconds": time.time() - self.started, **measured})
        if time.time() - self.written > BEAT:
            self.write("running")
        return self.job.cancel_requested

    def write(self, state: str, message: str = "") -> None:
        with self.lock:
            if state == "running" and self.over.is_set():
                return
            self.written = time.time()
            if self.current["phase"] == WAIT_PHASE:
                self.trail.forget()
            else:
                self.trail.note(self.current["fraction"], force=state != "running")
            marks = [astuple(mark) for mark in self.trail.marks]
            try:
                self.job.write_progress(
                    state=state, message=message, started=self.started, marks=marks, **self.which, **self.current
                )
            except BadInput:  # the disk is full; the job itself finds out when it stores its result
                if state != "running":
                    shutil.rmtree(self.job.path, ignore_errors=True)  # no record is better than one that says it still runs

    def beat(self) -> None:
        noticed = None
        while not self.over.wait(LOOK):
            if self.job.cancel_requested:
                noticed = noticed or time.time()
                if time.time() - noticed > GRACE:
                    self.finish("cancelled", "Cancelled; nothing was kept.")
                    os._exit(1)
            elif time.time() - self.written > BEAT:
                self.write("running")

    def finish(self, state: str, message: str, details: str = "") -> None:
        self.over.set()
        if details:
            with suppress(OSError):
                (self.job.path / "log.txt").write_text(details, encoding="utf-8")
        self.write(state, message)
