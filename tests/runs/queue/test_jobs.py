"""Jobs on a real cluster: computed once, cancelled at once, honest about what became of them, and gone when the server is gone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pandas as pd
import pytest

from metadash import settings
from metadash.metadata.changes import Change
from metadash.runs.kinds import as_plain
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder, all_jobs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.specs.what_if import WhatIfSpec
from metadash.workspace import Workspace
from tests.builders import (
    copy_workspace,
    one_sentence,
    tiny_backbone,
    tiny_evaluation,
    tiny_images,
    tiny_instances,
    tiny_run,
    wait_for,
    write_tiny,
)
from tests.runs.queue.job_makers import alive, ended, endless, idling, progress, under_way


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


def has_loaded() -> list[str]:
    return [name for name in ("torch._dynamo", "sklearn.manifold", "metadash.training.heads") if name in sys.modules]


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux are workers copies of a process that has loaded all")
def test_a_worker_has_loaded_all_that_jobs_need_before_its_first(board: JobBoard) -> None:
    """A module that could not be loaded beforehand would not be missed: each job would load it again, and take seconds longer."""
    assert {len(names) for names in board.client.run(has_loaded).values()} == {3}


def test_a_run_whose_worker_is_killed_is_taken_up_by_another_until_three_were(board: JobBoard, tmp_path) -> None:
    spec = tiny_run(("place",), steps=1000, patience=10_000, seed=5)
    digest = board.submit(spec)

    def kill(attempt: int) -> None:
        wait_for(lambda: under_way(board, digest) and progress(board, digest).get("attempt") == attempt, 60)
        os.kill(progress(board, digest)["pid"], signal.SIGKILL)

    for attempt in (1, 2, 3):
        kill(attempt)
    job = wait_for(lambda: (found := ended(board, digest)) and found.state == "failed" and found, 60)
    assert "killed while it computed, 3 times" in one_sentence(job.message)
    assert RunStore(board.workspace).get(digest) is None
    assert board.submit(spec) == digest, "it may be asked for again"
    kill(1)
    wait_for(lambda: board.job(digest).state != "interrupted" and progress(board, digest).get("attempt") == 2, 60)  # type: ignore[union-attr]
    assert wait_for(lambda: ended(board, digest), 60).state == "done"
    undisturbed = train(spec, copy_workspace(board.workspace, tmp_path / "alone", "datasets", "episodes"))
    pd.testing.assert_frame_equal(RunStore(board.workspace).get(digest).frame("scores"), undisturbed.frame("scores"))  # type: ignore[union-attr]


def test_a_running_job_shows_how_far_it_is_and_is_cancelled_at_once(board: JobBoard) -> None:
    digest = board.submit(endless())
    job = wait_for(lambda: under_way(board, digest))
    wait_for(lambda: JobFolder(board.workspace, digest).history())
    assert job.active and 0 <= job.fraction < 1
    asked = time.monotonic()
    board.cancel(digest)
    job = wait_for(lambda: ended(board, digest))
    assert time.monotonic() - asked < 20  # only a hang takes longer
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


def test_a_job_in_a_long_silent_step_is_cancelled_at_once_too(board: JobBoard) -> None:
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
    assert time.monotonic() - asked < 20  # only a hang takes longer
    assert job.state == "cancelled" and job.message == "Cancelled; nothing was kept."
    wait_for(lambda: not alive(pid), 5)
    wait_for(lambda: board.futures[digest].done(), 10)
    assert board.job(digest).state == "cancelled", "and nobody tries it again"  # type: ignore[union-attr]
    assert not list(board.workspace.runs.glob(".*.part"))


def test_no_job_waits_behind_a_long_one_while_a_worker_is_idle(board: JobBoard) -> None:
    """One worker is kept busy; the other does all the rest, however they were handed over."""
    with idling(board.workspace, 10) as (long,):
        busy = board.submit(long)
        wait_for(lambda: board.job(busy).state == "running")  # type: ignore[union-attr]
        digests = [board.submit(tiny_run(("place",), steps=5, seed=seed)) for seed in range(40, 45)]
        for digest in digests:
            assert wait_for(lambda digest=digest: ended(board, digest), 60).state == "done"
        assert board.job(busy).active  # type: ignore[union-attr]
        board.cancel(busy)


def test_a_what_if_is_answered_while_every_worker_is_busy(board: JobBoard) -> None:
    asked = WhatIfSpec(tiny_run(("place",), steps=5, seed=40), (Change("place", "swap"),))
    with idling(board.workspace, 11, 12) as specs:
        busy = [board.submit(spec) for spec in specs]
        wait_for(lambda: all(board.job(digest).state == "running" for digest in busy))  # type: ignore[union-attr]
        assert wait_for(lambda: ended(board, board.submit(asked)), 60).state == "done"
        assert all(board.job(digest).active for digest in busy)  # type: ignore[union-attr]
        for digest in busy:
            board.cancel(digest)


def test_when_the_cluster_dies_a_new_one_takes_up_its_jobs(board: JobBoard) -> None:
    assert board.cluster is not None
    with idling(board.workspace, 20, 21, 22) as specs:
        digests = [board.submit(spec) for spec in specs]
        wait_for(lambda: [board.job(digest).state for digest in digests].count("running") == 2)  # type: ignore[union-attr]
        pids = [found["pid"] for digest in digests if (found := progress(board, digest))]
        os.kill(board.cluster.pid, signal.SIGKILL)
        assert wait_for(lambda: not any(alive(pid) for pid in pids)), "no worker outlives it"
        assert wait_for(lambda: [board.job(digest).state for digest in digests].count("running") == 2)  # type: ignore[union-attr]
        for digest in digests:
            board.cancel(digest)
            assert wait_for(lambda digest=digest: ended(board, digest)).state == "cancelled", "and one may give up waiting"


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


SERVER = """
import sys, time
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.kinds import from_plain
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


def test_workers_that_start_ahead_of_the_first_job_are_started_once(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, started = JobBoard(own_workspace, 1), []
    monkeypatch.setattr(board, "connect", lambda: started.append("workers"))
    for _ in range(3):
        board.warm()
    wait_for(lambda: started)
    board.close()
    assert started == ["workers"]
