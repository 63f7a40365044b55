"""A zip file of any format is read as the folder that it was packed of, and leaves nothing behind."""

import gc
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.data.importing.formats import packed
from tests.data.formats.making import imported, refused, write_json
from tests.data.formats.test_attributes import awa, cub, xian
from tests.data.formats.test_coco import photos
from tests.data.formats.test_croissant import songs
from tests.data.formats.test_frictionless import package


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders that are to go are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def zipped(folder: Path, inside: str = "") -> Path:
    return Path(shutil.make_archive(str(folder.parent / "packed"), "zip", folder.parent if inside else folder, inside or None))


def coco_folder(folder: Path) -> Path:
    return write_json(folder / "annotations" / "all.json", photos(folder)).parents[1]


MAKERS: dict[str, Any] = {
    "coco": coco_folder,
    "croissant": lambda folder: write_json(folder / "croissant.json", songs(folder)).parent,
    "frictionless": lambda folder: write_json(folder / "datapackage.json", package(folder)).parent,
    "cub": cub,
    "awa": awa,
    "xian": lambda folder: xian(folder, "npz"),
}


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_zip_file_reads_as_its_folder(name: str, scratch: Path, tmp_path: Path) -> None:
    folder = MAKERS[name](tmp_path / "made" / "set")
    plain = imported(folder, tmp_path / "one", name="x")
    for inside in ("", "set"):
        other = imported(zipped(folder, inside), tmp_path / f"other{inside}", name="x")
        assert np.array_equal(plain.inputs[:], other.inputs[:]) and other.classes.equals(plain.classes)
        del other
    gc.collect()
    assert not any(scratch.iterdir())


def test_an_export_in_a_zip_file_is_put_back_as_it_was(tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "made" / "tiny")
    assert imported(zipped(folder), tmp_path / "w").fingerprint == tiny.fingerprint


def test_other_zip_files_are_left_to_others_and_bad_ones_are_one_sentence(scratch: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "made" / "set" / "rows.json", [{"text": "a"}])
    assert not packed.claims(zipped(tmp_path / "made" / "set"))
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../datapackage.json", "{}")
    assert "names a file outside of itself" in refused(tmp_path / "bad.zip")
    (tmp_path / "none.zip").write_bytes(b"PK no more")
    assert "cannot be read as a zip file" in refused(tmp_path / "none.zip")
    assert not any(scratch.iterdir())
