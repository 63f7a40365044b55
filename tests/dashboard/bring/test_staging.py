"""What is uploaded stays inside its own folder, what nobody imports is removed, and paths on the server need leave."""

import os
import time
from pathlib import Path

import pytest

from metadash.dashboard.bring.staging import FILES, on_the_server, place_of, root_of, stage, sweep
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence


class File:
    """As Streamlit hands an upload out."""

    def __init__(self, name: str, content: bytes = b"x"):
        self.name, self.content, self.size = name, content, len(content)

    def getbuffer(self) -> memoryview:
        return memoryview(self.content)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def test_one_file_is_what_is_imported_and_of_several_the_folder_that_holds_them(workspace: Workspace) -> None:
    alone = stage(workspace, [File("birds.csv", b"a,b\n")])
    assert root_of(alone).read_bytes() == b"a,b\n" and root_of(alone).name == "birds.csv"
    several = stage(workspace, [File("birds.csv"), File("photos.zip")])
    assert sorted(path.name for path in root_of(several).iterdir()) == ["birds.csv", "photos.zip"]


def test_a_folder_keeps_its_folders_and_its_name(workspace: Workspace) -> None:
    place = stage(workspace, [File("birds/tern/1.png"), File("birds/gull/1.png")])
    assert root_of(place).name == "birds" and (root_of(place) / "gull" / "1.png").is_file()


@pytest.mark.parametrize(
    "name", ["../out.csv", "a/../../out.csv", "/etc/out.csv", "..\\out.csv", "C:\\out.csv", "", "a\0b", "x" * 300]
)
def test_a_name_that_leads_out_of_its_folder_is_refused_and_nothing_is_kept(workspace: Workspace, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        stage(workspace, [File("good.csv"), File(name)])
    one_sentence(str(refused.value))
    assert not place_of(workspace).exists() or not any(place_of(workspace).iterdir())


def test_two_files_of_one_name_are_refused_by_that_name(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="birds"):
        stage(workspace, [File("birds.csv"), File("birds.csv")])


def test_a_full_disk_is_one_sentence_and_leaves_nothing(full_disk: Path) -> None:
    workspace = Workspace(full_disk / "workspace")
    with pytest.raises(BadInput, match="disk is full") as refused:
        stage(workspace, [File("large.csv", b"x" * 2_000_000)])
    one_sentence(str(refused.value))
    assert not any(place_of(workspace).iterdir())


def test_an_upload_is_removed_a_day_after_it_was_last_touched_and_not_before(workspace: Workspace) -> None:
    old, young, busy = (stage(workspace, [File("birds.csv")]) for _ in range(3))
    yesterday = time.time() - 25 * 3600
    for path in (old, old / FILES, busy, busy / FILES):
        os.utime(path, (yesterday, yesterday))
    (busy / "progress.json").write_text("{}")
    sweep(workspace)
    assert set(place_of(workspace).iterdir()) == {young, busy}


# --- on the server ---------------------------------------------------------------------------------------------------------------


def test_a_path_on_the_server_is_read_only_inside_the_folders_that_the_setting_names(tmp_path: Path, monkeypatch) -> None:
    inside, outside = tmp_path / "data", tmp_path / "secret"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "table.csv").write_text("a\n")
    (inside / "link.csv").symlink_to(outside / "table.csv")
    with pytest.raises(BadInput):
        on_the_server(str(inside / "table.csv"))
    monkeypatch.setenv("METADASH_IMPORT_FROM", str(inside))
    assert on_the_server("table.csv") == on_the_server(str(inside / "table.csv")) == (inside / "table.csv").resolve()
    said = set()
    for typed in (str(outside / "table.csv"), str(outside / "nothing.csv"), "../secret/table.csv", "link.csv", "a\0b"):
        with pytest.raises(BadInput) as refused:
            on_the_server(typed)
        said.add(one_sentence(refused.value))
    assert len(said) == 1, "what is there and what is not are told in the same words"
