"""What a person reads while waiting: the sidebar and the card say the same, and a number never stands where nothing is known."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from metadash.dashboard.parts.jobs import STARTING, as_read, badge_words, doing
from metadash.runs.estimate import Size
from metadash.runs.queue.jobs import Job
from metadash.runs.queue.outlook import Outlook
from metadash.runs.queue.underway import Part
from metadash.runs.store import Run
from tests.builders import tiny_backbone

QUEUED = Job("a" * 12, tiny_backbone(), "a job", "queued", time.time())
RUNNING = replace(QUEUED, state="running")


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


@pytest.mark.parametrize(
    ("jobs", "ready", "words"),
    [
        ([QUEUED] * 8, False, f"{STARTING}, 8 queued"),
        ([RUNNING] * 2 + [QUEUED] * 6, True, "2 running, 6 queued"),
        ([RUNNING], False, "1 running"),
        ([QUEUED], True, "1 queued"),
    ],
)
def test_running_is_what_a_worker_has_taken(jobs: list[Job], ready: bool, words: str) -> None:
    assert badge_words(jobs, ready) == words


@pytest.mark.parametrize(
    ("job", "ready", "others", "words"),
    [
        (QUEUED, False, [], "Starting the workers · 0 of 1 run done"),
        (QUEUED, True, [], "Handing over · 0 of 1 run done"),
        (QUEUED, True, [RUNNING], "Waiting for a free worker · 0 of 1 run done"),
        (replace(RUNNING, phase="training"), True, [], "Training · 0 of 1 run done"),
        (None, True, [], "0 of 1 run done"),
    ],
)
def test_what_is_going_on_is_said(job: Job | None, ready: bool, others: list[Job], words: str) -> None:
    assert doing([Part(QUEUED.spec, QUEUED.digest, None, job, Size(1.0, False))], ready, others) == words


def test_runs_that_were_stored_before_the_button_was_pressed_are_not_counted_as_its_own() -> None:
    def stored(created: float) -> Part:
        run = Run(Path("b" * 12), {"created": created})
        return Part(QUEUED.spec, run.digest, run, None, Size(1.0, False))

    waiting = Part(QUEUED.spec, QUEUED.digest, None, QUEUED, Size(1.0, False))
    assert doing([stored(QUEUED.submitted - 60), waiting], True, []).endswith("0 of 1 run done")
    assert doing([stored(QUEUED.submitted + 2), waiting], True, []).endswith("1 of 2 runs done")


def test_a_range_stands_until_it_has_been_left() -> None:
    assert as_read(Outlook(0.1, 60, 120), "a") == ("1 to 2 min left", 0)
    assert as_read(Outlook(0.2, 50, 100), "a") == ("1 to 2 min left", 0)
    assert as_read(Outlook(0.2, 50, 98), "b") == ("50 to 90 s left", 0), "elsewhere nothing stood there yet"
    assert as_read(Outlook(0.5, 31, 39), "a") == ("30 to 40 s left", 0)


def test_silence_is_said_in_place_of_a_number_and_a_busy_machine_beside_it() -> None:
    assert as_read(Outlook(0.1, 60, 120, slower=3.2, silent=40), "a") == ("waiting for the machine, nothing new for 40 s", 3)
    assert as_read(Outlook(0.2, 60, 120, slower=2.6), "a") == ("1 to 2 min left", 3), "about three still says it"
