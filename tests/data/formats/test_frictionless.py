"""A Frictionless data package says what its columns are, and which of them name rows of another table."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metadash.data.importing.formats import frictionless
from tests.data.formats.making import changed, imported, notes_of, refused, rows_of, write_json


def package(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    lines = ["code;mass;kept;seen;note"]
    lines += [
        f"00{i};1.{i}00,5;{'yes' if i % 2 else 'no'};2020-01-0{i + 1};{'-' if i < 2 else 'shy bird ' + str(i % 2)}"
        for i in range(6)
    ]
    (folder / "data" / "species.csv").write_text("\n".join(lines))
    for part in (0, 1):
        rows = [f"00{i % 6},song {i} of many words,{i % 4}" for i in range(15 * part, 15 * part + 15)]
        (folder / "data" / f"songs-{part}.csv").write_text("species,text,site\n" + "\n".join(rows))
    species = {
        "fields": [
            {"name": "code", "type": "string"},
            {"name": "mass", "type": "number", "decimalChar": ",", "groupChar": "."},
            {"name": "kept", "type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
            {"name": "seen", "type": "date"},
            {"name": "note", "type": "string"},
        ],
        "missingValues": ["", "-"],
        "primaryKey": "code",
    }
    songs = {
        "fields": [{"name": "species", "type": "string"}, {"name": "text", "type": "string"}, {"name": "site", "type": "string"}],
        "foreignKeys": [{"fields": "species", "reference": {"resource": "species", "fields": "code"}}],
    }
    return {
        "name": "songs",
        "title": "Songs of birds",
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "contributors": [{"title": "A. Person"}],
        "resources": [
            {"name": "species", "path": "data/species.csv", "schema": species},
            {"name": "songs", "path": ["data/songs-0.csv", "data/songs-1.csv"], "schema": songs},
        ],
    }


def test_types_keys_and_rights_are_taken_from_the_package(tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "x" / "datapackage.json", package(tmp_path / "set" / "x"))
    for place in (file, file.parent):
        data = imported(place, tmp_path / "w")
        assert data.classes["class_name"].tolist() == [f"00{i}" for i in range(6)], "a code keeps its zeros"
        assert (
            data.classes["mass"].tolist() == [1000.5 + 100 * i for i in range(6)]
            and data.classes["kept"].tolist() == [False, True] * 3
        )
        assert (
            data.classes["seen"].iloc[2] == pd.Timestamp("2020-01-03")
            and data.classes["note"].isna().tolist() == [True] * 2 + [False] * 4
        )
        assert len(data.class_of) == 30 and set(rows_of(data)["site"]) == {"0", "1", "2", "3"}, "a string stays one"
        about = data.description
        assert about.title == "Songs of birds" and about.licence == "CC-BY-4.0" and "A. Person" in about.provenance
        assert "‘species’ of songs names rows of species" in notes_of(data)


def test_rows_that_are_written_out_are_a_resource_too(tmp_path: Path) -> None:
    said = package(tmp_path / "set")
    said["resources"][0] = {"name": "species", "data": [{"code": f"00{i}", "mass": 10 + i} for i in range(6)]}
    assert imported(write_json(tmp_path / "set" / "datapackage.json", said), tmp_path / "w").classes["mass"].max() == 15


def test_what_is_no_table_is_said_and_left(tmp_path: Path) -> None:
    said = package(tmp_path / "set")
    said["resources"].append({"name": "map", "path": "data/map.png"})
    assert "The resource 'map' (data/map.png) is no table" in notes_of(
        imported(write_json(tmp_path / "set" / "datapackage.json", said), tmp_path / "w")
    )


def test_values_that_are_not_of_their_type_are_missing_and_named(tmp_path: Path) -> None:
    said = package(tmp_path / "set")
    said["resources"][1]["schema"]["fields"][2] = {"name": "site", "type": "integer"}
    text = (tmp_path / "set" / "data" / "songs-0.csv").read_text().replace("many words,1", "many words,one", 1)
    (tmp_path / "set" / "data" / "songs-0.csv").write_text(text)
    found = frictionless.read(write_json(tmp_path / "set" / "datapackage.json", said), frictionless.Asked())
    assert found.wrong[("instances", "site")] == "1 of 30 values are no integer, the first ‘one’"


@pytest.mark.parametrize(
    ("path", "to", "sentence"),
    [
        (("resources",), [], "has no list of resources"),
        (("resources", 0, "path"), None, "has neither a path nor data"),
        (("resources", 0, "path"), "https://example.org/a.csv", "only files that are here are read"),
        (("resources", 0, "path"), "/etc/passwd", "outside of the folder"),
        (("resources", 0, "path"), "data/birds.csv", "and there is none in 'set'"),
        (("resources", 0, "schema", "fields", 1, "name"), "weight", "has the field 'weight', and its file has no such column"),
        (("resources", 1, "schema", "foreignKeys", 0, "fields"), ["species", "site"], "of several columns"),
        (("resources", 1, "schema", "foreignKeys", 0, "fields"), "site", "names '0', which is no code of 'species'"),
        (("resources", 1, "schema", "foreignKeys", 0, "reference", "fields"), "kode", "names the column 'kode' of 'species'"),
    ],
)
def test_a_package_that_does_not_fit_its_files_is_one_sentence(path: tuple, to: Any, sentence: str, tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "datapackage.json", changed(package(tmp_path / "set"), *path, to=to))
    assert sentence in refused(file)


def test_a_package_that_is_cut_or_empty_is_one_sentence(tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "datapackage.json", package(tmp_path / "set"))
    (tmp_path / "set" / "data" / "species.csv").write_text("")
    assert "is empty" in refused(file)
    file.write_text("{")
    assert "is no JSON, or damaged" in refused(file)


def test_dates_are_read_by_their_format(tmp_path: Path) -> None:
    said = package(tmp_path / "set")
    said["resources"][0]["schema"]["fields"][3]["format"] = "%Y-%d-%m"
    data = imported(write_json(tmp_path / "set" / "datapackage.json", said), tmp_path / "w")
    assert data.classes["seen"].iloc[2] == pd.Timestamp("2020-03-01")
