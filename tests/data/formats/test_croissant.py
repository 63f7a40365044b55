"""Croissant documents of files that are here become tables, a class table and pictures; what is not read is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.data.exporting.export import export
from metadash.data.importing.formats import croissant
from metadash.workspace import Workspace
from tests.builders import tiny_description, tiny_instances, write_tiny
from tests.data.formats.making import changed, imported, notes_of, picture, refused, save, write_json

CONTEXT = {"@language": "en", "@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"}


def field(table: str, name: str, file: str, column: str = "", **more: Any) -> dict[str, Any]:
    source = {"fileObject": {"@id": file}, "extract": {"column": column or name}}
    return {"@type": "cr:Field", "@id": f"{table}/{name}", "name": name, "dataType": "sc:Text", "source": source, **more}


def songs(folder: Path) -> dict[str, Any]:
    """Six species, five songs of each with three numbers, and the two tables' document."""
    folder.mkdir(parents=True)
    species = pd.DataFrame(
        {
            "code": [f"s{i}" for i in range(6)],
            "family": ["finch", "finch", "wren", "wren", "crow", "crow"],
            "mass": [9.5, 10, 11, 12, 400, 500],
        }
    )
    species.to_csv(folder / "species.csv", index=False)
    sung = pd.DataFrame(
        [{"sp": f"s{i % 6}", "words": f"song of number {i} and {i * i}", "site": f"site {i % 4}"} for i in range(30)]
    )
    sung.to_parquet(folder / "songs.parquet")
    file = {"@type": "cr:FileObject", "encodingFormat": "text/csv"}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "Songs",
        "license": "CC0",
        "citeAs": "Somebody 2020",
        "distribution": [
            {**file, "@id": "species.csv", "name": "species.csv", "contentUrl": "species.csv"},
            {**file, "@id": "songs", "name": "songs", "contentUrl": "./songs.parquet"},
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "species",
                "key": {"@id": "species/code"},
                "field": [field("species", one, "species.csv") for one in ("code", "family", "mass")],
            },
            {
                "@type": "cr:RecordSet",
                "@id": "sung",
                "field": [
                    field("sung", "species", "songs", "sp", references={"field": {"@id": "species/code"}}),
                    field("sung", "words", "songs"),
                    field("sung", "site", "songs"),
                ],
            },
        ],
    }


def test_a_reference_makes_the_class_table(tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "x" / "croissant.json", songs(tmp_path / "set" / "x"))
    for place in (file, file.parent):
        data = imported(place, tmp_path / "w")
        assert dict(zip(data.classes["class_name"], data.classes["family"], strict=True))["s4"] == "crow"
        assert (
            data.inputs[:][0].startswith("song of number")
            and data.description.licence == "CC0"
            and "Somebody 2020" in data.description.provenance
        )
        assert set(data.instances["site"]) == {f"site {i}" for i in range(4)}
        assert data.description.title == "Songs" and "names rows of species" in notes_of(data)


def test_names_in_the_place_of_ids_and_rows_that_are_written_out_are_read_too(tmp_path: Path) -> None:
    """As documents before 1.0, and as enumerations."""
    said = songs(tmp_path / "set")
    rows = pd.read_csv(tmp_path / "set" / "species.csv").to_dict("records")
    said["recordSet"][0] = {"@type": "cr:RecordSet", "name": "species", "field": [{"name": one} for one in rows[0]], "data": rows}
    for one in said["recordSet"][1]["field"]:
        del one["@id"]
        one["source"]["fileObject"] = "songs"
    said["recordSet"][1]["field"][0]["references"] = {"field": "species/code"}
    data = imported(write_json(tmp_path / "set" / "metadata.json", said), tmp_path / "w")
    assert len(data.classes) == 6 and data.classes["mass"].max() == 500


