"""Nothing is believed of a run that was not computed: whatever flips in a stored file ends as a named damage or as the same answer."""

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metadash.data import library
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs import record
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, rewrite
from tests.runs.damaging import LEARNER, flip, flip_in, reading, stored, told

FLIPS = 240


def files_of(workspace: Workspace) -> list[Path]:
    places = (workspace.datasets, workspace.episodes, workspace.runs)
    return sorted(path for place in places for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))


def flips(workspace: Workspace, seed: int, count: int) -> Iterator[tuple[Path, int, int]]:
    """Each file as often as another, since small ones matter as much; anywhere in it."""
    generator = np.random.default_rng(seed)
    files = files_of(workspace)
    for one in range(count):
        path = files[one % len(files)]
        yield path, int(generator.integers(path.stat().st_size)), int(generator.integers(8))


def test_a_flipped_bit_anywhere_is_named_as_damage_or_changes_nothing(own: Workspace) -> None:
    """240 of them over every file of a learner's run, of heads, of their backbone, their episodes and their data set.

    Before there were checksums, 22 % of such flips gave another answer without a word.
    """
    whole = {path: reading(own, path)() for path in files_of(own)}
    assert {path.suffix for path in whole} == {".json", ".txt", ".parquet", ".npy", ".npz", ".safetensors", ".duckdb"}
    named = same = 0
    for path, place, bit in flips(own, 7, FLIPS):
        before = path.read_bytes()
        flip(path, place, bit)
        try:
            found = reading(own, path)()
        except BadInput as problem:
            found = one_sentence(problem)
            assert "damaged" in found
        if isinstance(found, str):
            named += 1
        else:
            assert found == whole[path], f"another answer, silently: {path.name}, byte {place}, bit {bit}"
            same += 1
        restore(own, path, before)
    assert named + same == FLIPS and named > 0.8 * FLIPS


def restore(workspace: Workspace, path: Path, content: bytes) -> None:
    aside = [*workspace.runs.glob(f".{path.parent.name}.*.damaged")]
    for folder in aside:
        folder.rename(path.parent)
    path.write_bytes(content)


