"""A job is a record on disk: whoever looks sees its honest remains, whatever became of the processes behind it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from metadash import settings
from metadash.errors import BadInput
from metadash.runs.queue import worker
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import active_jobs, all_jobs, honest_state, whereabouts
from metadash.runs.queue.underway import alone
from metadash.runs.queue.worker import work
from metadash.runs.store import RunStore
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace, write_json
from tests.builders import (
    one_sentence,
    small_disk,
    tiny_backbone,
    tiny_evaluation,
    tiny_run,
    wait_for,
    write_tiny,
)
from tests.runs.queue.job_makers import dead_process, ended, record


def test_a_job_whose_process_is_gone_shows_as_interrupted(own_workspace: Workspace) -> None:
    job = record(own_workspace, tiny_backbone(), state="running", started=time.time() - 9, fraction=0.4, **dead_process()).read()
    assert job is not None and job.state == "interrupted" and not job.active
    assert "start it again" in one_sentence(job.message)
    assert job.fraction == 0.4


def test_a_process_that_took_over_the_number_of_a_dead_one_is_not_taken_for_it(own_workspace: Workspace) -> None:
    reused = {**whereabouts(), "process_started": whereabouts()["process_started"] - 1000}
    job = record(own_workspace, tiny_backbone(), state="running", started=time.time(), **reused).read()
    assert job is not None and job.state == "interrupted"


def test_a_dead_process_that_nobody_has_reaped_is_dead(own_workspace: Workspace) -> None:
    """In a container the workers of a dead server may stay zombies for ever; their jobs must not seem to run for ever."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        there = {**whereabouts(), "pid": process.pid, "process_started": psutil.Process(process.pid).create_time()}
        job = record(own_workspace, tiny_backbone(), state="running", started=time.time(), **there).read()
        assert job is not None and job.state == "interrupted"


def test_a_job_queued_by_a_server_that_is_gone_shows_as_interrupted(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone())
    assert folder.read().state == "queued"  # type: ignore[union-attr]
    about = json.loads((folder.path / "job.json").read_text())
    write_json(folder.path / "job.json", {**about, **dead_process()})
    job = folder.read()
    assert job is not None and job.state == "interrupted" and "start it again" in one_sentence(job.message)


def test_a_job_on_another_machine_is_believed_by_its_heartbeat(own_workspace: Workspace) -> None:
    elsewhere = {"host": "another machine", "pid": 1, "process_started": 0.0}
    fresh = record(own_workspace, tiny_backbone(), state="running", started=time.time(), **elsewhere)
    assert fresh.read().state == "running"  # type: ignore[union-attr]
    silent = {"state": "running", "started": 0.0, **elsewhere, "updated": time.time() - 3600}
    write_json(fresh.path / "progress.json", silent)
    assert fresh.read().state == "interrupted"  # type: ignore[union-attr]


def test_a_queued_job_that_is_cancelled_is_cancelled_at_once(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone())
    folder.request_cancel()
    assert folder.read().state == "cancelled"  # type: ignore[union-attr]
    work(str(own_workspace.root), folder.digest)
    assert folder.read().state == "cancelled"  # type: ignore[union-attr]
    assert not RunStore(own_workspace).runs(), "a worker that comes to it later leaves it"


def test_a_run_that_was_cancelled_when_its_worker_was_lost_is_not_taken_up(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone(), state="running", started=time.time(), fraction=0.4, **dead_process())
    folder.request_cancel()
    work(str(own_workspace.root), folder.digest, "again")
    assert folder.read().state == "cancelled" and not RunStore(own_workspace).runs()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("progress", "state"),
    [
        ({}, "queued"),
        ({"state": "done"}, "done"),
        ({"state": "failed", "message": "Why."}, "failed"),
        ({"state": "cancelled"}, "cancelled"),
    ],
)
def test_what_was_said_last_is_the_state(progress: dict[str, Any], state: str) -> None:
    assert honest_state(whereabouts(), progress, False)[0] == state


