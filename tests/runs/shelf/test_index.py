"""The index of runs: it saves reading them again, and whatever becomes of it, the list is what lies there."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from metadash.checksums import sealed
from metadash.runs.shelf import index, listing
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace, write_json
from tests.builders import tiny_run

SPECS = [tiny_run(), tiny_run(("place",)), tiny_run(("place",), seed=1), tiny_run(("size",))]


@pytest.fixture
def shelf(tiny_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A few learners and their backbone, written long ago, and no index yet."""
    workspace = Workspace(tmp_path / "own")
    for spec in (SPECS[0].backbone, *SPECS):
        run = train(spec, tiny_workspace)
        shutil.copytree(run.folder, workspace.runs / run.digest)
    monkeypatch.setattr(listing, "SETTLED", -1)
    return workspace


def anew(workspace: Workspace) -> list[str]:
    """The digests that another process, which remembers nothing itself, would list."""
    listing.KNOWN.clear()
    return [run.digest for run in RunStore(workspace).runs()]


def lookless(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are looked at from now on."""
    looked: list[str] = []
    look = listing.look
    monkeypatch.setattr(listing, "look", lambda folder: looked.append(folder.name) or look(folder))
    return looked


def by_hand(workspace: Workspace) -> list[str]:
    """What the records themselves say, newest first."""
    store = RunStore(workspace)
    found = [run for name in store.names() if (run := store.get(name)) and run.is_understood]
    return [run.digest for run in sorted(found, key=lambda run: run.about["created"], reverse=True)]


def test_another_process_reads_no_record_again_and_sees_the_same(shelf: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = anew(shelf)
    looked = lookless(monkeypatch)
    assert anew(shelf) == first == by_hand(shelf) and len(first) == 5 and not looked
    listing.KNOWN.clear()
    for run in RunStore(shelf).runs():
        read = RunStore(shelf).get(run.digest)
        assert (
            read is not None and run == read and run.spec == read.spec and run.title == read.title and run.family == read.family
        )


def test_what_came_went_or_changed_is_looked_at_and_nothing_else(shelf: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = anew(shelf)
    shutil.copytree(shelf.runs / first[0], shelf.root / "kept")
    shutil.rmtree(shelf.runs / first[0])
    (shelf.runs / first[1] / "run.json").write_text("[1]")
    looked = lookless(monkeypatch)
    assert anew(shelf) == first[2:] and looked == [first[1]]
    (shelf.root / "kept").rename(shelf.runs / first[0])
    assert first[0] in anew(shelf) and sorted(looked) == sorted(first[:2])


DAMAGE: dict[str, Any] = {
    "lost": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "no database": lambda file: file.write_bytes(b"not a database, but long enough to look like one" * 99),
    "half of it": lambda file: os.truncate(file, file.stat().st_size // 2),
    "zeros in the middle": lambda file: scribble(file),
    "another format": lambda file: run_sql(file, "PRAGMA user_version = 99"),
    "another table": lambda file: run_sql(file, "DROP TABLE runs; CREATE TABLE runs (a)"),
    "a row with other values": lambda file: run_sql(file, "UPDATE runs SET title = 'mine', created = 'x'"),
    "rows of another type": lambda file: run_sql(file, "UPDATE runs SET record = 5"),
}


def scribble(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 3)
        content.write(bytes(4096))


def run_sql(file: Path, sql: str) -> None:
    connection = sqlite3.connect(file)
    connection.executescript(sql)
    connection.close()


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_lost_or_damaged_index_changes_nothing_and_is_made_anew(
    damage: Any, shelf: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, titles = anew(shelf), {run.title for run in RunStore(shelf).runs()}
    damage(shelf.root / index.FILE)
    assert anew(shelf) == first and {run.title for run in RunStore(shelf).runs()} == titles
    looked = lookless(monkeypatch)
    assert anew(shelf) == first and not looked


def test_where_no_index_can_be_written_the_list_is_worked_out_in_memory(
    shelf: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shelf.root / index.FILE).mkdir()
    first = anew(shelf)
    looked = lookless(monkeypatch)
    assert first == by_hand(shelf) == [run.digest for run in RunStore(shelf).runs()] and not looked


WRITER = """
import sys, time
from metadash.runs.shelf import listing
from metadash.runs.store import RunStore
from metadash.workspace import Workspace
listing.SETTLED = -1
for _ in range(20):
    listing.KNOWN.clear()
    for run in RunStore(Workspace(sys.argv[1])).runs()[::2]:
        (run.folder / "run.json").touch()
"""

KILLED = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE runs SET title = 'of the killed one', record = zeroblob(100000)")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_two_processes_may_write_it_at_once(shelf: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = by_hand(shelf)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(shelf.root)]) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        assert anew(shelf) == first
        time.sleep(0.05)
    assert [writer.returncode for writer in writers] == [0, 0]
    anew(shelf)
    looked = lookless(monkeypatch)
    assert anew(shelf) == first and not looked


def test_a_writer_that_is_killed_leaves_what_was_there_before(shelf: Workspace) -> None:
    first = anew(shelf)
    done = subprocess.run([sys.executable, "-c", KILLED, str(shelf.root / index.FILE)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert anew(shelf) == first == anew(shelf)
    assert "of the killed one" not in {run.title for run in RunStore(shelf).runs()}


MISSHAPEN = [
    ("created", "x"),
    ("created", True),
    ("created", float("inf")),
    ("created", 1e300),
    ("created", -5.0),
    ("seconds", None),
    ("summary", [1]),
    ("spec", "x"),
    ("kind", 3),
    ("cost", []),
    ("files", {"scores.parquet": 1}),
    ("environment", [[]]),
]


@pytest.mark.parametrize(("part", "value"), MISSHAPEN)
def test_a_record_that_no_run_has_is_named_and_skipped_although_it_is_sealed(part: str, value: Any, shelf: Workspace) -> None:
    first = anew(shelf)
    about = {key: one for key, one in RunStore(shelf).runs()[0].about.items() if key != "checksum"}
    write_json(shelf.runs / first[0] / "run.json", sealed({**about, part: value}))
    assert anew(shelf) == first[1:]
    assert f"“{part}”" in RunStore(shelf).damaged()[first[0]]


@pytest.mark.parametrize("content", ["[1]", "null", "3", "{}", "[" * 100_000, '{"created": NaN}'])
def test_what_is_no_record_at_all_is_named_and_skipped(content: str, shelf: Workspace) -> None:
    first = anew(shelf)
    (shelf.runs / first[0] / "run.json").write_text(content)
    assert anew(shelf) == first[1:] and first[0] in RunStore(shelf).damaged()


def test_a_young_run_is_not_noted_before_its_times_can_tell_a_change(shelf: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SETTLED", 3600 * 10**9)
    assert len(anew(shelf)) == 5 and not index.remembered(shelf.root)