def test_doctor_names_what_is_damaged_in_any_file_and_moves_nothing(
    own: Workspace, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(library.EMBEDDED, "glyphs")

    def deep() -> tuple[int, str]:
        code = cli.main(["doctor", "--deep", "--workspace", str(own.root)])
        return code, capsys.readouterr().out

    code, out = deep()
    assert code == 0 and "BAD" not in out
    listed = files_of(own)
    for path in listed:
        before = path.read_bytes()
        flip_in(path)
        code, out = deep()
        where = path.stem if path.suffix == ".npz" else path.parent.name
        bad = [line for line in out.splitlines() if line.startswith("BAD")]
        assert code == 1 and any(where in line for line in bad), path
        assert len(bad) <= 2, f"one damage, one name (and the line of all runs): {bad}"
        path.write_bytes(before)
    assert [path for path in files_of(own) if path in listed] == listed
    (own.jobs / "abc").mkdir()
    (own.jobs / "abc" / "job.json").write_text("{")
    code, out = deep()
    assert code == 1 and "BAD  jobs: 1 recorded, damaged: abc" in out


# --- runs --------------------------------------------------------------------------------------------------------------------


def test_a_damaged_run_is_moved_aside_named_and_computed_anew(own: Workspace) -> None:
    whole = stored(own, LEARNER)
    before = told(whole.scores())
    flip_in(whole.folder / "scores.parquet")
    with pytest.raises(BadInput, match=r"scores\.parquet is not as it was written") as caught:
        stored(own, LEARNER).scores()
    one_sentence(caught.value)
    store = RunStore(own)
    assert store.find(LEARNER, open_dataset(own, "tiny")) is None
    assert store.damaged() == {whole.digest: "it was damaged, and moved aside"}
    assert whole.digest not in [run.digest for run in store.runs()]
    again = train(LEARNER, own)
    assert told(again.scores()) == before and again.digest == whole.digest
    assert store.damaged() == {}


def test_a_reader_of_a_run_that_was_computed_anew_meanwhile_is_answered(own: Workspace) -> None:
    """A page keeps runs in memory; the new one's log and times are others, and must not look like damage."""
    old = stored(own, LEARNER)
    shutil.rmtree(old.folder)
    new = train(LEARNER, own)
    assert old.about["files"] != new.about["files"]
    assert old.log() == new.log() and told(old.scores()) == told(new.scores())
    assert stored(own, LEARNER).digest == old.digest


def test_a_damaged_run_that_cannot_be_moved_is_ignored_and_named(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be written."""
    run, store = stored(own, LEARNER), RunStore(own)
    flip_in(run.folder / "scores.parquet")

    def refuse(folder: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(record, "set_aside", refuse)
    with pytest.raises(BadInput, match="is damaged"):
        run.scores()
    assert store.get(run.digest) is None and store.damaged() == {run.digest: record.UNMOVED}
    monkeypatch.undo()
    train(LEARNER, own)
    assert store.get(run.digest) is not None, "what was computed anew in its place is believed"


def test_a_file_that_cannot_be_read_just_now_is_no_damage(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stored(own, LEARNER)

    def fail(path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("metadash.checksums.sha256_of", fail)
    with pytest.raises(BadInput, match="cannot be read") as caught:
        run.scores()
    assert "damaged" not in one_sentence(caught.value)
    monkeypatch.undo()
    assert run.folder.is_dir() and len(run.scores())


def test_a_part_that_a_run_never_had_is_no_damage(own: Workspace) -> None:
    run = stored(own, LEARNER)
    with pytest.raises(BadInput, match=r"has no queries\.parquet"):
        run.frame("queries")
    assert stored(own, LEARNER).digest == run.digest


def test_a_record_that_somebody_edited_is_not_believed(own: Workspace) -> None:
    run = stored(own, LEARNER)
    edit(run, lambda about: about["summary"].update(kappa=99))
    assert RunStore(own).get(run.digest) is None
    assert RunStore(own).damaged() == {run.digest: record.CHANGED}
    assert train(LEARNER, own).summary["kappa"] == run.summary["kappa"]


def test_a_record_laid_out_otherwise_is_the_same_record(own: Workspace) -> None:
    run = stored(own, LEARNER)
    (run.folder / "run.json").write_text(json.dumps(dict(reversed(run.about.items())), indent=4))
    assert stored(own, LEARNER).about == run.about


def test_a_run_under_another_name_than_its_spec_gives_is_not_believed(own: Workspace) -> None:
    run, store = stored(own, LEARNER), RunStore(own)
    other = store.folder / ("0" * 20)
    shutil.copytree(run.folder, other)
    assert store.get(other.name) is None and store.damaged() == {other.name: record.MISNAMED}
    assert store.get(run.digest) is not None


def edit(run: Run, change: Callable[[dict[str, Any]], Any]) -> None:
    about = json.loads((run.folder / "run.json").read_text())
    change(about)
    (run.folder / "run.json").write_text(json.dumps(about))


def test_runs_of_older_code_stay_runs_under_the_digest_of_then(own: Workspace) -> None:
    run, store = stored(own, LEARNER), RunStore(own)
    older = rewrite(store, run, code="another code")
    assert older.digest != run.digest and len(older.scores()) and older in store.runs()
    flip_in(older.folder / "scores.parquet")
    with pytest.raises(BadInput, match="is damaged"):
        older.scores()


def test_a_run_of_a_version_without_checksums_is_left_out_and_said_to_be_that(
    own: Workspace, capsys: pytest.CaptureFixture
) -> None:
    run, store = stored(own, LEARNER), RunStore(own)

    def age(about: dict[str, Any]) -> None:
        del about["files"], about["checksum"]
        about["code"] = "0123456789ab"

    edit(run, age)
    assert store.get(run.digest) is None and store.damaged() == {run.digest: record.UNSEALED}
    assert cli.main(["doctor", "--workspace", str(own.root)]) == 0, "it is old, not damaged"
    assert f"older versions of MetaDash kept no checksums: {run.digest}" in capsys.readouterr().out
    edit(run, lambda about: about.update(code=stored(own, LEARNER.backbone).about["code"]))
    assert store.damaged() == {run.digest: record.CHANGED}, "this version does keep them"


def test_the_job_of_a_run_that_was_left_out_can_be_started_again(own: Workspace) -> None:
    run = stored(own, LEARNER)
    job = JobFolder(own, run.digest)
    job.create(LEARNER, "a learner")
    job.write_progress(state="done", fraction=1.0)
    assert (found := job.read()) is not None and found.state == "done"
    flip_in(run.folder / "run.json", 0.9)
    assert (found := job.read()) is not None and found.state == "interrupted"
    assert "damaged and left out" in one_sentence(found.message)


def test_a_view_of_a_run_trains_its_damaged_backbone_anew(own: Workspace) -> None:
    backbone = stored(own, LEARNER.backbone)
    flip_in(backbone.folder / "embeddings.npy")
    view = MapSpec(LEARNER, background=60, perplexity=5)
    with pytest.raises(BadInput, match=r"embeddings\.npy is not as it was written"):
        train(view, own)
    assert len(train(view, own).frame("points"))


def test_a_look_at_a_run_costs_a_look_at_its_record_s_times(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages ask for every run at every rerun."""
    run, store = stored(own, LEARNER), RunStore(own)
    monkeypatch.setattr("metadash.checksums.SETTLED", -1)  # the files are young, which a clock with wide steps would not tell
    store.get(run.digest)
    run.scores()
    reads: list[Path] = []
    monkeypatch.setattr(record.RECORDS, "read", lambda path: reads.append(path))
    monkeypatch.setattr("metadash.checksums.sha256_of.read", lambda path: reads.append(path))
    assert store.get(run.digest) == run and len(run.scores()) and not reads
    (run.folder / "run.json").touch()
    store.get(run.digest)
    assert reads == [run.folder / "run.json"]
