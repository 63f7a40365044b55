"""What a run costs is measured, not guessed: memory follows what is allocated, also the second time, and scoring is told apart."""

import sys

import numpy as np
import pytest

from metadash.training import cost
from metadash.training.cost import MIB, Meter
from metadash.training.run import train
from metadash.training.store import RunStore
from metadash.workspace import Workspace
from tests.builders import tiny_run


def peak_of(mib: int) -> float:
    """Measured while an array of that size lives, and is gone again before the end."""
    with Meter() as meter:
        held = np.ones(mib * MIB // 8)
        del held
        total = sum(range(100_000))
    assert total
    return meter.cost()["peak_mib"]


def test_a_larger_allocation_is_a_larger_peak_and_the_second_time_too() -> None:
    assert peak_of(40) == pytest.approx(40, abs=8)
    assert peak_of(160) == pytest.approx(160, abs=8)
    assert peak_of(40) == pytest.approx(40, abs=8), "what an earlier run left does not hide what this one needs"


def test_where_the_system_keeps_no_peak_it_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "reset_peak", lambda: False)
    monkeypatch.setattr(cost, "SAMPLE_EVERY", 0.002)
    with Meter() as meter:
        held = np.ones(100 * MIB // 8)
        for _ in range(30):
            held += 1
        del held
    found = meter.cost()
    assert found["peak_by"] == "samples" and 80 < found["peak_mib"] < 130


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a high-water mark that can be set back")
def test_linux_keeps_the_peak_itself() -> None:
    mark = cost.high_water_mark()
    assert mark is not None and mark >= cost.resident() - MIB


def test_a_system_without_the_mark_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(cost, "PROC", tmp_path / "nowhere")
    assert cost.high_water_mark() is None and not cost.reset_peak()


def test_processor_seconds_count_work_and_not_waiting() -> None:
    import time

    with Meter() as waiting:
        time.sleep(0.2)
    assert waiting.seconds >= 0.2 and waiting.cost()["cpu_seconds"] < 0.1


def test_every_run_holds_what_it_cost(tiny_workspace: Workspace) -> None:
    run = train(tiny_run(("place",), steps=60), tiny_workspace)
    assert run.cost.keys() == {"cpu_seconds", "peak_mib", "peak_by", "scoring_seconds"}
    assert 0 < run.cost["peak_mib"] < 2000 and run.cost["cpu_seconds"] > 0
    assert 0 <= run.cost["scoring_seconds"] < run.about["seconds"]
    backbone = RunStore(tiny_workspace).get(run.summary["needs"][0])
    assert backbone is not None and backbone.cost["peak_mib"] > 0 and "scoring_seconds" not in backbone.cost


def test_trained_parameters_are_those_that_training_moves(tiny_workspace: Workspace) -> None:
    plain, informed, full = (
        train(spec, tiny_workspace).summary["trained_parameters"]
        for spec in (tiny_run(), tiny_run(("place",)), tiny_run(("place",), mode="full", steps=2))
    )
    assert plain == 0 < informed < full


def test_what_is_not_trained_is_validated_all_the_same(tiny_workspace: Workspace) -> None:
    assert 20 < train(tiny_run(), tiny_workspace).summary["validation_accuracy"] <= 100
