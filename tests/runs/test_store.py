"""The run store: whole runs or none, computed by one process at a time, and damage said in one sentence."""

import errno
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs import train as training
from metadash.runs.kinds import run_digest
from metadash.runs.progress import Stopped
from metadash.runs.record import HALF
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, rewrite, small_disk, tiny_backbone, tiny_evaluation, tiny_run, write_tiny

SPEC = tiny_run(("place",))


@pytest.fixture
def filled(tiny_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own that holds SPEC, finished, and its backbone."""
    digests = [train(spec, tiny_workspace).digest for spec in (SPEC.backbone, SPEC)]
    workspace = copy_workspace(tiny_workspace, tmp_path / "filled", "datasets", "episodes")
    for digest in digests:
        shutil.copytree(tiny_workspace.runs / digest, workspace.runs / digest)
    return workspace


def stored(workspace: Workspace, spec: Any = SPEC) -> Run:
    found = RunStore(workspace).find(spec, Dataset.open(workspace, "tiny"))
    assert found is not None
    return found


def parts(**changes: Any) -> dict[str, Any]:
    """What ``write`` is given beside digest, spec and data."""
    values: dict[str, Any] = {
        "summary": {"accuracy": {}},
        "environment": {},
        "seconds": 1.0,
        "frames": {"scores": pd.DataFrame({"shot": [1], "episode": [0], "correct": [3], "queries": [5]})},
        "arrays": {},
        "weights": {},
        "log": "done\n",
    }
    return {**values, **changes}


# --- whole or not at all -----------------------------------------------------------------------------------------------------


def test_what_was_written_is_found_and_read(tiny: Dataset, tmp_path: Path) -> None:
    store = RunStore(Workspace(tmp_path))
    assert store.find(SPEC, tiny) is None and store.runs() == []
    array = np.arange(6.0).reshape(2, 3)
    digest = run_digest(SPEC, tiny)
    written = store.write(digest, SPEC, tiny, **parts(arrays={"embeddings": array}))
    found = store.find(SPEC, tiny)
    assert found is not None and found.digest == written.digest == digest and found.spec == SPEC
    assert np.array_equal(found.array("embeddings"), array) and found.log() == "done\n"
    assert found.scores().to_dict("list") == {"shot": [1], "episode": [0], "correct": [3], "queries": [5]}


def test_runs_are_listed_newest_first_and_by_kind(filled: Workspace) -> None:
    store = RunStore(filled)
    assert [run.kind for run in store.runs()] == ["learner", "backbone"]
    assert [run.kind for run in store.runs("backbone")] == ["backbone"]


def test_a_run_that_is_there_already_stays_as_it_is(filled: Workspace) -> None:
    before = stored(filled)
    again = RunStore(filled).write(before.digest, SPEC, Dataset.open(filled, "tiny"), **parts())
    assert again.about == before.about


def test_a_finished_run_is_found_even_where_its_backbone_was_thrown_away(filled: Workspace) -> None:
    shutil.rmtree(stored(filled, SPEC.backbone).folder)
    reports: list[Any] = []
    assert train(SPEC, filled, lambda step, metrics: bool(reports.append(metrics))).digest == stored(filled).digest
    assert not reports and not RunStore(filled).runs("backbone")


HALVES: dict[str, Callable[[Path], Any]] = {
    "nothing written": lambda folder: [path.unlink() for path in folder.iterdir()],
    "no run.json": lambda folder: (folder / "run.json").unlink(),
    "half a run.json": lambda folder: (folder / "run.json").write_text('{"kind": "learner", "summ'),
    "no summary": lambda folder: (folder / "run.json").write_text('{"kind": "learner"}'),
    "a summary and no more": lambda folder: (folder / "run.json").write_text('{"summary": {}}'),
    "another kind of JSON": lambda folder: (folder / "run.json").write_text("[1, 2]"),
}


@pytest.mark.parametrize("halve", HALVES.values(), ids=HALVES.keys())
def test_a_half_written_run_is_never_trusted_and_is_moved_aside_when_computed_again(halve: Any, filled: Workspace) -> None:
    whole = stored(filled)
    halve(whole.folder)
    assert RunStore(filled).find(SPEC, Dataset.open(filled, "tiny")) is None
    assert whole.digest not in [run.digest for run in RunStore(filled).runs()]
    again = train(SPEC, filled)
    pd.testing.assert_frame_equal(again.scores(), stored(filled).scores())
    assert again.summary == whole.summary
    aside = [path.name for path in filled.runs.iterdir() if path.name.endswith(".damaged")]
    assert len(aside) == 1 and aside[0].startswith(f".{whole.digest}.")


def test_a_run_killed_while_it_was_written_leaves_no_run(tmp_path: Path) -> None:
    """The part stays under another name and is no run."""
    workspace = Workspace(tmp_path)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from metadash.workspace import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'run.json').write_text('{\"summary\": {}}')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(workspace.runs / "abc")], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert RunStore(workspace).get("abc") is None and RunStore(workspace).runs() == []


def test_a_run_of_another_version_is_passed_over_by_the_list(filled: Workspace) -> None:
    """A spec with fields that this version does not know: its digest is nobody's any more, and it must not break a page."""
    store, run = RunStore(filled), stored(filled)
    shutil.copytree(run.folder, filled.root / "kept")
    other = rewrite(store, run, spec={**run.about["spec"], "an_option_of_the_future": 1})
    shutil.copytree(filled.root / "kept", run.folder)
    assert store.get(other.digest) == other and not other.is_understood
    assert [run.kind for run in RunStore(filled).runs()] == ["learner", "backbone"]
    assert all(run.spec for run in RunStore(filled).runs())


def test_a_stray_file_is_no_run(filled: Workspace) -> None:
    (filled.runs / "notes.txt").write_text("mine")
    assert len(RunStore(filled).runs()) == 2


# --- damage ------------------------------------------------------------------------------------------------------------------


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 4)
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "text": lambda path: path.write_text("no such thing"),
    "overwritten": overwritten,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_frame_is_one_sentence(damage: Any, filled: Workspace) -> None:
    damage(stored(filled).folder / "scores.parquet")
    with pytest.raises(
        BadInput, match=rf"The run {stored(filled).digest} is damaged \(scores.parquet is not as it was written\)"
    ) as caught:
        stored(filled).scores()
    assert "train again" in one_sentence(caught.value)


