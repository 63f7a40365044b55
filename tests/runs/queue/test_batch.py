"""Many runs for one who waits: the same results side by side as one by one, and what is finished stays."""

from pathlib import Path
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.progress import Stopped, silent
from metadash.runs.queue.batch import Whole, train_all, train_one
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.subsets import HeadsSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, tiny_evaluation, tiny_run

SPECS = [HeadsSpec(tiny_run(("place",), steps=50, seed=seed)) for seed in (0, 1)]


def test_side_by_side_they_are_what_they_are_one_by_one(tiny_workspace: Workspace, tiny: Dataset, tmp_path: Path) -> None:
    workspace, heard = copy_workspace(tiny_workspace, tmp_path / "workspace"), []

    def listen(step: int, metrics: dict[str, Any]) -> bool:
        heard.append(metrics["fraction"])
        return False

    train_all(SPECS, workspace, 2, listen)
    assert heard == sorted(heard) and heard[-1] <= 1
    for spec in SPECS:
        stored = RunStore(workspace).find(spec, tiny)
        assert stored is not None
        assert (stored.array("correct") == train(spec, tiny_workspace).array("correct")).all()


def test_what_was_finished_stays_when_the_rest_is_stopped(own_workspace: Workspace, tiny: Dataset) -> None:
    with pytest.raises(Stopped):
        train_all(SPECS, own_workspace, 1, lambda step, metrics: metrics["phase"].startswith("3 of 3"))
    store = RunStore(own_workspace)
    assert [store.find(spec, tiny) is not None for spec in SPECS] == [True, False]


def test_progress_is_that_of_the_whole(own_workspace: Workspace, tmp_path: Path) -> None:
    fresh = copy_workspace(own_workspace, tmp_path / "fresh")
    heard: list[dict[str, Any]] = []
    train_all(SPECS, own_workspace, 1, lambda step, metrics: bool(heard.append(metrics)))
    assert heard[0]["phase"] == "1 of 3: training the backbone", "which both need, and which counts once"
    assert heard[-1]["phase"].startswith("3 of 3: ")
    reached = [row["fraction"] for row in heard]
    assert reached == sorted(reached) and reached[0] < 0.2
    backbone, head, _ = (part.work for part in Whole(SPECS, fresh, 1).parts)
    third = next(row["fraction"] for row in heard if row["phase"].startswith("3 of 3"))
    assert third == pytest.approx((backbone + head) / (backbone + 2 * head), abs=0.02)
    assert all(row["outlook"].low <= row["outlook"].high for row in heard)
    heard.clear()
    train_all(SPECS, own_workspace, 1, lambda step, metrics: bool(heard.append(metrics)))
    assert not heard


def test_a_run_that_does_not_fit_the_data_is_refused(own_workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="'nothing' is empty"):
        train_all([HeadsSpec(tiny_run(("nothing",)))], own_workspace, 2, lambda step, metrics: False)


def test_what_does_not_fit_is_refused_before_anything_is_computed_for_it(own_workspace: Workspace, tiny: Dataset) -> None:
    before = [run.digest for run in RunStore(own_workspace).runs()]
    with pytest.raises(BadInput, match="n_way is 90"):
        train_one(tiny_run(evaluation=tiny_evaluation(n_way=90)), own_workspace, silent)
    assert [run.digest for run in RunStore(own_workspace).runs()] == before