def test_a_damaged_record_is_no_job(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone())
    for content in ('{"kind": "backbone", "spec', "{}", '{"spec": {}}', '{"kind": "backbone", "spec": {"future": 1}}', "[]"):
        (folder.path / "job.json").write_text(content)
        assert folder.read() is None
    assert all_jobs(own_workspace) == []
    (folder.path / "progress.json").write_text("[1")
    assert folder.progress() == {}


WRONG: tuple[Any, ...] = ([1], {}, {"a": [1]}, "x", None, -1, 1e300, 10**400, True, float("inf"), [[1, 2, 3]], "../../x")


@pytest.mark.parametrize("file", ["job.json", "progress.json"])
def test_no_shape_of_a_record_breaks_what_lists_jobs(file: str, own_workspace: Workspace) -> None:
    folder = record(
        own_workspace, tiny_backbone(), state="running", started=time.time(), fraction=0.4, marks=[[1, 2, 3]], **whereabouts()
    )
    other = record(own_workspace, tiny_backbone(seed=1))
    written = json.loads((folder.path / file).read_text())
    shapes = [
        *WRONG,
        *({**written, name: wrong} for name in (*written, "metrics", "attempt", "board", "work") for wrong in WRONG),
    ]
    for shape in shapes:
        (folder.path / file).write_text(json.dumps(shape))
        os.utime(folder.path)
        for job in (*all_jobs(own_workspace), *active_jobs(own_workspace)):
            assert isinstance(job.title, str) and isinstance(job.message, str) and 0 <= job.fraction <= 1 and job.elapsed >= 0
            assert alone(job).fraction >= 0
        assert other.digest in [job.digest for job in active_jobs(own_workspace)]


def test_live_curves_leave_out_what_is_no_row(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone())
    (folder.path / "history.jsonl").write_text('{"step": 1, "loss": [2]}\n[1]\nnonsense\n{"step": 2, "loss": 0.5}\n')
    assert folder.history() == [{"step": 1}, {"step": 2, "loss": 0.5}]


def test_a_file_beside_the_jobs_is_no_job(own_workspace: Workspace) -> None:
    (own_workspace.jobs / "notes.txt").write_text("mine")
    assert all_jobs(own_workspace) == active_jobs(own_workspace) == []


