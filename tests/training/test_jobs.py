"""Jobs on a real cluster: computed once, cancelled at once, honest about what became of them, and gone when the server is gone."""

import contextlib
import json
import os
import shutil
import signal
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
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.training import worker
from metadash.training.board import JobBoard
from metadash.training.jobs import Job, JobFolder, all_jobs, honest_state, title_of, whereabouts
from metadash.training.run import WAIT_PHASE
from metadash.training.spec import MapSpec, Spec, as_plain, run_digest
from metadash.training.store import RunStore
from metadash.training.worker import work
from metadash.workspace import Workspace, write_json
from tests.builders import (
    copy_workspace,
    one_sentence,
    small_disk,
    tiny_backbone,
    tiny_evaluation,
    tiny_images,
    tiny_instances,
    tiny_run,
    wait_for,
    write_tiny,
)

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


# --- records, without a cluster ----------------------------------------------------------------------------------------------


def test_a_job_whose_process_is_gone_shows_as_interrupted(own_workspace: Workspace) -> None:
    job = record(own_workspace, tiny_backbone(), state="running", started=time.time() - 9, fraction=0.4, **dead_process()).read()
    assert job is not None and job.state == "interrupted" and not job.active
    assert "start it again" in one_sentence(job.message)
    assert job.fraction == 0.4 and job.seconds_left is None


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
        "Prototypical Networks (quick) with place, shuffled, seed 3",
        "Backbone Conv-4-8 on pixels, tiny",
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
def test_a_disk_that_fills_up_under_a_job_leaves_no_job_that_seems_to_run(
    leave: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "setpriority", lambda *arguments: None)  # the tests themselves go on at their own pace
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

    monkeypatch.setattr(os, "setpriority", lambda *arguments: None)
    monkeypatch.setattr(worker, "train", broken)
    folder = record(own_workspace, tiny_backbone())
    work(str(own_workspace.root), folder.digest)
    job = folder.read()
    assert job is not None and job.state == "failed"
    assert "ZeroDivisionError" in one_sentence(job.message)
    assert "in the middle of things" in (folder.path / "log.txt").read_text()


def test_a_run_does_not_compute_the_backbone_that_failed_before_it(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "setpriority", lambda *arguments: None)
    record(own_workspace, tiny_backbone(), state="failed", message="It did not work.", **whereabouts())
    folder = record(own_workspace, tiny_run(("place",)))
    work(str(own_workspace.root), folder.digest)
    job = folder.read()
    assert job is not None and job.state == "failed" and job.message == "The run it builds on failed: It did not work."
    assert not RunStore(own_workspace).runs()


@pytest.mark.parametrize("status", ["error", "lost"])
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
    monkeypatch.setattr("metadash.training.board.start_cluster", lambda workers: 1 / 0)
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


# --- on a real cluster -------------------------------------------------------------------------------------------------------


def ended(board: JobBoard, digest: str) -> Job | None:
    job = board.job(digest)
    return job if job and job.state in FINAL else None


def under_way(board: JobBoard, digest: str, *phases: str) -> Job | None:
    job = board.job(digest)
    return job if job and job.state == "running" and job.phase in (phases or ("training", WAIT_PHASE)) else None


def progress(board: JobBoard, digest: str) -> dict[str, Any]:
    return JobFolder(board.workspace, digest).progress()


@pytest.fixture(scope="module")
def board(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobBoard]:
    """A board with two worker processes over *tiny* and *many*, a variant with so many instances that a map of them takes long."""
    import numpy as np

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(settings.WORKERS.name, "2")
        patch.delenv(settings.SCHEDULER.name, raising=False)
        workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("jobs") / "workspace")
        times = 12
        instances = tiny_instances().loc[np.repeat(np.arange(len(tiny_instances())), times)]
        write_tiny(
            workspace,
            "many",
            inputs=np.repeat(tiny_images()[:, 6:22, 6:22], times, axis=0),
            instances=instances.assign(instance_id=np.arange(len(instances))),
        )
        made = JobBoard(workspace)
        yield made
        made.close()


