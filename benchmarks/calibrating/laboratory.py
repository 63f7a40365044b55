"""Glyphs, its frozen backbone and the usual ablation, kept in one workspace for all parts that train."""

from dataclasses import dataclass, replace
from pathlib import Path

from metadash.ablation.plan import ablation_run
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.runs.machine import prepare_process
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.workspace import Workspace


@dataclass(frozen=True)
class Laboratory:
    """``run`` is the ablation's usual run: all six class sources, sibling tasks of 5 letters, quick prototypes."""

    workspace: Workspace
    data: Dataset
    run: RunSpec
    backbone: Run

    @property
    def store(self) -> RunStore:
        return RunStore(self.workspace)

    def at_one_shot(self, **changes: object) -> RunSpec:
        """The same, trained and scored at one shot only, where metadata pay most."""
        return replace(self.run, evaluation=replace(self.run.evaluation, shots=(1,), **changes))


def open_laboratory(folder: Path, quick: bool) -> Laboratory:
    prepare_process()
    workspace = Workspace(folder)
    data = open_dataset(workspace, "glyphs")
    small = ablation_run(data, ("name", "accents"), n_episodes=200, backbone_episodes=40, steps=100)
    run = small if quick else ablation_run(data)
    return Laboratory(workspace, data, run, train(run.backbone, workspace))