def test_a_row_still_being_written_is_left_for_the_next_look(own_workspace: Workspace) -> None:
    folder = record(own_workspace, tiny_backbone())
    assert folder.history() == []
    folder.append_history({"step": 1})
    with (folder.path / "history.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert folder.history() == [{"step": 1}]


def test_jobs_are_listed_newest_first_with_a_title(own_workspace: Workspace) -> None:
    for spec in (tiny_backbone(), tiny_run(("place",), control="shuffled", seed=3), MapSpec(tiny_run(), episode=4)):
        record(own_workspace, spec)
        time.sleep(0.01)
    assert [job.title for job in all_jobs(own_workspace)] == [
        "Map of episode 5: Prototypical Networks (quick) with no metadata, seed 0",
        "Prototypical Networks (quick) with place, shuffled, 4 tasks a step, seed 3",
        "Backbone Conv-4-8 without metadata, tiny",
    ]


def test_what_does_not_fit_is_refused_before_anything_is_queued(own_workspace: Workspace) -> None:
    for spec in (tiny_run(("nowhere",)), tiny_run(("nothing",)), tiny_run(evaluation=tiny_evaluation(n_way=9))):
        with pytest.raises(BadInput):
            JobBoard(own_workspace).submit(spec)
    assert all_jobs(own_workspace) == []


def test_a_full_disk_refuses_a_job_in_one_sentence(tmp_path: Path) -> None:
    with mounted(tmp_path, 6000) as workspace:
        fill(workspace, leave=0)
        with pytest.raises(BadInput, match="the disk is full") as caught:
            JobBoard(workspace).submit(tiny_backbone(episodes=2))
        one_sentence(caught.value)
        assert all_jobs(workspace) == []


@contextlib.contextmanager
def mounted(tmp_path: Path, kilobytes: int) -> Iterator[Workspace]:
    """A workspace with *tiny* on a file system of its own, of that size."""
    try:
        disk = small_disk(tmp_path / "disk", kilobytes)
        folder = disk.__enter__()
    except OSError as error:
        pytest.skip(f"no small file system can be mounted here: {error}")
    try:
        workspace = Workspace(folder / "workspace")
        write_tiny(workspace)
        yield workspace
    finally:
        disk.__exit__(None, None, None)


def fill(workspace: Workspace, leave: int) -> Path:
    blocker = workspace.root / "blocker"
    with contextlib.suppress(OSError), blocker.open("wb") as file:
        file.write(b"x" * (shutil.disk_usage(workspace.root).free - leave))
    return blocker


@pytest.mark.parametrize("leave", [20_000, 0], ids=["nearly full", "full"])
def test_a_disk_that_fills_up_under_a_job_leaves_no_job_that_seems_to_run(leave: int, tmp_path: Path) -> None:
    with mounted(tmp_path, 6000) as workspace:
        folder = record(workspace, tiny_backbone(episodes=2))
        blocker = fill(workspace, leave)
        work(str(workspace.root), folder.digest)
        job = folder.read()
        assert not RunStore(workspace).runs()
        if leave:
            assert job is not None and job.state == "failed" and "the disk is full" in job.message
        else:
            assert job is None or not job.active, "there was no room even to say so"
        blocker.unlink()
        again = record(workspace, tiny_backbone(episodes=2))
        work(str(workspace.root), again.digest)
        assert again.read().state == "done"  # type: ignore[union-attr]


def test_a_defect_of_ours_is_one_sentence_with_the_details_in_a_log(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("in the middle of things")

    monkeypatch.setattr(worker, "train", broken)
    folder = record(own_workspace, tiny_backbone())
    work(str(own_workspace.root), folder.digest)
    job = folder.read()
    assert job is not None and job.state == "failed"
    assert "ZeroDivisionError" in one_sentence(job.message)
    assert "in the middle of things" in (folder.path / "log.txt").read_text()


def test_a_run_does_not_compute_the_backbone_that_failed_before_it(own_workspace: Workspace) -> None:
    record(own_workspace, tiny_backbone(), state="failed", message="It did not work.", **whereabouts())
    folder = record(own_workspace, tiny_run(("place",)))
    work(str(own_workspace.root), folder.digest)
    job = folder.read()
    assert job is not None and job.state == "failed" and job.message == "The run it builds on failed: It did not work."
    assert not RunStore(own_workspace).runs()


@pytest.mark.parametrize("status", ["error", "lost", "cancelled"])
def test_a_job_that_dask_gives_up_is_failed_and_not_queued_for_ever(
    status: str, own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the workers died again and again while the job waited behind others."""

    board = JobBoard(own_workspace)
    given_up = SimpleNamespace(status=status, exception=lambda: KeyError("Dask's own words"))
    board.client = SimpleNamespace(submit=lambda *arguments, **options: given_up, status="running", close=lambda timeout: None)
    digest = board.submit(tiny_backbone())
    job = wait_for(lambda: ended(board, digest))
    assert job.state == "failed"
    one_sentence(job.message)
    board.close()


def test_workers_that_cannot_be_started_fail_the_job_and_not_the_board(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    board = JobBoard(own_workspace)
    monkeypatch.setattr("metadash.runs.queue.board.start_cluster", lambda workers: 1 / 0)
    digest = board.submit(tiny_backbone())
    job = wait_for(lambda: ended(board, digest))
    assert job.state == "failed" and "could not be started" in one_sentence(job.message)
    assert "ZeroDivisionError" in caplog.text, "the message sends you to the log"
    monkeypatch.setenv(settings.WORKERS.name, "many")
    other = board.submit(tiny_backbone(seed=1))
    assert "whole number from 1 to 256" in wait_for(lambda: ended(board, other)).message
    board.close()


def test_a_scheduler_that_does_not_answer_is_named(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.SCHEDULER.name, "nonsense://nowhere")
    board = JobBoard(own_workspace)
    digest = board.submit(tiny_backbone())
    job = wait_for(lambda: ended(board, digest))
    assert job.state == "failed" and "nonsense://nowhere does not answer" in one_sentence(job.message)
    board.close()
