"""What MetaDash exported is put back as it was, or read as other data where something is corrected."""

from pathlib import Path

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.data.importing.landing import land
from metadash.data.importing.preview import preview
from metadash.data.library import open_dataset
from metadash.workspace import Workspace
from tests.builders import tiny_classes, tiny_description, tiny_instances, write_tiny
from tests.data.formats.making import imported, refused


def test_without_corrections_it_is_the_same_data_set(tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "out")
    data = imported(folder, tmp_path / "w")
    assert data.fingerprint == tiny.fingerprint and data.description == tiny.description
    assert imported(folder, tmp_path / "w").folder == data.folder, "twice is once"
    named = imported(folder, tmp_path / "w", name="another")
    assert named.name == "another" and named.fingerprint == tiny.fingerprint


def test_texts_come_back_the_same(tmp_path: Path) -> None:
    texts = [f"utterance {i} of a few words" for i in range(len(tiny_instances()))]
    ours = write_tiny(Workspace(tmp_path / "a"), inputs=texts, description=tiny_description(modality="text"))
    assert imported(export(ours, tmp_path / "out"), tmp_path / "w").fingerprint == ours.fingerprint


def test_glyphs_are_glyphs(glyphs_workspace: Workspace, tmp_path: Path) -> None:
    glyphs = open_dataset(glyphs_workspace, "glyphs")
    folder = export(glyphs, tmp_path / "out")
    seen = preview(folder)
    assert land(glyphs_workspace, folder, seen.plan).folder == glyphs.folder
    again = land(Workspace(tmp_path / "w"), folder, preview(folder, name="letters").plan)
    assert again.fingerprint == glyphs.fingerprint and again.split_names == glyphs.split_names


def test_other_content_under_its_name_gets_a_version_beside_it(tiny: Dataset, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    other = write_tiny(workspace, classes=tiny_classes(3))
    data = land(workspace, folder := export(tiny, tmp_path / "out"), preview(folder).plan)
    assert (
        data.name == "tiny-2"
        and data.fingerprint == tiny.fingerprint
        and Dataset.open(workspace, "tiny").fingerprint == other.fingerprint
    )


def test_a_correction_makes_other_data_of_it(tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "out")
    data = imported(folder, tmp_path / "w", roles={"corner": "ignored"})
    assert data.fingerprint != tiny.fingerprint and "place" not in {source.name for source in data.sources}
    assert np.array_equal(data.inputs, tiny.inputs)
    ours, theirs = data.split(data.description.default_split), tiny.split("family-0")
    assert all(np.array_equal(ours[role], theirs[role]) for role in theirs)


@pytest.mark.parametrize("file", ["classes.parquet", "inputs.npy"])
def test_a_file_that_was_touched_is_one_sentence(file: str, tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "out")
    (folder / file).write_bytes((folder / file).read_bytes() + b" ")
    assert "is not as it was exported" in refused(folder)


def test_a_known_set_comes_back_under_its_own_name(tiny: Dataset, tmp_path: Path) -> None:
    data = write_tiny(Workspace(tmp_path / "a"), "clinc150")
    again = imported(export(data, tmp_path / "out"), tmp_path / "w")
    assert again.name == "clinc150" and again.fingerprint == data.fingerprint
