"""What a computing process is prepared with."""

import subprocess
import sys
from pathlib import Path

import pytest

THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")

PROGRAM = """
from metadash.runs.machine import prepare_process
prepare_process()
import threading, torch
assert torch.get_num_threads() == 1
before = int(next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Rss")).split()[1])
kept = []
worker = threading.Thread(target=lambda: kept.append(torch.ones(16 << 20)))
worker.start(); worker.join()
fields = {line.split()[0]: int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.split()[-1] == "kB"}
print(before, fields["Rss:"], fields["AnonHugePages:"])
"""


@pytest.mark.skipif(not THP.exists() or "[never]" in THP.read_text(), reason="this system has no transparent huge pages")
def test_large_tensors_lie_on_huge_pages_and_the_reserve_takes_no_memory() -> None:
    """64 MiB from a thread other than the first, as a job's."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=True)
    before, after, huge = (int(value) / 1024 for value in done.stdout.split())
    assert before < 500, "the reserve of a gigabyte was touched"
    assert after - before < 80
    assert huge > 48
