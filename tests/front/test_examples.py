"""The examples in the docstrings run, and give what they say."""

import doctest
import inspect

import pytest

from metadash import api
from metadash.workspace import Workspace
from tests.builders import copy_workspace

FINDER = doctest.DocTestFinder(recurse=False)
SHOWN = [getattr(api, name) for name in api.__all__ if inspect.isfunction(getattr(api, name))] + [api.TrainedRun.predict]


@pytest.fixture(scope="module")
def workspace(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tiny_workspace, tmp_path_factory.mktemp("examples") / "workspace")


@pytest.mark.parametrize("function", SHOWN, ids=lambda function: function.__qualname__)
def test_an_example_runs(function, workspace: Workspace) -> None:
    """``data`` in them is the data set *tiny*, ``folder`` a place for files."""
    (example,) = FINDER.find(function, globs={"data": api.open("tiny", workspace), "folder": workspace.root})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    said: list[str] = []
    result = runner.run(example, out=said.append)
    assert result.attempted and not result.failed, "".join(said)
