"""The prepared answers: shipped small, and believed only after everything in them was compared."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from metadash import prepared as shown
from metadash.data.glyphs.install import QUESTIONS
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.sharing import demo
from metadash.prepared import ARCHIVE, RECORD, prepared
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace, read_json, write_json
from tests.builders import copy_workspace, tiny_run

MOST = 9_000_000
ROADS = [("A title", "start", {"q": "name-siblings"})]


@pytest.fixture(scope="module")
def workspace_with_runs(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One learner and its backbone."""
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("demo") / "workspace", "datasets")
    train(tiny_run(), workspace)
    return workspace


@pytest.fixture
def packed(workspace_with_runs: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of the runs on *tiny*, in the place of the one that is shipped; *tiny* is not made anew, so it is put in its place."""
    out = tmp_path / "prepared.tar.xz"
    demo.pack(workspace_with_runs, ROADS, out)
    monkeypatch.setattr(demo, "ARCHIVE", out)
    monkeypatch.setattr(demo, "open_dataset", lambda workspace, name: open_dataset(workspace_with_runs, name))
    monkeypatch.setattr(RunStore, "manifest", lambda self, run: None)
    return out


def test_what_was_packed_is_there_without_what_only_computing_needs(
    packed: Path, workspace_with_runs: Workspace, tmp_path: Path
) -> None:
    root = demo.demo_workspace(tmp_path / "somewhere")
    about = prepared(root)
    assert about is not None and about.roads == tuple(ROADS)
    before, after = RunStore(workspace_with_runs), RunStore(Workspace(root))
    learners = [run.digest for run in before.runs("learner")]
    assert learners and learners == [run.digest for run in after.runs("learner")]
    assert after.get(learners[0]).scores().equals(before.get(learners[0]).scores())
    assert not after.runs("backbone") and not list(root.rglob("*.safetensors"))


def test_it_is_unpacked_once_and_again_when_another_version_comes(
    packed: Path, workspace_with_runs: Workspace, tmp_path: Path
) -> None:
    root = demo.demo_workspace(tmp_path)
    (root / "seen").touch()
    assert demo.demo_workspace(tmp_path) == root and (root / "seen").exists()
    demo.pack(workspace_with_runs, [], packed)
    demo.demo_workspace(tmp_path)
    assert not (root / "seen").exists() and prepared(root).roads == ()


def repacked(packed: Path, room: Path, change) -> None:  # type: ignore[no-untyped-def]
    with tarfile.open(packed) as found:
        found.extractall(room, filter="data")
    change(room)
    with tarfile.open(packed, "w:xz") as out:
        for path in room.iterdir():
            out.add(path, path.name)


def test_an_archive_with_one_byte_changed_is_one_sentence(packed: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(200_000)  # of what can be compressed, all is read before anything is unpacked
    repacked(packed, tmp_path / "room", lambda room: (room / "noise").write_bytes(noise))
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 255
    packed.write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        demo.demo_workspace(tmp_path)
    assert not (tmp_path / demo.FOLDER).exists()


@pytest.mark.parametrize("what", ["scores", "record", "name", "about"])
def test_whatever_was_changed_is_refused_and_nothing_is_left(what: str, packed: Path, tmp_path: Path) -> None:
    def change(room: Path) -> None:
        run = next(path for path in (room / "runs").iterdir() if (path / "scores.parquet").exists())
        if what == "scores":
            (run / "scores.parquet").write_bytes(b"better ones")
        elif what == "record":
            write_json(run / "run.json", {**read_json(run / "run.json"), "seconds": 1})
        elif what == "name":
            run.rename(run.with_name("0" * len(run.name)))
        else:
            write_json(room / RECORD, {**read_json(room / RECORD), "code": "another"})

    repacked(packed, tmp_path / "room", change)
    with pytest.raises(BadInput, match="damaged"):
        demo.demo_workspace(tmp_path / "here")
    assert not (tmp_path / "here" / demo.FOLDER).exists()


def test_a_folder_of_somebody_else_stays(packed: Path, tmp_path: Path) -> None:
    (tmp_path / demo.FOLDER).mkdir()
    (tmp_path / demo.FOLDER / "thesis.txt").touch()
    with pytest.raises(BadInput, match="holds no demo"):
        demo.demo_workspace(tmp_path)
    assert (tmp_path / demo.FOLDER / "thesis.txt").exists()


def test_the_archive_that_is_shipped_is_small_and_answers_questions_of_today() -> None:
    """After a change of what glyphs or its questions are, ``python -m benchmarks.demo`` makes it anew."""
    assert ARCHIVE.stat().st_size < MOST
    with tarfile.open(ARCHIVE) as packed:
        record = packed.extractfile(RECORD)
        assert record is not None
        about = shown.read(json.loads(record.read()))
    known = {question.id for question in QUESTIONS}
    asked = [query["q"] for _, page, query in about.roads if page == "start" and "q" in query]
    assert asked and known >= set(asked)
    assert {page for _, page, _ in about.roads} >= {"start", "ablation", "compare", "adaptation", "what_if", "use"}
