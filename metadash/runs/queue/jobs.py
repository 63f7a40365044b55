"""Jobs as records on disk: whoever opens the workspace, in whichever process, sees the same queue and its honest remains."""

import json
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeGuard

import psutil

from metadash.canonical import plain
from metadash.runs.kinds import from_plain, kind_of
from metadash.runs.queue.outlook import Mark
from metadash.runs.queue.shapes import number, progress_of, row_of
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.visitors import Visitor, visitor
from metadash.workspace import Workspace, new_folder, read_json, refuse_change, write_json

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
ACTIVE = ("queued", "running")
STALE = 30.0
"""Seconds without a sign of life after which a job on another machine counts as interrupted."""

RETRIES = 2
"""How often a run whose worker was lost is taken up by another, before it counts as failed."""

BOARDS = ".boards"
"""Beside the jobs: the sign of life of each board that has jobs to hand over, so that other machines can see it."""

BY = "by."
"""In a job's folder: a file for each visitor that asked for it, with the name."""
MACHINE = "machine"


@dataclass(frozen=True)
class Job:
    """What is known of a job. ``fraction`` 0..1; ``message`` one sentence.

    ``work``: its size in reference seconds, as it was reckoned when it was queued, and whether from its like (``known``); None in
    records of older versions. ``start``: seconds that workers take which had not started by then. ``marks``: see ``outlook``.
    ``asked_by``: the keys of the visitors that wait for it, and their names; of active jobs only.
    """

    digest: str
    spec: Spec
    title: str
    state: State
    submitted: float
    phase: str = ""
    fraction: float = 0.0
    elapsed: float = 0.0
    message: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    work: float | None = None
    known: bool = False
    start: float = 0.0
    marks: tuple[Mark, ...] = ()
    asked_by: dict[str, str] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


