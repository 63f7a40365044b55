"""Too little memory, really: a process with a low ceiling runs jobs that need more, and each says what to reduce."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from metadash.errors import BadInput
from metadash.training.jobs import JobFolder
from metadash.training.memory import advice, is_lack_of_memory, within_memory
from metadash.training.store import RunStore
from metadash.training.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run

ROOT = Path(__file__).resolve().parents[2]
resource = pytest.importorskip("resource")

PROGRAM = """
import resource, sys, torch
from metadash.data.library import open_dataset
from metadash.training.jobs import JobFolder, title_of
from metadash.training.machine import prepare_process
from metadash.training.run import train
from metadash.training.worker import work
from metadash.workspace import Workspace
from tests.training.test_memory import LARGE
from metadash.training.kinds import run_digest

workspace = Workspace(sys.argv[1])
data = open_dataset(workspace, "tiny")
prepare_process()
for spec in LARGE.values():
    for need in spec.needs:
        train(need, workspace)
import metadash.training.arms  # its libraries are not what is to find no room
for name, spec in LARGE.items():
    digest = run_digest(spec, data)
    folder = JobFolder(workspace, digest)
    folder.create(spec, title_of(spec))
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 100 * 2**20, resource.RLIM_INFINITY))
    work(sys.argv[1], digest)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(name, digest, flush=True)
"""

WIDE = tiny_backbone(width=64, episodes=1, n_way=5)
LARGE = {
    "backbone": tiny_backbone(width=256, n_way=20, n_query=20),
    "metric": tiny_run(mode="full", backbone=WIDE, evaluation=tiny_evaluation(n_query=25)),
    "maml": tiny_run(
        mode="full",
        backbone=WIDE,
        learner="maml",
        options=(("inner_steps", 100), ("eval_steps", 1)),
        evaluation=tiny_evaluation(n_episodes=4, shots=(1, 5)),
    ),
}
EXPECTED = {
    "backbone": ("fewer ways (n_way is 20)", "fewer queries (n_query is 20)", "a narrower backbone (width is 256)"),
    "metric": ("Prototypical Networks with fewer ways (n_way is 5)", "fewer queries (n_query is 25)", "(width is 64)"),
    "maml": ("MAML with fewer inner steps (inner_steps is 100)", "the first-order form (the learner fomaml)", "(width is 64)"),
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the ceiling on memory is Linux's")
def test_jobs_that_really_run_out_of_memory_say_what_to_reduce_and_keep_their_log(own_workspace: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(own_workspace.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    digests = dict(line.split() for line in done.stdout.splitlines())
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
    import numpy as np
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
