"""Whole things appear in a workspace, or nothing does; and what the disk refuses becomes one sentence."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from metadash.canonical import canonical_json, digest, plain
from metadash.errors import BadInput
from metadash.settings import WORKERS, WORKSPACE, worker_count
from metadash.workspace import Workspace, new_folder, read_json, remove_whole, sweep, write_json, write_text
from tests.builders import one_sentence

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_missing_workspace_is_made_with_its_folders(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "far" / "away")
    assert leftovers(workspace.root) == ["datasets", "episodes", "jobs", "runs"]


def test_the_environment_names_the_workspace_and_an_argument_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKSPACE.name, str(tmp_path / "named"))
    assert Workspace().root == tmp_path / "named"
    assert Workspace(tmp_path / "given").root == tmp_path / "given"


def test_a_file_in_the_place_of_the_workspace_gives_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(BadInput, match="'taken' cannot be written"):
        Workspace(tmp_path / "taken")


def test_a_workspace_without_permission_gives_one_sentence(tmp_path: Path) -> None:
    """In a process without privileges: root may write everywhere."""
    locked = tmp_path / "locked"
    locked.mkdir()
    program = (
        "import os, sys\n"
        "from metadash.errors import BadInput\n"
        "from metadash.workspace import Workspace\n"
        "if os.getuid() == 0: os.seteuid(65534)\n"
        "try: Workspace(sys.argv[1])\n"
        "except BadInput as problem: print(problem)\n"
    )
    locked.chmod(0o555)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):  # pytest's own folders are closed to others
        folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", program, str(locked)], capture_output=True, text=True, timeout=60, check=False)
    assert one_sentence(done.stdout.strip()) == (
        "The workspace 'locked' cannot be written (permission denied); name another folder with --workspace or METADASH_WORKSPACE."
    ), done.stderr


def test_a_full_disk_under_the_workspace_gives_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise FULL

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(BadInput, match="the disk is full") as caught:
        Workspace(tmp_path)
    one_sentence(caught.value)


def test_a_folder_appears_whole_when_its_block_ends(tmp_path: Path) -> None:
    with new_folder(tmp_path / "made") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "made").exists()
    assert leftovers(tmp_path) == ["made"]
    assert (tmp_path / "made" / "a").read_text() == "1"


@pytest.mark.parametrize(
    "defect", [KeyError("defect"), KeyboardInterrupt(), BadInput("no")], ids=["defect", "interrupt", "bad input"]
)
def test_a_block_that_fails_leaves_nothing_and_raises_what_it_raised(tmp_path: Path, defect: BaseException) -> None:
    with pytest.raises(type(defect)), new_folder(tmp_path / "made") as folder:
        (folder / "a").write_text("1")
        raise defect
    assert leftovers(tmp_path) == []


def test_who_comes_second_leaves_the_first_one_s_folder_in_place(tmp_path: Path) -> None:
    with new_folder(tmp_path / "made") as first:
        (first / "who").write_text("first")
        with new_folder(tmp_path / "made") as second:
            (second / "who").write_text("second")
    assert (tmp_path / "made" / "who").read_text() == "second"  # it was there first
    assert leftovers(tmp_path) == ["made"]


@pytest.mark.parametrize(
    "refused",
    [
        FULL,
        OSError("3000000 requested and 1048448 written"),  # NumPy's words, without an errno
        RuntimeError(f"Error while serializing: I/O error: {os.strerror(errno.ENOSPC)} (os error 28)"),  # safetensors'
    ],
    ids=["system", "numpy", "library"],
)
def test_a_full_disk_in_a_block_is_bad_input_and_leaves_nothing(tmp_path: Path, refused: Exception) -> None:
    with pytest.raises(BadInput, match="'made' could not be written: the disk is full") as caught, new_folder(tmp_path / "made"):
        raise refused
    one_sentence(caught.value)
    assert leftovers(tmp_path) == []


def test_a_really_full_disk_is_said_to_be_full(full_disk: Path) -> None:
    with pytest.raises(BadInput, match="the disk is full"), new_folder(full_disk / "made") as folder:
        np.save(folder / "large.npy", np.zeros(10**6, dtype=np.uint8))
    assert leftovers(full_disk) == []


def test_a_text_is_replaced_in_one_step(tmp_path: Path) -> None:
    """A reader that looks again and again sees one whole text or the other."""
    path = tmp_path / "text.json"
    write_json(path, ["x" * 50_000])
    seen: set[int | None] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            found = read_json(path)
            seen.add(None if found is None else len(found[0]))

    reader = threading.Thread(target=look)
    reader.start()
    for size in (70_000, 50_000) * 100:
        write_json(path, ["x" * size])
    over.set()
    reader.join()
    assert seen <= {50_000, 70_000}
    assert leftovers(tmp_path) == ["text.json"]


def test_a_text_that_cannot_be_written_leaves_the_old_one(full_disk: Path) -> None:
    write_text(full_disk / "note", "old")
    with pytest.raises(BadInput, match="'note' could not be written: the disk is full"):
        write_text(full_disk / "note", "x" * 10**6)
    assert (full_disk / "note").read_text() == "old"
    assert leftovers(full_disk) == ["note"]


@pytest.mark.parametrize("content", [b'{"half": ', b"\xff\xfe", b""], ids=["half", "binary", "empty"])
def test_json_that_is_none_reads_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None
    assert read_json(tmp_path / "missing.json") is None


def test_equal_meanings_have_one_canonical_spelling() -> None:
    assert canonical_json({"b": (1, 2), "a": "ä"}) == '{"a":"ä","b":[1,2]}'
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) == digest({"b": 2, "a": 1})
    assert digest("a", "b") != digest("ab")
    assert digest("x") == "cd65ea2c2ad99e94a85b"


@pytest.mark.parametrize("value", [{1, 2}, np.zeros(2), np.int64(3)], ids=["set", "array", "numpy number"])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical spelling"):
        plain(value)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"NaN|nan|compliant"):
        canonical_json({"x": float("nan")})


@pytest.mark.parametrize("text", ["0", "257", "two", "1.5", "-1", "²"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS.name, text)
    with pytest.raises(BadInput, match="whole number from 1 to 256"):
        worker_count()


def test_an_empty_setting_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS.name, "")
    assert worker_count() >= 1
    monkeypatch.setenv(WORKERS.name, "3")
    assert worker_count() == 3


def test_a_folder_that_was_being_removed_when_its_program_was_killed_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    places = [workspace.root / "demo", workspace.datasets / "old"]
    monkeypatch.setattr("metadash.workspace.shutil.rmtree", lambda *_, **__: None)  # killed before that
    for place in places:
        place.mkdir(parents=True)
        remove_whole(place)
        assert not place.exists() and len(list(place.parent.glob(".*.part"))) == 1
    monkeypatch.undo()
    sweep(workspace)
    assert not any(list(place.parent.glob(".*.part")) for place in places)
