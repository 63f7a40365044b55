"""Zip files and tables in one folder are one place: what lies beside a zip of photos is about them."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from metadash.data.importing.preview import preview
from metadash.data.importing.readers import read
from metadash.data.importing.readers.places import place_at
from metadash.errors import BadInput
from tests.builders import one_sentence
from tests.data.importing.makers import songs
from tests.own_files import SIGNS, sign_photos, sign_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "signs.zip").write_bytes(sign_photos(2, 12, 16, {"signs/about.csv": b"sign,colour\nred circle,none\n"}))
    (tmp_path / "about.csv").write_bytes(sign_table())
    return tmp_path


def test_a_table_beside_a_zip_is_read_with_it_and_goes_before_one_of_its_name_inside(folder: Path) -> None:
    place = place_at(folder)
    assert (
        place.read("about.csv") == sign_table()
        and "red circle/0.png" in place.names
        and place.size("about.csv") == len(sign_table())
    )
    seen = preview(folder)
    assert not seen.problem and len(seen.counts) == len(SIGNS)
    assert set(seen.plan.sources[0].columns) == {"colour", "shape"}
    assert seen.plan.class_noun == "sign", "as the key of the table of classes is called"


def test_each_of_several_zips_stands_under_its_own_name(folder: Path) -> None:
    (folder / "more.zip").write_bytes(sign_photos(1, 12, 16))
    names = place_at(folder).names
    assert "signs/red circle/1.png" in names and "more/red circle/0.png" in names and "more/red circle/1.png" not in names


def test_a_zip_that_leads_out_of_itself_is_refused_in_a_folder_too(folder: Path) -> None:
    with zipfile.ZipFile(folder / "evil.zip", "w") as archive:
        archive.writestr("../out.png", b"x")
    with pytest.raises(BadInput) as refused:
        preview(folder)
    one_sentence(refused.value)


def test_the_table_that_is_named_has_the_instances_and_another_may_have_the_classes(tmp_path: Path) -> None:
    """However many rows each has, in one file or in several; two sheets of one name are told apart by their files."""
    rows = songs()
    for name, frame in {
        "log.csv": pd.concat([rows] * 2),
        "songs.csv": rows[["text", "species"]],
        "birds.csv": rows[["species", "family"]].drop_duplicates(),
    }.items():
        frame.to_csv(tmp_path / name, index=False)
    found = read(tmp_path, table="songs.csv")
    assert (found.table, found.tables) == ("songs.csv", ("birds.csv", "log.csv", "songs.csv"))
    assert len(found.instances) == len(rows) and found.classes is not None and list(found.classes) == ["species", "family"]
    for file in ("a.json", "b.json"):
        (tmp_path / file).write_text(json.dumps({"songs": [{"text": "x"}], file: [{"text": "y"}]}))
    assert {"a.json/songs", "b.json/songs", "a.json"} <= set(read(tmp_path).tables)


def test_a_choice_of_tables_is_refused_where_there_is_none(folder: Path) -> None:
    """Folders name the classes here: no table has a row for each picture."""
    for name in ("about.csv", "nothing"):
        with pytest.raises(BadInput, match="no choice of tables") as refused:
            read(folder, table=name)
        one_sentence(refused.value)