@pytest.mark.parametrize("damage", [DAMAGES[name] for name in ("missing", "empty", "cut", "text")])
def test_damaged_embeddings_are_one_sentence(damage: Any, filled: Workspace) -> None:
    damage(stored(filled, SPEC.backbone).folder / "embeddings.npy")
    with pytest.raises(BadInput, match=r"is damaged \(embeddings.npy is not as it was written\)") as caught:
        train(tiny_run(("place",), seed=7), filled)
    one_sentence(caught.value)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_weights_are_one_sentence(damage: Any, filled: Workspace) -> None:
    damage(stored(filled, SPEC.backbone).folder / "weights.safetensors")
    damage(stored(filled).folder / "weights.safetensors")
    for spec in (tiny_run(mode="full", steps=2), MapSpec(SPEC, background=60, perplexity=5)):
        with pytest.raises(BadInput, match=r"is damaged \(weights.safetensors is not as it was written\)") as caught:
            train(spec, filled)
        one_sentence(caught.value)


def test_episodes_that_are_not_those_of_the_run_are_not_taken_for_them(filled: Workspace) -> None:
    store = RunStore(filled)
    manifest = store.manifest(stored(filled))
    path = filled.episodes / f"{manifest.hash}.npz"
    manifest[:50].save(path)
    with pytest.raises(BadInput, match="damaged"):
        store.load_manifest(manifest.hash)
    path.unlink()
    with pytest.raises(BadInput, match="There are no saved episodes"):
        store.load_manifest(manifest.hash)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_the_next_run_on_the_same_episodes_writes_a_damaged_manifest_anew(damage: Any, filled: Workspace) -> None:
    store = RunStore(filled)
    manifest = store.manifest(stored(filled))
    damage(filled.episodes / f"{manifest.hash}.npz")
    store.keep_manifest(manifest)
    assert store.manifest(stored(filled)).hash == manifest.hash


# --- a full disk -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "large",
    [
        {"arrays": {"embeddings": np.random.default_rng(0).random(10**6)}},
        {"frames": {"scores": pd.DataFrame({"correct": np.random.default_rng(0).random(10**6)})}},
        {"log": "x" * 10**6},
    ],
    ids=["array", "frame", "log"],
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(large: dict[str, Any], tiny: Dataset, full_disk: Path) -> None:
    store = RunStore(Workspace(full_disk / "workspace"))
    with pytest.raises(BadInput, match="could not be written: the disk is full") as caught:
        store.write(run_digest(SPEC, tiny), SPEC, tiny, **parts(**large))
    one_sentence(caught.value)
    assert list(store.folder.iterdir()) == []
    store.write(run_digest(SPEC, tiny), SPEC, tiny, **parts())
    assert len(store.runs()) == 1, "what fits can still be written"


def test_weights_on_a_full_disk_are_one_sentence_and_leave_nothing(tiny: Dataset, full_disk: Path) -> None:
    import torch

    store = RunStore(Workspace(full_disk / "workspace"))
    with pytest.raises(BadInput, match="could not be written: the disk is full"):
        store.write(run_digest(SPEC, tiny), SPEC, tiny, **parts(weights={"large": torch.rand(10**6)}))
    assert list(store.folder.iterdir()) == []