def test_submitting_twice_is_one_job_and_a_run_waits_for_what_it_needs(board: JobBoard) -> None:
    spec = tiny_run(("place",))
    digest = board.submit(spec)
    assert board.submit(spec) == digest
    found = {job.title: job for job in all_jobs(board.workspace)}
    assert len(found) == 2 and all(job.active for job in found.values())
    assert wait_for(lambda: ended(board, digest), 60).state == "done"
    run, backbone = (RunStore(board.workspace).runs(kind)[0] for kind in ("learner", "backbone"))
    needed = board.job(backbone.digest)
    assert needed is not None and needed.state == "done" and needed.fraction == 1
    assert run.summary["needs"] == [backbone.digest]
    started = progress(board, digest)["started"]
    assert backbone.about["created"] <= started, "it began when its backbone was stored"
    again = board.submit(spec)
    assert again == digest and board.job(digest).state == "done"  # type: ignore[union-attr]
    assert [row["step"] for row in JobFolder(board.workspace, digest).history()][-1] == 100


def test_a_worker_killed_in_training_fails_its_job_and_the_next_one_runs(board: JobBoard) -> None:
    spec = tiny_run(("place",), steps=1000, patience=10_000, seed=5)
    digest = board.submit(spec)
    wait_for(lambda: under_way(board, digest))
    os.kill(progress(board, digest)["pid"], signal.SIGKILL)
    job = wait_for(lambda: (found := ended(board, digest)) and found.state == "failed" and found)
    assert "killed while it computed" in one_sentence(job.message)
    assert RunStore(board.workspace).get(digest) is None
    assert board.submit(spec) == digest, "it may be asked for again, and the workers that are left do it"
    assert board.job(digest).active  # type: ignore[union-attr]
    assert wait_for(lambda: ended(board, digest), 60).state == "done"


def test_a_running_job_shows_how_far_it_is_and_is_cancelled_within_two_seconds(board: JobBoard) -> None:
    digest = board.submit(endless())
    job = wait_for(lambda: under_way(board, digest))
    wait_for(lambda: JobFolder(board.workspace, digest).history())
    assert job.active and 0 <= job.fraction < 1
    asked = time.monotonic()
    board.cancel(digest)
    job = wait_for(lambda: ended(board, digest))
    assert time.monotonic() - asked < 2
    assert job.state == "cancelled" and job.message == "Cancelled; nothing was kept."
    assert RunStore(board.workspace).get(digest) is None
    assert board.submit(endless()) == digest and wait_for(lambda: under_way(board, digest)), "it may be asked for again"
    board.cancel(digest)
    assert wait_for(lambda: ended(board, digest)).state == "cancelled"


