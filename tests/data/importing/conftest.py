"""An empty workspace for what is imported."""

from pathlib import Path

import pytest

from metadash.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "w")
