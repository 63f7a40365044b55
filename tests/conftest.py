"""Fixtures that every test may ask for. Session fixtures are shared: copy a workspace (``copy_workspace``) before breaking it."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

# Before torch or NumPy start their threads: tests run beside other processes, and two threads stall each other.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import pytest

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.workspace import Workspace
from tests.builders import copy_workspace, small_disk, write_tiny, write_wide


def pytest_collection_finish() -> None:
    """The tests themselves and all they import stay to the end: every run of theirs collects garbage, and need not look there."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_pace() -> Iterator[None]:
    """A job that a test does in its own process must not make all later tests give way to everybody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", lambda *arguments: None)
        yield


@pytest.fixture(scope="session")
def tiny_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Holds the data set *tiny* and whatever runs the session has computed on it. Do not break it."""
    workspace = Workspace(tmp_path_factory.mktemp("tiny") / "workspace")
    write_tiny(workspace)
    return workspace


@pytest.fixture(scope="session")
def tiny(tiny_workspace: Workspace) -> Dataset:
    return Dataset.open(tiny_workspace, "tiny")


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """*tiny* with 12 test families instead of 3. Nothing can be trained on it; scores can be stored for it."""
    return write_wide(Workspace(tmp_path_factory.mktemp("wide") / "workspace"))


@pytest.fixture(scope="session")
def glyphs_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Holds the embedded glyphs."""
    workspace = Workspace(tmp_path_factory.mktemp("glyphs") / "workspace")
    open_dataset(workspace, "glyphs")
    return workspace


@pytest.fixture
def own_workspace(tiny_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own with *tiny* and no runs: write into it, break it."""
    return copy_workspace(tiny_workspace, tmp_path / "own")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """The root of a file system with 600 kB, where a data set or a run does not fit."""
    try:
        with small_disk(tmp_path / "disk", 600) as folder:
            yield folder
    except OSError as error:
        pytest.skip(f"no small file system can be mounted here: {error}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """One browser a process, since Playwright runs once in each; in CI one that cannot start is a failure, elsewhere a reason to skip."""
    from tests.browser.harness import browser, chromium_path

    if chromium_path() is None:
        message = "Chromium is not installed; these tests drive Debian's package `chromium`."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with browser() as opened:
        yield opened
