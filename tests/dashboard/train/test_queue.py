"""The lists of *Train*: what of a job is said, which runs can be looked at, and what a log holds."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from metadash.dashboard.train import queue
from metadash.dashboard.train.queue import choices, elsewhere, measures, newest_trained, when
from metadash.data.dataset import Dataset
from metadash.runs.queue.jobs import Job
from metadash.runs.store import Run
from tests.builders import tiny_backbone, tiny_run

JOB = Job("a" * 12, tiny_run(("place",)), "a job", "done", 1_000_000.0)


def stored(digest: str, spec: Any, created: float, **summary: Any) -> Run:
    from metadash.canonical import plain
    from metadash.runs.kinds import kind_of

    about = {"created": created, "kind": kind_of(spec), "spec": plain(spec), "summary": summary}
    return Run(Path(digest), about)


def test_a_job_says_when_it_was_asked_for_and_what_it_took_where_that_is_known() -> None:
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(1_000_000.0))
    assert when(replace(JOB, elapsed=43.0)) == f"{at} · took 45 s" and when(JOB) == ""


def test_a_run_of_another_data_set_names_it_unless_its_title_does(tiny: Dataset) -> None:
    assert elsewhere(JOB.spec, tiny) == ""
    other: Any = SimpleNamespace(name="photos")
    assert elsewhere(JOB.spec, other) == ", on tiny" and elsewhere(tiny_backbone(), other) == ""


def test_what_can_be_looked_at_is_of_this_data_set_first_and_the_newest_of_each_first(tiny: Dataset) -> None:
    jobs = [replace(JOB, digest="j" * 12, submitted=5.0), replace(JOB, digest="k" * 12, submitted=7.0)]
    runs = [
        stored("j" * 12, JOB.spec, 99.0),
        stored("r" * 12, tiny_run(seed=1), 6.0),
        stored("s" * 12, replace(tiny_run(seed=2), dataset="photos", backbone=tiny_backbone(dataset="photos")), 100.0),
    ]
    found = choices(jobs, runs, tiny)
    assert [digest[0] for digest in found] == ["k", "r", "j", "s"], "a job's run stands where the job does"
    assert [look.here for look in found.values()] == [True, True, True, False]
    assert found["k" * 12].label == "a job · kkkkkk" and ", on photos · ssssss" in found["s" * 12].label
    many = choices([replace(JOB, digest=f"{n:012}", submitted=float(n)) for n in range(250)], [], tiny)
    assert len(many) == 200 and next(iter(many)) == f"{249:012}"


def test_measures_are_named_and_what_is_no_number_is_left_out() -> None:
    row = {"step": 3, "phase": "training", "seconds": 1.23456, "loss": float("nan"), "validation_accuracy": 41.0}
    assert measures(row) == ["seconds 1.235", "validation accuracy 41"]


def test_the_newest_that_has_a_curve_opens_first(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"plain": stored("plain", tiny_run(), 1.0), "trained": stored("trained", tiny_run(), 1.0, best_step=3)}
    monkeypatch.setattr(queue.server, "store", lambda: SimpleNamespace(get=known.get))
    monkeypatch.setattr(queue, "history_of", lambda digest: [{"step": 1}] if digest == "begun" else [])
    assert newest_trained(["plain", "waiting", "trained", "begun"]) == "trained"
    assert newest_trained(["plain", "waiting", "begun"]) == "begun"
    assert newest_trained(["waiting", "plain"]) == "waiting" and newest_trained([]) == ""