def test_two_servers_on_one_workspace_compute_once(board: JobBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the scheduler by its address; both hand the same run over at the same moment."""
    monkeypatch.setenv(settings.SCHEDULER.name, board.client.scheduler.address)
    second = JobBoard(board.workspace)
    spec = tiny_run(("place",), steps=1000, patience=10_000, seed=6)
    digest = board.submit(spec)
    assert second.submit(spec) == digest and second.thread is None, "it sees the other's job"
    shutil.rmtree(board.workspace.jobs / digest)  # as if both had looked before either had written
    assert second.submit(spec) == digest
    for one in (board, second):
        assert wait_for(lambda one=one: ended(one, digest), 60).state == "done"
    wait_for(lambda: all(one.futures[digest].done() for one in (board, second)))
    log = RunStore(board.workspace).get(digest).log()  # type: ignore[union-attr]
    assert log.count("finished in") == 1
    assert not [path for path in board.workspace.runs.iterdir() if path.name.endswith((".part", ".damaged"))]
    second.close()
    assert board.client.status == "running", "closing a guest leaves the scheduler alone"


def test_a_job_in_a_long_silent_step_is_cancelled_within_two_seconds_too(board: JobBoard) -> None:
    """A t-SNE of five thousand points reports nothing for half a minute; its process is ended. Then the other jobs go on."""
    backbone = tiny_backbone(dataset="many", width=4, episodes=3, n_way=5)
    run = tiny_run(dataset="many", backbone=backbone, evaluation=tiny_evaluation(n_episodes=20))
    digest = board.submit(MapSpec(run, background=5000))
    wait_for(lambda: under_way(board, digest, "arranging the map (t-SNE)"), 60)
    time.sleep(0.6)
    pid = progress(board, digest)["pid"]
    asked = time.monotonic()
    board.cancel(digest)
    job = wait_for(lambda: ended(board, digest))
    assert time.monotonic() - asked < 2
    assert job.state == "cancelled" and job.message == "Cancelled; nothing was kept."
    wait_for(lambda: not alive(pid), 5)
    wait_for(lambda: board.futures[digest].done(), 10)
    assert board.job(digest).state == "cancelled", "and nobody tries it again"  # type: ignore[union-attr]
    assert not list(board.workspace.runs.glob(".*.part"))


def test_when_the_cluster_dies_its_jobs_are_interrupted_and_a_new_one_is_started(board: JobBoard) -> None:
    assert board.cluster is not None
    with idling(board.workspace, 20, 21, 22) as specs:
        digests = [board.submit(spec) for spec in specs]
        wait_for(lambda: [board.job(digest).state for digest in digests].count("running") == 2)  # type: ignore[union-attr]
        pids = [found["pid"] for digest in digests if (found := progress(board, digest))]
        os.kill(board.cluster.pid, signal.SIGKILL)
        for digest in digests:
            assert wait_for(lambda digest=digest: ended(board, digest)).state in ("interrupted", "failed")
        assert wait_for(lambda: not any(alive(pid) for pid in pids)), "no worker outlives it"
    with idling(board.workspace, 23) as (spec,):
        digest = board.submit(spec)
        assert wait_for(lambda: under_way(board, digest))
        board.cancel(digest)
        assert wait_for(lambda: ended(board, digest)).state == "cancelled", "and one may give up waiting"


def test_closing_the_board_is_quiet_and_quick_and_leaves_no_process(board: JobBoard) -> None:
    """The last one here: it closes the board under jobs that compute, wait and are queued."""
    with idling(board.workspace, 30, 31) as specs:
        digests = [board.submit(spec) for spec in (endless(30), *specs)]
        wait_for(lambda: [board.job(digest).state for digest in digests].count("running") == 2)  # type: ignore[union-attr]
        wait_for(lambda: under_way(board, digests[0]))
        assert board.cluster is not None
        pids = [board.cluster.pid, *(found["pid"] for digest in digests if (found := progress(board, digest)))]
        started = time.monotonic()
        board.close()
        assert time.monotonic() - started < 8
        assert wait_for(lambda: not any(alive(pid) for pid in pids), 5)
        assert board.job(digests[0]).state == "interrupted"  # type: ignore[union-attr]
        board.close()


def alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


SERVER = """
import sys, time
from metadash.training.board import JobBoard
from metadash.training.jobs import JobFolder
from metadash.training.spec import from_plain
from metadash.workspace import Workspace
import json
board = JobBoard(Workspace(sys.argv[1]))
digest = board.submit(from_plain("backbone", json.loads(sys.argv[2])))
while board.job(digest).state != "running":
    time.sleep(0.05)
print(json.dumps({"digest": digest, "worker": JobFolder(board.workspace, digest).progress()["pid"], "cluster": board.cluster.pid,
                  "loaded": [name for name in ("torch", "sklearn", "scipy.stats") if name in sys.modules]}), flush=True)
if sys.argv[3] == "wait":
    time.sleep(600)
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_server_that_ends_takes_its_workers_along_and_leaves_honest_remains(end: str, own_workspace: Workspace) -> None:
    """Ended in good order or killed: no process survives, nothing is printed, and the next server sees what became of the job."""
    environment = {**os.environ, settings.WORKERS.name: "1", settings.SCHEDULER.name: ""}
    with idling(own_workspace, 0) as (spec,):
        command = [
            sys.executable,
            "-c",
            SERVER,
            str(own_workspace.root),
            json.dumps(as_plain(spec)),
            "wait" if end == "kill" else "go",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stdout is not None and server.stderr is not None
            said = json.loads(server.stdout.readline() or server.stderr.read())
            if end == "kill":
                server.kill()
            server.wait(30)
            assert wait_for(lambda: not alive(said["worker"]) and not alive(said["cluster"]), 15)
            complaints = server.stderr.read()
    assert said["loaded"] == []
    if end == "exit":
        assert server.returncode == 0 and complaints == ""
    job = JobBoard(own_workspace).job(said["digest"])
    assert job is not None and job.state == "interrupted"
    assert one_sentence(job.message)
