"""To write a table costs the memory of a piece of it, not another copy; measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from metadash.data.dataset import Dataset
from metadash.data.writing.rows import ParquetRows
from metadash.workspace import Workspace
from tests.builders import tiny_instances, write_tiny

WRITING = """
import sys
from pathlib import Path
import numpy as np, pandas as pd, pyarrow as pa
from metadash.data.dataset import Description, write_dataset
from metadash.data.splits import table_of
from metadash.workspace import Workspace

def memory(name):
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)) / 1024

folder, n = Path(sys.argv[1]), 1_000_000
instances = pd.DataFrame({"instance_id": np.arange(n), "class_id": np.arange(n) % 10, **{f"x{i}": np.arange(n) * 1.0 for i in range(12)}})
classes = pd.DataFrame({"class_id": range(10), "class_name": [f"class {c}" for c in range(10)]})
about = Description("many", "Many", "vector", "", "", "class", "class", None, None, (), default_split="all")
inputs = np.zeros((n, 1), np.float32)
splits = table_of({"all": np.array(["train", "validation", "test", "test", "test", *["train"] * 5])})
pa.default_memory_pool().release_unused()
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS:")
write_dataset(Workspace(folder / "workspace"), about, classes, instances, inputs, splits)
print(memory("VmHWM:") - before)
"""
"""Prints by how many MiB the process grew at most; the table itself has 107."""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells how much memory a process took at most")
def test_a_million_rows_are_written_without_a_second_copy_of_them(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WRITING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 170, done.stdout


def test_a_table_in_a_file_is_the_data_set_that_it_is_in_memory(tmp_path: Path, tiny: Dataset) -> None:
    frame = tiny_instances().drop(columns="blank")
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    held = write_tiny(Workspace(tmp_path / "a"), instances=frame)
    read = write_tiny(Workspace(tmp_path / "b"), instances=ParquetRows(tmp_path / "rows.parquet"))
    assert read.fingerprint == held.fingerprint and read.instances.equals(held.instances)
