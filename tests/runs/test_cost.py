"""What a run costs is measured, not guessed: memory follows what is allocated, also the second time, and scoring is told apart."""

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metadash.runs import cost
from metadash.runs.cost import MIB, Meter
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import tiny_run

ROOT = Path(__file__).resolve().parents[2]


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


def test_the_collector_does_not_walk_through_what_libraries_left_again_and_again() -> None:
    gc.collect()
    gc.freeze()
    few = [[] for _ in range(cost.MANY_OBJECTS // 2)]
    before = gc.get_freeze_count()
    cost.hand_back_freed_memory()
    assert gc.get_freeze_count() == before, "few objects stay within its reach"
    many = [[] for _ in range(cost.MANY_OBJECTS)]
    cost.hand_back_freed_memory()
    assert gc.get_freeze_count() >= before + len(few) + len(many)
    assert len(gc.get_objects()) < cost.MANY_OBJECTS


HEMMED_IN = """
import ctypes
import numpy as np
from metadash.runs.machine import prepare_process
libc = ctypes.CDLL(None)
libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
behind = libc.sbrk(0) + (64 << 20) & -4096
assert libc.mmap(behind, 4096, 0, 0x22 | 0x100000, -1, 0) == behind  # private, anonymous, here and nowhere else
prepare_process()
from tests.runs.test_cost import peak_of
held = np.ones(300 * 2**20 // 8)
del held
print(*[peak_of(mib) for mib in (40, 160, 40)])
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the heap of glibc 2.33 and later is meant"
)
def test_a_heap_that_cannot_be_shortened_is_measured_like_any_other() -> None:
    done = subprocess.run([sys.executable, "-c", HEMMED_IN], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [float(one) for one in done.stdout.split()] == pytest.approx([40, 160, 40], abs=8)


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
