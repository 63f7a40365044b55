"""Jobs as tests need them: left behind, endless, idling; and questions about how far they are."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil

from metadash.data.dataset import Dataset
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import Job, JobFolder, whereabouts
from metadash.runs.store import RunStore
from metadash.runs.train import WAIT_PHASE
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace, write_json
from tests.builders import tiny_backbone, tiny_run

ENDLESS = 1_000_000
FINAL = ("done", "failed", "cancelled", "interrupted")


def endless(seed: int = 0) -> Spec:
    """Trains for many minutes, reporting every few milliseconds."""
    return tiny_run(("place",), steps=ENDLESS, patience=10_000, seed=seed)


@contextlib.contextmanager
def idling(workspace: Workspace, *seeds: int) -> Iterator[list[Spec]]:
    """Specs whose jobs run and never end, without computing anything: they wait for somebody who computes the same, and that is us."""
    specs: list[Spec] = [tiny_backbone(seed=seed) for seed in seeds]
    with contextlib.ExitStack() as held:
        for spec in specs:
            held.enter_context(RunStore(workspace).claim(run_digest(spec, Dataset.open(workspace, "tiny"))))
        yield specs


def record(workspace: Workspace, spec: Spec, **progress: Any) -> JobFolder:
    """A job as somebody left it: its record, and how far it had come."""
    folder = JobFolder(workspace, run_digest(spec, Dataset.open(workspace, "tiny")))
    folder.create(spec, title_of(spec))
    if progress:
        write_json(folder.path / "progress.json", {"updated": time.time(), **progress})
    return folder


def dead_process() -> dict[str, Any]:
    """Where a process was that is no more."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    there = {**whereabouts(), "pid": process.pid, "process_started": psutil.Process(process.pid).create_time()}
    process.wait()
    return there


def ended(board: JobBoard, digest: str) -> Job | None:
    job = board.job(digest)
    return job if job and job.state in FINAL else None


def under_way(board: JobBoard, digest: str, *phases: str) -> Job | None:
    job = board.job(digest)
    return (
        job
        if job and job.state == "running" and job.phase in (phases or ("training", "training the heads", WAIT_PHASE))
        else None
    )


def progress(board: JobBoard, digest: str) -> dict[str, Any]:
    return JobFolder(board.workspace, digest).progress()


def alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
