"""An import in a process of its own: whatever becomes of the process, there is a whole data set or none, and one sentence."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from metadash.dashboard.bring import errand
from metadash.dashboard.bring.staging import new_place
from metadash.data.importing.preview import preview
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.own_files import ended, sentence_table


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    yield Workspace(tmp_path / "workspace")
    for process in errand.STARTED:
        process.kill()


def begun(workspace: Workspace, content: bytes | None = None) -> Path:
    """The import of sentences, of ``content`` where the file has changed since it was looked at."""
    place = new_place(workspace)
    path = place / "files" / "intents.csv"
    path.write_bytes(sentence_table(40))
    plan = preview(path).plan
    if content is not None:
        path.write_bytes(content)
    errand.begin(workspace, place, path, place / "files", plan.name, plan.values())
    return place


def nothing_half_made(workspace: Workspace) -> bool:
    return not [folder for folder in workspace.datasets.iterdir() if not folder.name.startswith(".")]


def test_files_that_no_longer_fit_the_recipe_fail_in_one_sentence(workspace: Workspace) -> None:
    place = begun(workspace, b"text,intent\nhello,greet\n")
    assert [found.name for found in errand.under_way(workspace)] == ["intents"]
    found = ended(place)
    assert found.state == "failed" and "domain" in one_sentence(found.message)
    assert nothing_half_made(workspace) and (place / "files").is_dir() and not errand.under_way(workspace)


def test_a_killed_import_is_said_to_be_interrupted_and_left_nothing(workspace: Workspace) -> None:
    place = begun(workspace)
    os.kill(errand.STARTED[-1].pid, signal.SIGKILL)
    found = ended(place)
    assert found.state == "interrupted" and "start it again" in one_sentence(found.message)
    assert nothing_half_made(workspace)


def test_an_import_ends_when_the_server_that_began_it_does(workspace: Workspace) -> None:
    place = begun(workspace)
    process = errand.STARTED[-1]
    assert process.stdin
    process.stdin.close()  # as the system does when the server ends
    assert ended(place).state == "cancelled" and nothing_half_made(workspace)
    process.wait(60)
