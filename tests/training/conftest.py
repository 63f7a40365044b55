"""What tests of training share: a workspace a module, and feature vectors in it."""

import pytest

from metadash.data.dataset import Dataset
from metadash.workspace import Workspace
from tests.builders import write_vectors


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def vectors(workspace: Workspace) -> Dataset:
    return write_vectors(workspace)
