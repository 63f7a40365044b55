"""Whose turn it is, what becomes of jobs that Dask gave up, and how the embedded cluster is set up: without a worker process."""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import distributed
import pytest

from metadash import settings
from metadash.errors import BadInput
from metadash.runs.queue import cluster
from metadash.runs.queue.board import GIVEN_UP, STARTED, JobBoard
from metadash.runs.queue.jobs import BOARDS, RETRIES, JobFolder, all_jobs, whereabouts
from metadash.runs.queue.outlook import USUAL_START
from metadash.specs.what_if import WhatIfSpec
from metadash.visitors import AT_THE_MACHINE, Visitor, found_by
from metadash.workspace import Workspace, write_json
from tests.builders import one_sentence, tiny_backbone, tiny_run
from tests.runs.queue.job_makers import dead_process, record


class Future:
    def __init__(self, status: str = "pending", error: Exception | None = None):
        self.status, self.error = status, error

    def done(self) -> bool:
        return self.status != "pending"

    def exception(self) -> Exception | None:
        return self.error


@pytest.fixture
def board(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> JobBoard:
    monkeypatch.setattr(JobBoard, "start_thread", lambda board: None)
    return JobBoard(own_workspace)


def test_a_job_has_its_turn_when_what_it_needs_has_ended_and_a_worker_is_free(board: JobBoard) -> None:
    board.slots = 2
    board.futures = {"a": Future(), "b": Future("finished")}
    assert board.has_turn("x", [], []) and board.has_turn("x", ["b"], [])
    assert not board.has_turn("x", ["a"], []), "it is under way"
    assert not board.has_turn("x", ["c"], ["c"]), "it waits itself"
    board.futures["c"] = Future()
    assert not board.has_turn("x", [], []), "both workers are busy"


def test_an_interactive_job_has_a_place_of_its_own_and_takes_none_of_the_others(board: JobBoard) -> None:
    board.slots, board.interactive = 1, {"quick", "more"}
    board.futures = {"a": Future()}
    assert board.has_turn("quick", [], []) and not board.has_turn("x", [], [])
    board.futures = {"quick": Future()}
    assert not board.has_turn("more", [], []) and board.has_turn("x", [], [])


def handed_over(board: JobBoard) -> list[str]:
    """What waits to be handed over."""
    found = []
    while not board.waiting.empty():
        item = board.waiting.get_nowait()
        assert item is not None
        found.append(item[0])
    return found


def test_what_dask_lost_is_handed_over_again_and_what_failed_is_not(board: JobBoard) -> None:
    specs = [tiny_run(("place",), seed=seed) for seed in range(6)]
    digests = [record(board.workspace, spec).digest for spec in specs]
    killed = type("KilledWorker", (Exception,), {})()
    states = ("error", "error", "error", "lost", "cancelled", "pending")
    errors = (BadInput("The disk is full."), KeyError("x"), killed, None, None, None)
    board.futures = {digest: Future(*found) for digest, found in zip(digests, zip(states, errors, strict=True), strict=True)}
    board.look_after()
    found = [board.job(digest) for digest in digests]
    assert [job.message for job in found if job] == ["The disk is full.", GIVEN_UP, "", "", "", ""]
    assert [job.state for job in found if job] == ["failed"] * 2 + ["queued"] * 4 and list(board.futures) == digests[5:]
    assert handed_over(board) == digests[2:5]


def test_a_job_is_not_handed_over_for_ever(board: JobBoard) -> None:
    digest = record(board.workspace, tiny_run(("place",))).digest
    for again in range(RETRIES + 1):
        board.handed[digest] += 1
        board.futures = {digest: Future("lost")}
        board.look_after()
        assert handed_over(board) == [digest] * (again < RETRIES)
    job = board.job(digest)
    assert job is not None and (job.state, job.message) == ("failed", GIVEN_UP)


def test_what_is_over_stays_as_it_ended_when_it_is_given_up(board: JobBoard) -> None:
    folder = record(board.workspace, tiny_run(("place",)), state="failed", message="Why.", fraction=0.3, **whereabouts())
    board.give_up(folder.digest, GIVEN_UP)
    board.give_up("nobody", GIVEN_UP)
    job = folder.read()
    assert job is not None and (job.message, job.fraction) == ("Why.", 0.3)


def test_the_jobs_of_a_cluster_that_ended_by_itself_are_handed_to_the_next(
    board: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record(board.workspace, tiny_run(("place",)))
    closed: list[Any] = []
    monkeypatch.setattr("metadash.runs.queue.board.stop_cluster", closed.append)
    board.client = SimpleNamespace(close=lambda timeout: closed.append("client"))
    board.cluster = SimpleNamespace(poll=lambda: None)  # type: ignore[assignment]
    board.futures = {folder.digest: Future()}
    board.look_after()
    assert board.ready and board.futures and not closed, "it goes on"
    board.cluster = ended = SimpleNamespace(poll=lambda: 1)  # type: ignore[assignment]
    board.look_after()
    assert handed_over(board) == [folder.digest] and folder.read().active  # type: ignore[union-attr]
    assert not board.ready and closed == ["client", ended]


def test_the_workers_are_said_to_start_as_fast_as_they_last_did(board: JobBoard) -> None:
    assert board.usual_start == USUAL_START == 6
    for content, seconds in (({"seconds": 2.5}, 2.5), ({}, USUAL_START), ([], USUAL_START)):
        (board.workspace.jobs / STARTED).write_text(json.dumps(content))
        assert board.usual_start == seconds


def test_what_is_asked_for_while_a_page_waits_is_known_as_such(board: JobBoard) -> None:
    run = tiny_run(("place",))
    digest = board.submit(WhatIfSpec(run))
    assert board.interactive == {digest}
    assert [board.waiting.get_nowait()[0] for _ in range(3)][-1] == digest, "what it needs was queued before"  # type: ignore[index]
    starts = {job.start for job in all_jobs(board.workspace)}
    assert starts == {USUAL_START}
    board.submit(WhatIfSpec(run))
    assert board.waiting.empty(), "submitted twice is one job"
    board.client = SimpleNamespace()
    other = board.job(board.submit(tiny_run(("size",))))
    assert other is not None and other.start == 0, "the workers are there"


def test_workers_are_warmed_once_and_not_where_they_are_there(board: JobBoard) -> None:
    board.client = SimpleNamespace()
    board.warm()
    assert board.waiting.empty()
    board.client = None
    board.warm()
    assert board.waiting.get_nowait() == ("", [])


def test_a_team_s_scheduler_has_as_many_slots_as_its_workers_have_threads(
    board: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.SCHEDULER.name, "tcp://there:8786")
    asked: list[Any] = []

    def client(address: str, **more: Any) -> Any:
        asked.append((address, more["set_as_default"]))
        return SimpleNamespace(status="running", nthreads=lambda: {"one": 2, "other": 3}, close=lambda timeout: None)

    monkeypatch.setattr(distributed, "Client", client)
    assert board.connect() is board.connect() and board.slots == 5
    assert asked == [("tcp://there:8786", False)] and board.cluster is None


def test_the_embedded_cluster_has_a_worker_more_for_who_waits_and_notes_how_long_it_took(
    board: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(settings.SCHEDULER.name, raising=False)
    monkeypatch.setattr(settings, "worker_count", lambda: 3)
    started: list[int] = []
    monkeypatch.setattr("metadash.runs.queue.board.start_cluster", lambda n: (started.append(n), (None, "here"))[1])
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: SimpleNamespace(status="running", close=lambda timeout: None))
    board.connect()
    assert (board.slots, started) == (3, [4]) and 0 <= board.usual_start < 6
    board.disconnect()
    board.workers = 2
    board.connect()
    assert (board.slots, started) == (2, [4, 2])


def test_the_cluster_s_workers_have_one_thread_each_and_end_with_who_started_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    seen: dict[str, Any] = {}

    def local(**given: Any) -> Any:
        seen.update(given)
        return SimpleNamespace(scheduler_address="tcp://127.0.0.1:1")

    monkeypatch.setattr(cluster, "load_once", lambda: "spawn")
    monkeypatch.setattr(distributed, "LocalCluster", local)
    monkeypatch.setattr(sys, "argv", ["cluster", "3"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setattr(cluster.psutil.Process, "children", lambda process, recursive: [])
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with dask.config.set({}):
        cluster.main()
        assert dask.config.get("distributed.worker.multiprocessing-method") == "spawn"
        assert dask.config.get("distributed.scheduler.allowed-failures") == 1000
        assert dask.config.get("distributed.worker.memory.terminate") == 0.98
        assert dask.config.get("distributed.worker.profile.enabled") is False
    assert (seen["n_workers"], seen["threads_per_worker"], seen["processes"]) == (3, 1, True)
    assert seen["host"] == "127.0.0.1" and seen["dashboard_address"].startswith("127.0.0.1")
    assert capsys.readouterr().out == "tcp://127.0.0.1:1\n" and ended == [0]


def test_the_package_lies_where_the_cluster_s_process_looks_for_it() -> None:
    assert (Path(cluster.PACKAGE_PARENT) / "metadash" / "runs" / "queue" / "cluster.py").is_file()


# --- many visitors -----------------------------------------------------------------------------------------------------------------

ANN, BEN, CHIEF = Visitor("ann", "Ann"), Visitor("ben", "Ben"), Visitor("chief", "Chief", editor=True)


@pytest.fixture
def visit() -> Iterator[Callable[[Visitor], None]]:
    yield lambda who: found_by(lambda: who)
    found_by(lambda: AT_THE_MACHINE)


def test_who_asked_for_much_does_not_stand_before_who_asked_for_little(board: JobBoard, visit: Any) -> None:
    held: dict[str, list[str]] = {}
    for who, names in ((ANN, ("a1", "a2", "a3")), (BEN, ("b1", "b2"))):
        held |= {name: [] for name in names}
        board.whose |= dict.fromkeys(names, who.key)
    begun = []
    while (digest := board.next_turn(held)) is not None:
        del held[digest]
        begun.append(digest)
    assert begun == ["a1", "b1", "a2", "b2", "a3"]


def test_who_has_a_worker_waits_for_who_has_none(board: JobBoard) -> None:
    board.slots = 2
    board.whose = {"a1": "ann", "a2": "ann", "b1": "ben"}
    board.futures = {"a1": Future()}
    board.served = {"ben": 5}
    assert board.next_turn({"a2": [], "b1": []}) == "b1"


def test_a_visitor_may_have_so_many_jobs_and_none_is_queued_of_what_is_too_much(
    board: JobBoard, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.JOBS_EACH.name, "3")
    specs = [tiny_run(("place",), seed=seed) for seed in range(3)]  # on one backbone
    visit(ANN)
    with pytest.raises(BadInput, match="asks for 4 jobs; a visitor may have 3 queued and running at once") as caught:
        board.refuse_too_many(specs)
    assert one_sentence(caught.value) and not all_jobs(board.workspace)
    board.refuse_too_many(specs[:1])
    board.submit(specs[0])
    with pytest.raises(BadInput, match="asks for 2 jobs; a visitor may have 3 queued and running at once, and has 2"):
        board.refuse_too_many(specs[1:])
    board.submit(specs[1])
    with pytest.raises(BadInput, match="and has 3"):
        board.submit(specs[2])
    visit(BEN)
    board.submit(specs[2])
    visit(AT_THE_MACHINE)
    board.refuse_too_many([tiny_run(("size",), seed=seed) for seed in range(9)])
    assert len(all_jobs(board.workspace)) == 4


def test_what_was_cancelled_before_its_turn_makes_room_at_once(board: JobBoard, visit: Any) -> None:
    visit(ANN)
    digest = board.submit(tiny_backbone())
    board.cancel(digest)
    held = {digest: []}
    board.let_go(held)
    job = board.job(digest)
    assert not held and board.has(ANN) == 0 and job is not None and job.state == "cancelled"


def test_only_who_asked_for_a_job_or_an_editor_ends_it(board: JobBoard, visit: Any) -> None:
    visit(ANN)
    digest = board.submit(tiny_backbone())
    visit(BEN)
    with pytest.raises(BadInput, match="asked for by somebody else"):
        board.cancel(digest)
    assert board.submit(tiny_backbone()) == digest, "he asks for it as well"
    assert board.job(digest).asked_by == {"ann": "Ann", "ben": "Ben"}  # type: ignore[union-attr]
    board.cancel(digest)
    assert board.job(digest).asked_by == {"ann": "Ann"} and board.job(digest).active, "she still waits for it"  # type: ignore[union-attr]
    visit(CHIEF)
    board.cancel(digest)
    assert board.job(digest).state == "cancelled"  # type: ignore[union-attr]


def test_jobs_of_a_machine_that_has_another_name_now_are_interrupted_and_can_be_asked_for_again(
    board: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a container that is made anew gets a new name, often with the same process number."""
    digest = board.submit(tiny_backbone())
    monkeypatch.setattr("platform.node", lambda: "another name")
    assert board.job(digest).state == "queued", "its server may be another machine's"  # type: ignore[union-attr]
    (board.workspace.jobs / BOARDS / f"{board.name}.json").write_text(json.dumps({"updated": time.time() - 3600}))
    assert board.job(digest).state == "interrupted"  # type: ignore[union-attr]
    again = JobBoard(board.workspace)
    assert again.submit(tiny_backbone()) == digest and again.job(digest).state == "queued"  # type: ignore[union-attr]
    again.close()
    assert again.job(digest).state == "interrupted", "a board that is closed hands nothing over"  # type: ignore[union-attr]


def test_a_run_whose_worker_was_lost_waits_for_another_as_long_as_its_board_is_there(board: JobBoard) -> None:
    digest = board.submit(tiny_backbone())
    folder = JobFolder(board.workspace, digest)
    for attempt, state in ((1, "queued"), (RETRIES, "queued"), (RETRIES + 1, "interrupted")):
        write_json(folder.path / "progress.json", {"state": "running", "attempt": attempt, **dead_process()})
        assert folder.read().state == state  # type: ignore[union-attr]