def test_training_onto_a_disk_that_is_nearly_full_is_one_sentence(tmp_path: Path) -> None:
    """The data set lies in place and leaves no room for the embeddings."""
    try:
        with small_disk(tmp_path / "disk", 6000) as disk:
            workspace = Workspace(disk / "workspace")
            write_tiny(workspace)
            (disk / "blocker").write_bytes(b"x" * (shutil.disk_usage(disk).free - 20_000))
            with pytest.raises(BadInput, match="could not be written: the disk is full") as caught:
                train(tiny_backbone(episodes=2), workspace)
            one_sentence(caught.value)
            assert RunStore(workspace).runs() == [] and not list(workspace.runs.glob(".*.part"))
            (disk / "blocker").unlink()
            assert train(tiny_backbone(episodes=2), workspace).array("embeddings").shape == (1200, 8)
    except OSError as error:
        pytest.skip(f"no small file system can be mounted here: {error}")


# --- one at a time -----------------------------------------------------------------------------------------------------------


HOLD = (
    "import sys\n"
    "from metadash.runs.store import RunStore\n"
    "from metadash.workspace import Workspace\n"
    "with RunStore(Workspace(sys.argv[1])).claim(sys.argv[2]):\n"
    "    print('holding', flush=True)\n"
    "    sys.stdin.readline()\n"
)


@contextmanager
def held(workspace: Workspace, digest: str) -> Iterator[subprocess.Popen]:
    """Another process that holds the claim on ``digest`` until it reads a line."""
    command = [sys.executable, "-c", HOLD, str(workspace.root), digest]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None and process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def let_go(process: subprocess.Popen) -> None:
    assert process.stdin is not None
    if not process.stdin.closed:
        process.stdin.close()


class GaveUp(Exception):
    pass


def give_up() -> None:
    raise GaveUp


def test_a_claim_is_exclusive_across_processes_and_freed_when_its_holder_is_done(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    store = RunStore(workspace)
    with held(workspace, "abc") as process:
        with pytest.raises(GaveUp), store.claim("abc", give_up):
            raise AssertionError("both hold it")
        with store.claim("another run", give_up):
            pass
        with store.claim("abc", lambda: let_go(process)):
            assert process.wait(10) == 0


def test_a_claim_is_freed_when_its_holder_is_killed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with held(workspace, "abc") as process:
        process.kill()
        process.wait(10)
        started = time.monotonic()
        with RunStore(workspace).claim("abc", lambda: None):
            assert time.monotonic() - started < 20  # only a hang takes longer


def test_a_claim_is_free_after_an_error_inside(tmp_path: Path) -> None:
    store = RunStore(Workspace(tmp_path))
    with pytest.raises(KeyError), store.claim("abc"):
        raise KeyError
    with store.claim("abc", give_up):
        pass


def test_two_who_train_the_same_run_at_once_compute_it_once(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads here; two processes in test_jobs. The claim does not know the difference."""
    spec = tiny_run(("place",), seed=11, evaluation=tiny_evaluation(n_episodes=40), steps=50)
    computed: list[str] = []
    compute = training.compute
    monkeypatch.setattr(training, "compute", lambda *arguments: computed.append(arguments[3]) or compute(*arguments))
    start, found = threading.Barrier(2), []

    def train_when_all_are_ready() -> None:
        start.wait()
        found.append(train(spec, filled))

    both = [threading.Thread(target=train_when_all_are_ready) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert len(computed) == 1 and found[0].about == found[1].about
    assert not [path for path in filled.runs.iterdir() if path.name.endswith((".part", ".damaged"))]


def test_waiting_for_somebody_else_is_reported_and_can_be_cancelled(filled: Workspace) -> None:
    spec = tiny_run(("place",), seed=12)
    phases: list[str] = []
    with held(filled, run_digest(spec, Dataset.open(filled, "tiny"))), pytest.raises(Stopped):
        train(spec, filled, lambda step, metrics: bool(phases.append(metrics["phase"])) or len(phases) == 3)
    assert phases == [training.WAIT_PHASE] * 3


def test_a_store_that_cannot_be_claimed_is_one_sentence(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(lock: Any, timeout: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("metadash.runs.store.FileLock.acquire", full)
    with pytest.raises(BadInput) as refusal, RunStore(own_workspace).claim("0123456789ab"):
        pass
    assert "The run store cannot be written" in one_sentence(refusal.value)


def test_what_has_the_place_of_a_run_and_what_was_moved_aside_are_damaged_until_they_are_computed_anew(
    own_workspace: Workspace,
) -> None:
    store = RunStore(own_workspace)
    (store.folder / "half").mkdir()
    (store.folder / ".gone.1.damaged").mkdir()
    (store.folder / ".hidden").mkdir()
    (store.folder / "file").write_text("")
    assert store.names() == ["half"] and store.runs() == []
    assert store.damaged() == {"half": HALF, "gone": "it was damaged, and moved aside"}
    (store.folder / "gone").mkdir()
    assert store.damaged() == {"half": HALF, "gone": HALF}
    assert store.look("nothing") == "" and store.get("half") is None
