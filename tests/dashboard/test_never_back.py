"""A bar never runs backwards while one piece of work goes on, and begins anew with the next."""

import pytest
import streamlit as st

from metadash.dashboard.jobs import ONE_PIECE, never_back


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


def test_a_bar_stays_where_it_was_when_the_estimate_wavers_and_when_the_first_job_is_done() -> None:
    assert never_back(0.5, 100.0, "a") == 0.5
    assert never_back(0.3, 100.0, "a") == 0.5
    assert never_back(0.3, 100.4, "a") == 0.5, "the first job is done; those left were queued a moment later"
    assert never_back(0.6, 100.4, "a") == 0.6


def test_another_piece_of_work_and_the_same_one_again_begin_at_their_own() -> None:
    assert never_back(0.5, 100.0, "a") == 0.5
    assert never_back(0.1, 100.0, "b") == 0.1
    assert never_back(0.1, 100.0 + ONE_PIECE + 1, "a") == 0.1