class JobFolder:
    """One job's folder: ``job.json`` (what), ``progress.json`` (how far), ``history.jsonl`` (live curves), ``cancel`` (a wish)."""

    def __init__(self, workspace: Workspace, digest: str):
        self.workspace = workspace
        self.digest = digest
        self.path = workspace.jobs / digest

    def create(self, spec: Spec, title: str, **size: Any) -> None:
        """``size``: ``work``, ``known`` and ``start`` of the job, and the name of its ``board``. Raises BadInput when the disk is full."""
        refuse_change(self.path)
        shutil.rmtree(self.path, ignore_errors=True)
        with new_folder(self.path) as folder:
            about = {
                "kind": kind_of(spec),
                "spec": plain(spec),
                "title": title,
                "submitted": time.time(),
                **size,
                **whereabouts(),
            }
            (folder / "job.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
            asking(folder, visitor())

    def spec(self) -> Spec:
        about = read_json(self.path / "job.json")
        return from_plain(about["kind"], about["spec"]) if is_record(about) else from_plain("", {})

    def progress(self) -> dict[str, Any]:
        """What was said last; empty where it is no such record."""
        return progress_of(read_json(self.path / "progress.json"))

    def join(self, who: Visitor) -> None:
        """One more waits for it."""
        with suppress(OSError):
            asking(self.path, who)

    def leave(self, who: Visitor) -> None:
        (self.path / f"{BY}{who.key or MACHINE}").unlink(missing_ok=True)

    def askers(self) -> dict[str, str]:
        """The keys of those who wait for it, with their names."""
        return askers_in(self.path)

    def write_progress(self, **values: Any) -> None:
        if self.path.is_dir():
            write_json(self.path / "progress.json", {**values, **whereabouts(), "updated": time.time()})

    def append_history(self, row: dict[str, Any]) -> None:
        with suppress(OSError), (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")  # a full disk costs the live curve only

    def history(self) -> list[dict[str, Any]]:
        """The rows reported so far; a last line still being written is left for the next look."""
        try:
            lines = (self.path / "history.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        except OSError:
            return []
        except ValueError:
            return []
        return [row for line in lines if line.endswith("\n") and (row := row_of(line)) is not None]

    def request_cancel(self) -> None:
        refuse_change(self.path)
        if self.path.is_dir():
            (self.path / "cancel").touch()

    @property
    def cancel_requested(self) -> bool:
        return (self.path / "cancel").exists()

    def read(self) -> Job | None:
        """The job as it is now, or None when there is none (or its record is damaged)."""
        about = read_json(self.path / "job.json")
        if not is_record(about):
            return None
        try:
            spec = from_plain(about["kind"], about["spec"])
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            return None
        progress = self.progress()
        state, message = honest_state(about, progress, self.cancel_requested, self.board_lives(about))
        if RunStore(self.workspace).get(self.digest):
            state, message = "done", ""
        elif state == "done":
            state, message = "interrupted", "Its result is gone, or was damaged and left out; start it again to compute it anew."
        started = progress.get("started") or about["submitted"]
        end = time.time() if state == "running" else progress.get("updated") or started
        return Job(
            self.digest,
            spec,
            about["title"],
            state,
            about["submitted"],
            progress.get("phase", ""),
            1.0 if state == "done" else progress.get("fraction", 0.0),
            max(0.0, end - started) if progress else 0.0,
            message,
            progress.get("metrics", {}),
            work if (work := number(about.get("work"), -1.0)) >= 0 else None,
            about.get("known") is True,
            number(about.get("start")),
            tuple(Mark(*mark) for mark in progress.get("marks", ())),
            self.askers() if state in ACTIVE else {},
        )

    def board_lives(self, about: dict[str, Any]) -> bool:
        """Whether the board is there that has it to hand over."""
        name = about.get("board")
        if not isinstance(name, str) or not name.isalnum():  # a record of an older version
            return lives({**about, "updated": about.get("submitted")})
        beat = read_json(self.workspace.jobs / BOARDS / f"{name}.json")
        return isinstance(beat, dict) and lives({**about, **beat})


def asking(folder: Path, who: Visitor) -> None:
    (folder / f"{BY}{who.key or MACHINE}").write_text(who.name, encoding="utf-8")


def askers_of(workspace: Workspace, digest: str) -> dict[str, str]:
    """The keys of those who asked for a job, while it is under way and afterwards, with their names; nobody for a run that was computed
    without one. It stands beside the job and nowhere else: in no run, report or export."""
    folder = workspace.jobs / digest
    try:
        return _askers_of(folder, folder.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=20_000)
def _askers_of(folder: Path, changed: int) -> dict[str, str]:
    return askers_in(folder)


def askers_in(folder: Path) -> dict[str, str]:
    found = {}
    with suppress(OSError, ValueError):
        for path in folder.glob(f"{BY}*"):
            key = path.name.removeprefix(BY)
            found["" if key == MACHINE else key] = path.read_text(encoding="utf-8")
    return found


def may_end(job: Job, who: Visitor) -> bool:
    """Whether a visitor may cancel it: whoever asked for it, and editors."""
    return who.editor or who.key in job.asked_by


def is_record(about: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a ``job.json`` says what a job is; its spec may be of another version."""
    return (
        isinstance(about, dict)
        and all(isinstance(about.get(name), str) for name in ("kind", "title"))
        and isinstance(about.get("spec"), dict)
        and number(about.get("submitted"), -1.0) >= 0
    )


def honest_state(
    about: dict[str, Any], progress: dict[str, Any], cancel_requested: bool, board_lives: bool | None = None
) -> tuple[State, str]:
    """What a record amounts to, given whether the process behind it still lives, and (``board_lives``) who would hand it over again."""
    state = progress.get("state", "queued")
    message = progress.get("message", "")
    there = lives({**about, "updated": about.get("submitted")}) if board_lives is None else board_lives
    if state == "running" and not lives(progress):
        if "board" in about and there and progress.get("attempt", 1) <= RETRIES:
            return "queued", "Its worker was lost; another takes it up."
        return "interrupted", "The process that computed it has ended; start it again to compute it from the beginning."
    if state == "queued" and cancel_requested:
        return "cancelled", "Cancelled before it began."
    if state == "queued" and not there:
        return "interrupted", "The server that had queued it has ended before it began; start it again."
    return state, message


def whereabouts(pid: int | None = None) -> dict[str, Any]:
    """Which process writes this (or does it), so that others can see whether it still lives (a pid alone may be used again)."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        started = 0.0  # over already
    return {"host": platform.node(), "pid": pid or os.getpid(), "process_started": started}


def lives(record: dict[str, Any]) -> bool:
    """Whether the process that wrote a record is alive: looked up on this machine, believed by its heartbeat (``updated``) on another,
    which this one may have been before its name changed."""
    if record.get("host") != platform.node():
        return time.time() - number(record.get("updated")) < STALE
    try:
        process = psutil.Process(record["pid"])
        if process.status() == psutil.STATUS_ZOMBIE:  # dead, but nobody asked how it ended; in a container, often nobody does
            return False
        return abs(process.create_time() - number(record["process_started"])) < 1.0
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return False


def all_jobs(workspace: Workspace) -> list[Job]:
    """Every job in the workspace, newest first."""
    return sorted(read_all(workspace), key=lambda job: job.submitted, reverse=True)


def read_all(workspace: Workspace) -> Iterator[Job]:
    for folder in workspace.jobs.iterdir():
        if not folder.name.startswith(".") and folder.is_dir() and (job := JobFolder(workspace, folder.name).read()):
            yield job


def active_jobs(workspace: Workspace) -> list[Job]:
    """Those that are queued or running, in the order in which they were submitted. Cheap enough to be asked every second: a job that
    was over is not read again until its folder changes."""
    found = []
    for folder in os.scandir(workspace.jobs):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        with suppress(FileNotFoundError):
            changed = folder.stat().st_mtime_ns
            if OVER.get(folder.path) == changed:
                continue
            job = JobFolder(workspace, folder.name).read()
            if job is not None and job.active:
                found.append(job)
            else:
                OVER[folder.path] = changed
    return sorted(found, key=lambda job: job.submitted)


OVER: dict[str, int] = {}
"""Folders of jobs that were over, with the time of their last change."""
