"""A workspace with a few finished runs on *tiny*, for the pages that show runs."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from metadash import visitors
from metadash.dashboard import server, visiting  # noqa: F401 - it names itself as who knows visitors, once, when it is loaded
from metadash.runs.queue.board import JobBoard
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, tiny_evaluation, tiny_run

ANYWHERE = tiny_evaluation(n_way=4, strategy="uniform", column=None)
MAP = MapSpec(tiny_run(("place",), seed=0), episode=2, background=120, perplexity=8.0)
PLAIN_MAP = MapSpec(tiny_run(), episode=2, background=120, perplexity=8.0)


@pytest.fixture(scope="session")
def workspace_with_runs(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four learners, one of them on other test tasks than the rest, and two maps. Do not break it."""
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("runs") / "workspace")
    specs = [
        tiny_run(evaluation=ANYWHERE),
        tiny_run(),
        tiny_run(("place",), control="shuffled"),
        tiny_run(("place",), seed=0),
        tiny_run(("place",), seed=1),
        MAP,
        PLAIN_MAP,
    ]
    for spec in specs:
        train(spec, workspace)
    return workspace


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opens pages here is at this machine. Streamlit's harness gives each run of a page another session and an address that is none,
    so that nobody would be who they were a click before."""
    monkeypatch.setattr(visitors, "_found", [lambda: visitors.AT_THE_MACHINE])


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of its own: nothing remembered from another test's workspace, no job board left behind."""
    server.close_board()
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    server.close_board()


@pytest.fixture
def trained(workspace_with_runs: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch, served: None) -> Workspace:
    """A copy of the workspace with runs, which the pages opened in the test look at."""
    workspace = copy_workspace(workspace_with_runs, tmp_path / "trained", "datasets", "runs", "episodes")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


@pytest.fixture
def untrained(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, served: None) -> Workspace:
    """A workspace without a run, which the pages opened in the test look at."""
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    return own_workspace


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued and stay so: no cluster is started."""
    monkeypatch.setattr(JobBoard, "start_thread", lambda self: None)


@pytest.fixture(scope="session", autouse=True)
def components_looked_for_once() -> Iterator[None]:
    """Streamlit's own test driver reads the metadata of every installed package for each page it opens (0.4 s), and finds the same."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield
