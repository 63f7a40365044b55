"""A workspace with runs of several kinds, whose files tests may break."""

import shutil
from pathlib import Path

import pytest

from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import copy_workspace
from tests.runs.damaging import LEARNER, SPECS, stored


@pytest.fixture(scope="session")
def computed(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The data set *tiny*, and a run of each kind of ``SPECS``. Do not break it."""
    digests = [train(spec, tiny_workspace).digest for spec in SPECS.values()]
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("computed") / "workspace", "datasets", "episodes")
    for digest in digests:
        shutil.copytree(tiny_workspace.runs / digest, workspace.runs / digest)
    for path in workspace.datasets.iterdir():
        if path.name != "tiny":
            shutil.rmtree(path)
    for path in workspace.episodes.iterdir():
        if path.stem != stored(workspace, LEARNER).summary["manifest"]:
            path.unlink()
    return workspace


@pytest.fixture
def own(computed: Workspace, tmp_path: Path) -> Workspace:
    return copy_workspace(computed, tmp_path / "own", "datasets", "episodes", "runs")
