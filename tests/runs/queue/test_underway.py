"""What the records of jobs make of a piece of work: the same for every page, and after a reload."""

import json
import time
from dataclasses import astuple, replace
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder, active_jobs, whereabouts
from metadash.runs.queue.outlook import Outlook
from metadash.runs.queue.trail import Trail
from metadash.runs.queue.underway import ONE_PIECE, Part, alone, outlook_of, parts_of
from metadash.runs.queue.worker import Reporter
from metadash.runs.train import WAIT_PHASE, train
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace, write_json
from tests.builders import tiny_backbone, tiny_run
from tests.runs.queue.job_makers import dead_process, record

SPECS = [tiny_run(("place",), seed=seed) for seed in (0, 1, 2)]


def queue(workspace: Workspace, spec: Spec, work: float = 10.0, start: float = 0.0, **progress: Any) -> JobFolder:
    folder = JobFolder(workspace, run_digest(spec, Dataset.open(workspace, "tiny")))
    folder.create(spec, title_of(spec), work=work, known=True, start=start)
    if progress:
        folder.write_progress(started=time.time(), **progress)
    return folder


def seen(parts: list[Part], workspace: Workspace, ready: bool = True, usual_start: float = 0.0) -> Outlook:
    return outlook_of(parts, workspace, 2, ready, usual_start)


def under_way(workspace: Workspace, tiny: Dataset, *progress: dict[str, Any]) -> list[Part]:
    """The backbone and the heads on it, of 20 and 10 reference seconds, each as far as it is said."""
    for spec, work, values in zip([SPECS[0].backbone, *SPECS], (20.0, 10.0, 10.0, 10.0), progress, strict=True):
        queue(workspace, spec, work, **values)
    return parts_of(SPECS, tiny, workspace)


def test_a_backbone_that_several_runs_share_counts_once(own_workspace: Workspace, tiny: Dataset) -> None:
    parts = under_way(own_workspace, tiny, {"state": "running", "fraction": 0.5}, {}, {}, {})
    assert [part.spec for part in parts] == [SPECS[0].backbone, *SPECS]
    assert seen(parts, own_workspace).fraction == pytest.approx(10 / 50)


def test_a_run_keeps_its_share_of_the_bar_when_it_is_done_and_others_were_learned_from(
    own_workspace: Workspace, tiny: Dataset
) -> None:
    train(SPECS[0], own_workspace)
    parts = under_way(own_workspace, tiny, {"state": "done"}, {"state": "done"}, {"state": "running", "fraction": 0.5}, {})
    assert [part.done for part in parts] == [True, True, False, False]
    assert seen(parts, own_workspace).fraction == pytest.approx((20 + 10 + 5) / 50)


def test_what_failed_keeps_its_place_and_nothing_more_is_expected_of_it(own_workspace: Workspace, tiny: Dataset) -> None:
    train(SPECS[0].backbone, own_workspace)
    running, failed = {"state": "running", "fraction": 0.5}, {"state": "failed", "fraction": 0.4, "message": "Why."}
    parts = under_way(own_workspace, tiny, {"state": "done"}, running, failed, failed)
    found = seen(parts, own_workspace)
    assert found.fraction == pytest.approx((20 + 5 + 4 + 4) / 50) and found.high < 10


def test_before_the_click_what_ended_badly_is_to_be_computed_like_the_rest(own_workspace: Workspace, tiny: Dataset) -> None:
    train(SPECS[0].backbone, own_workspace)
    fresh = seen(parts_of(SPECS, tiny, own_workspace), own_workspace)
    cancelled = {"state": "cancelled", "fraction": 0.4, "message": "Cancelled."}
    for spec in SPECS:
        record(own_workspace, spec, **cancelled, **whereabouts())
    again = seen(parts_of(SPECS, tiny, own_workspace), own_workspace)
    assert again.middle == pytest.approx(fresh.middle) and 0 < again.fraction < 1, "the backbone is stored"


def test_an_interrupted_job_is_not_under_way(own_workspace: Workspace, tiny: Dataset) -> None:
    folder = queue(own_workspace, SPECS[0].backbone, 20.0)
    write_json(folder.path / "progress.json", {"state": "running", "fraction": 0.6, "started": 0.0, **dead_process()})
    assert active_jobs(own_workspace) == []
    assert seen(parts_of([SPECS[0].backbone], tiny, own_workspace), own_workspace).fraction == 0


