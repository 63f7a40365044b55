"""Too little memory, really: a process with a low ceiling runs jobs that need more, and each says what to reduce."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.memory import advice, is_lack_of_memory, within_memory
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.store import RunStore
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.views import MapSpec
from metadash.training.backbone import make_backbone
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run

ROOT = Path(__file__).resolve().parents[2]
resource = pytest.importorskip("resource", reason="the ceiling on memory is that of Unix")

ROOM = 500 * 2**20
"""Bytes that a job may take beyond what its process has: enough for libraries, threads and small tensors, which differ by machine."""

PROGRAM = """
import multiprocessing, resource, sys
from metadash.runs.queue.worker import work
from tests.runs.test_memory import ROOM
import metadash.training.trainer  # its libraries are not what is to find no room

def limited(digest):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
    work(sys.argv[1], digest)

for digest in sys.argv[2:]:
    job = multiprocessing.get_context("fork").Process(target=limited, args=(digest,))
    job.start()
    job.join()
"""
"""Each job has a process of its own, which nobody prepared: the heap that another has freed, or that is set aside, would be room."""

WIDE = tiny_backbone(width=256, n_way=20, n_query=20)
NARROWER = tiny_backbone(width=64)
LARGE = {
    "backbone": replace(WIDE, seed=1),
    "metric": tiny_run(mode="full", backbone=WIDE, evaluation=tiny_evaluation(n_query=25)),
    "maml": tiny_run(
        mode="full",
        backbone=NARROWER,
        learner="maml",
        options=(("inner_steps", 100), ("eval_steps", 1)),
        evaluation=tiny_evaluation(n_episodes=4, shots=(1, 5)),
    ),
}
"""One layer over a batch of pictures takes 400 MiB and more in the first two, and a hundred inner steps take gigabytes."""

EXPECTED = {
    "backbone": ("fewer ways (n_way is 20)", "fewer queries (n_query is 20)", "a narrower backbone (width is 256)"),
    "metric": ("Prototypical Networks with fewer ways (n_way is 5)", "fewer queries (n_query is 25)", "(width is 256)"),
    "maml": ("MAML with fewer inner steps (inner_steps is 100)", "the first-order form (the learner fomaml)", "(width is 64)"),
}


def store_untrained(store: RunStore, spec: BackboneSpec, data: Dataset) -> None:
    """The backbone as it is before training: to train one this wide would take as much memory, and minutes."""
    network, dim = make_backbone(spec, data)
    store.write(
        run_digest(spec, data),
        spec,
        data,
        summary={"validation_accuracy": 20.0, "best_step": 0, "dim": dim, "batch_norm": "running"},
        environment={},
        seconds=1.5,
        frames={},
        arrays={"embeddings": np.zeros((len(data.class_of), dim), np.float32)},
        weights={name: value.contiguous() for name, value in network.state_dict().items()},
        log="",
    )


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the ceiling on memory is Linux's")
def test_jobs_that_really_run_out_of_memory_say_what_to_reduce_and_keep_their_log(own_workspace: Workspace) -> None:
    data, store, digests = Dataset.open(own_workspace, "tiny"), RunStore(own_workspace), {}
    for name, spec in LARGE.items():
        digests[name] = run_digest(spec, data)
        JobFolder(own_workspace, digests[name]).create(spec, title_of(spec))
        if isinstance(spec, RunSpec):
            store_untrained(store, spec.backbone, data)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(own_workspace.root), *digests.values()],
        cwd=ROOT,
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # else every thread of every library takes its own 64 MB of the room
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name, words in EXPECTED.items():
        job = JobFolder(own_workspace, digests[name])
        progress = json.loads((job.path / "progress.json").read_text())
        assert progress["state"] == "failed", name
        message = one_sentence(progress["message"])
        assert message.startswith("There was not enough memory for it; nothing was kept.") and all(w in message for w in words), (
            message
        )
        assert RunStore(own_workspace).get(digests[name]) is None
    assert JobFolder(own_workspace, digests["maml"]).history()[0]["step"] == 0, "what was reported before is still there"


def test_an_allocation_beyond_any_machine_is_a_lack_of_memory_and_other_errors_are_not() -> None:
    import torch

    for allocate in (lambda: torch.empty(2**55), lambda: np.empty(2**55), lambda: bytearray(2**60)):
        with pytest.raises((RuntimeError, MemoryError, OverflowError)) as caught:
            allocate()
        assert is_lack_of_memory(caught.value), caught.value
    assert issubclass(torch.OutOfMemoryError, RuntimeError) and is_lack_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    assert not is_lack_of_memory(caught.value) and not is_lack_of_memory(OSError("the disk is full"))
    with pytest.raises(RuntimeError, match="shapes"), within_memory(tiny_run()):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(BadInput, match="not enough memory"), within_memory(tiny_run()):
        torch.empty(2**55)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (tiny_run(learner="protomaml", mode="full"), "the first-order form (first_order=true)"),
        (tiny_run(learner="meta-lstm", mode="full"), "fewer hidden units (hidden is 20)"),
        (tiny_run(learner="maml"), "fewer tasks at once (meta_batch is 4)"),
        (MapSpec(tiny_run(), background=900), "fewer background instances (background is 900)"),
    ],
)
def test_what_to_reduce_depends_on_learner_mode_and_kind_of_run(spec, words: str) -> None:
    assert words in one_sentence(advice(spec))


def test_what_would_change_nothing_is_not_advised() -> None:
    assert "first-order" not in advice(tiny_run(learner="fomaml", mode="full"))
    assert "first-order" not in advice(tiny_run(learner="protomaml", mode="full", options=(("first_order", True),)))
    assert "meta_batch" not in advice(tiny_run(learner="maml", mode="full"))
    assert "inner_steps" not in advice(tiny_run(mode="full"))


@pytest.mark.parametrize("words", ["could not create a primitive", "could not create a memory object"])
def test_what_onednn_says_when_it_finds_no_room_is_a_lack_of_memory(words: str) -> None:
    assert is_lack_of_memory(RuntimeError(words))
    assert not is_lack_of_memory(RuntimeError("could not create a primitive descriptor for a convolution forward propagation"))


def test_a_database_that_finds_no_room_is_not_called_damaged(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: Allocation failure")

    monkeypatch.setattr(duckdb, "connect", full)
    with pytest.raises(BadInput) as caught:
        Dataset.open(own_workspace, "tiny").frame("SELECT 1")
    assert "not enough memory" in one_sentence(str(caught.value)) and "delete" not in str(caught.value)