def test_a_set_of_pictures_is_the_input_and_a_regex_says_the_class(tmp_path: Path) -> None:
    for c in range(4):
        for i in range(4):
            save(tmp_path / "set" / "pictures" / f"kind{c}_{i}.png", picture(10 * c + i))
    files = {"@type": "cr:FileSet", "@id": "pictures", "encodingFormat": "image/png", "includes": "pictures/*.png"}

    def from_files(name: str, what: str, **more: Any) -> dict:
        return {
            "@id": f"shown/{name}",
            "name": name,
            "source": {"fileSet": {"@id": "pictures"}, "extract": {"fileProperty": what}, **more},
        }

    fields = [
        from_files("image", "content"),
        from_files("label", "fullpath", transform={"regex": r"pictures/(kind\d)_"}),
        from_files("name", "filename"),
    ]
    said = {"@context": CONTEXT, "name": "kinds", "distribution": [files], "recordSet": [{"@id": "shown", "field": fields}]}
    data = imported(write_json(tmp_path / "set" / "croissant.json", said), tmp_path / "w")
    assert data.classes["class_name"].tolist() == ["kind0", "kind1", "kind2", "kind3"] and data.inputs.shape == (16, 8, 8, 3)
    assert np.array_equal(data.inputs[5], picture(11))


def test_our_own_export_reads_as_croissant_too(tiny: Dataset, tmp_path: Path) -> None:
    folder = export(tiny, tmp_path / "out")
    (folder / "dataset.json").unlink()
    data = imported(folder, tmp_path / "w")
    assert np.array_equal(data.inputs, tiny.inputs) and data.classes["class_name"].tolist() == tiny.classes["class_name"].tolist()
    assert {one.name: (one.level, one.columns) for one in data.sources if one.name != "nothing"} == {
        one.name: (one.level, one.columns) for one in tiny.sources if one.name != "nothing"
    }
    ours, theirs = data.split(data.description.default_split), tiny.split("family-0")
    assert all(np.array_equal(ours[role], theirs[role]) for role in theirs)


def test_our_own_export_of_texts_reads_as_croissant_too(tmp_path: Path) -> None:
    texts = [f"utterance number {i} of many" for i in range(len(tiny_instances()))]
    ours = write_tiny(Workspace(tmp_path / "a"), inputs=texts, description=tiny_description(modality="text"))
    folder = export(ours, tmp_path / "out")
    (folder / "dataset.json").unlink()
    assert imported(folder, tmp_path / "w", input_column="text").inputs[:].tolist() == texts


@pytest.mark.parametrize(
    ("path", "to", "sentence"),
    [
        (("recordSet",), [], "describes no recordSet"),
        (("recordSet",), ["x"], "have to be lists of objects"),
        (("distribution", 0, "contentUrl"), "https://example.org/species.csv", "only files that are here are read"),
        (("distribution", 0, "contentUrl"), "../../species.csv", "outside of the folder"),
        (("distribution", 0, "contentUrl"), "kinds.csv", "and there is none in 'set'"),
        (
            ("recordSet", 0, "field", 1, "source", "extract", "column"),
            "familie",
            "is the column 'familie', which 'species.csv' does not have",
        ),
        (("recordSet", 1, "field", 0, "references"), {"field": {"@id": "species/kode"}}, "names the column 'kode' of 'species'"),
        (("recordSet", 1, "field", 0, "source", "extract", "column"), "site", "names 'site 0', which is no code of 'species'"),
        (("recordSet", 1, "field", 1, "source", "transform"), {"regex": "("}, "is no regular expression"),
    ],
)
def test_a_document_that_does_not_fit_its_files_is_one_sentence(path: tuple, to: Any, sentence: str, tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "croissant.json", changed(songs(tmp_path / "set"), *path, to=to))
    assert sentence in refused(file)


def test_where_nothing_can_be_read_the_sentence_says_why(tmp_path: Path) -> None:
    said = songs(tmp_path / "set")
    for one in said["distribution"]:
        one["containedIn"] = {"@id": "all.zip"}
    told = refused(write_json(tmp_path / "set" / "croissant.json", said))
    assert "could be read: the record set 'species' comes from 'species.csv', which is no table that is read here" in told


def test_a_document_that_is_cut_is_one_sentence_and_other_json_is_left_to_others(tmp_path: Path) -> None:
    file = write_json(tmp_path / "croissant.json", songs(tmp_path / "set"))
    file.write_text(file.read_text()[:-9])
    assert "is no JSON, or damaged" in refused(file)
    assert not croissant.claims(
        write_json(tmp_path / "other.json", {"@context": "https://schema.org/"})
    ) and not croissant.claims(tmp_path / "set")