def test_the_start_of_the_workers_belongs_to_work_that_waited_for_it(own_workspace: Workspace, tiny: Dataset) -> None:
    spec = SPECS[0].backbone
    folder = queue(own_workspace, spec, 24.0, start=6.0)
    before = seen(parts_of([spec], tiny, own_workspace), own_workspace, ready=False)
    assert before.fraction == 0
    assert seen(parts_of([spec], tiny, own_workspace), own_workspace, ready=True).fraction == pytest.approx(6 / 30)
    folder.write_progress(state="running", started=time.time(), fraction=0.5)
    parts = parts_of([spec], tiny, own_workspace)
    assert seen(parts, own_workspace, ready=False).fraction == pytest.approx(18 / 30), "another server's worker has taken it"


def test_a_start_of_long_ago_says_nothing_of_what_is_queued_now(own_workspace: Workspace, tiny: Dataset) -> None:
    train(SPECS[0].backbone, own_workspace)
    old = queue(own_workspace, SPECS[0].backbone, 20.0, start=6.0, state="done")
    about = json.loads((old.path / "job.json").read_text())
    write_json(old.path / "job.json", {**about, "submitted": about["submitted"] - 2 * ONE_PIECE})
    queue(own_workspace, SPECS[0], 10.0, start=6.0)
    parts = parts_of(SPECS[:1], tiny, own_workspace)
    assert seen(parts, own_workspace, ready=False).fraction == pytest.approx(20 / 36)


def test_jobs_of_another_page_that_were_there_first_have_their_turn_first(own_workspace: Workspace, tiny: Dataset) -> None:
    spec, others = tiny_backbone(), [tiny_backbone(seed=seed) for seed in (1, 2)]
    for other in others:
        queue(own_workspace, other, 60.0)
        time.sleep(0.01)
    queue(own_workspace, spec, 10.0)
    parts = parts_of([spec], tiny, own_workspace)
    found = seen(parts, own_workspace)
    assert found.fraction == 0 and found.low > 40
    queue(own_workspace, tiny_backbone(seed=3), 600.0)
    assert seen(parts, own_workspace).high == pytest.approx(found.high), "what came later waits"


def test_every_job_is_queued_with_its_size(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobBoard, "start_thread", lambda board: None)
    board = JobBoard(own_workspace)
    job = board.job(board.submit(SPECS[0]))
    assert job is not None and job.work and job.work > 0 and not job.known and job.start == board.usual_start > 0
    write_json(own_workspace.jobs / ".started.json", {"seconds": 2.5})
    assert board.usual_start == 2.5 and [one.state for one in active_jobs(own_workspace)] == ["queued", "queued"]
    assert alone(job).high > 0


def test_a_job_that_was_over_is_looked_at_again_once_it_is_asked_for_again(own_workspace: Workspace) -> None:
    folder = queue(own_workspace, SPECS[0], state="failed", message="Why.")
    assert active_jobs(own_workspace) == active_jobs(own_workspace) == []
    queue(own_workspace, SPECS[0])
    assert [job.digest for job in active_jobs(own_workspace)] == [folder.digest]


def test_a_worker_leaves_a_trail_and_never_takes_back_what_it_told(own_workspace: Workspace, tiny: Dataset) -> None:
    folder = queue(own_workspace, SPECS[0])
    report = Reporter(folder)
    for fraction in (0.2, 0.6, 0.1):
        report.written = 0.0
        report(1, {"phase": "training", "fraction": fraction})
    job = folder.read()
    assert job is not None and job.fraction == 0.6 and len(job.marks) == 1
    report.trail.marks = [replace(mark, at=mark.at - 5) for mark in report.trail.marks]
    report.finish("cancelled", "Cancelled.")
    ended = folder.read()
    assert ended is not None and [mark.fraction for mark in ended.marks] == [0.2, 0.6]
    report.over.clear()
    report(1, {"phase": WAIT_PHASE, "fraction": 0.0})
    report.write("running")
    waiting = folder.read()
    assert waiting is not None and waiting.marks == (), "who waits for another measures nothing of the machine"


def test_a_trail_keeps_a_minute_and_where_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr(time, "time", lambda: clock["now"])
    trail = Trail()
    for second in range(300):
        clock["now"] = 1000.0 + second / 2
        trail.note(max(0, second - 20) / 300)
    first, *rest = trail.marks
    assert first.fraction == pytest.approx(2 / 300, abs=0.01) and rest[0].at > clock["now"] - 65 and len(rest) > 55
    assert all(len(astuple(mark)) == 3 for mark in trail.marks)
