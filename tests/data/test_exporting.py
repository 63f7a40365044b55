"""A data set goes out as files and comes back the same, whatever its columns hold; a folder that was touched does not."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from metadash.checksums import hashed, sealed
from metadash.data.dataset import Dataset, write_dataset
from metadash.data.exporting.export import export
from metadash.data.exporting.restore import is_export, restore
from metadash.data.exporting.tables import TABLES, read_table, types_of, write_table
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_classes, tiny_description, tiny_instances, tiny_splits, write_tiny

N = len(tiny_instances())


@pytest.fixture(scope="module")
def exported(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tiny, tmp_path_factory.mktemp("exported") / "tiny")


@pytest.fixture
def touched(exported: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for file in exported.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def same(one: Dataset, other: Dataset) -> None:
    assert other.fingerprint == one.fingerprint and other.description == one.description
    for name in ("classes", "instances", "splits"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert [*one.inputs[:]] == [*other.inputs[:]] if one.modality.stored == "texts" else np.array_equal(one.inputs, other.inputs)
    assert not other.flaws()


def test_what_goes_out_comes_back_the_same(tiny: Dataset, exported: Path, tmp_path: Path) -> None:
    same(tiny, restore(Workspace(tmp_path), exported))


def test_texts_and_vectors_come_back_the_same_too(tmp_path: Path) -> None:
    texts = [f"line {i}\nof it, “quoted” \u202e" for i in range(N)]
    vectors = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
    for modality, inputs in (("text", texts), ("vector", vectors)):
        data = write_tiny(
            Workspace(tmp_path / "a"),
            inputs=inputs,
            description=tiny_description(modality, modality=modality, thumbnail_note=modality),
        )
        same(data, restore(Workspace(tmp_path / "b"), export(data, tmp_path / modality)))


def test_glyphs_come_back_as_themselves_and_under_another_name(glyphs_workspace: Workspace, tmp_path: Path) -> None:
    glyphs = open_dataset(glyphs_workspace, "glyphs")
    folder = export(glyphs, tmp_path / "out")
    assert restore(glyphs.workspace, folder).folder == glyphs.folder, "the same content under the same name is the same data set"
    again = restore(Workspace(tmp_path / "w"), folder, "letters")
    assert again.fingerprint == glyphs.fingerprint and again.name == "letters" and not again.flaws()


def test_the_same_content_gives_the_same_files(tiny: Dataset, exported: Path, tmp_path: Path) -> None:
    again = export(tiny, tmp_path / "again")
    assert {file.name: hashed(file) for file in exported.iterdir()} == {file.name: hashed(file) for file in again.iterdir()}


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("HUGEINT", "170141183460469231731687303715884105727"),
        ("UHUGEINT[]", "[340282366920938463463374607431768211455]"),
        ("INTERVAL", "'1 month 3 days 00:00:01.123456'"),
        ("TIMETZ", "'10:00:00+02'"),
        ("TIMESTAMP_NS", "'2020-01-01 00:00:00.123456789'"),
        ("TIMESTAMPTZ", "'2020-01-01 00:00:00+02'"),
        ("TIMESTAMP_S", "'2020-01-01'"),
        ("ENUM('INTERVAL', 'x[1]')", "'x[1]'"),
        ("FLOAT[3]", "[1, 2, 3]"),
        ("VARCHAR[]", "['a', NULL]"),
        ('STRUCT("HUGEINT" INTEGER, b VARCHAR)', "{'HUGEINT': 1, 'b': 'x'}"),
        ("MAP(VARCHAR, INTEGER)", "MAP{'a': 1}"),
        ("BLOB", "'\\xAA'::BLOB"),
        ("BIT", "'0101'"),
        ("UUID", "'4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'"),
        ("DECIMAL(38, 10)", "1.0000000001"),
        ("DOUBLE", "'-inf'"),
        ("UTINYINT", "255"),
        ("DATE", "NULL"),
    ],
)
def test_a_value_of_any_type_comes_back_exactly(type: str, value: str, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f'CREATE TABLE classes AS SELECT CAST({value} AS {type}) AS "a b"')
        types = write_table(connection, "classes", tmp_path / "classes.parquet")
        connection.execute("ALTER TABLE classes RENAME TO before")
        read_table(connection, "classes", tmp_path / "classes.parquet", types)
        assert types_of(connection, "classes") == types
        assert connection.execute(
            'SELECT (SELECT "a b" FROM before) IS NOT DISTINCT FROM (SELECT "a b" FROM classes)'
        ).fetchone() == (True,)


def test_what_croissant_says_is_what_lies_there(tiny: Dataset, exported: Path) -> None:
    """Every column of every table is found where the document says, and each reference names a key that holds all its values."""
    told = json.loads((exported / "croissant.json").read_text(encoding="utf-8"))
    assert told["conformsTo"].endswith("/croissant/1.0") and told["license"] == tiny.description.licence
    for file in told["distribution"]:
        assert hashed(exported / file["contentUrl"]) == file["sha256"]
    read: dict[str, pd.Series] = {}
    for name in TABLES:
        (records,) = (one for one in told["recordSet"] if one["@id"] == name)
        frame = pd.read_parquet(exported / f"{name}.parquet")
        for field in records["field"]:
            assert field["source"]["fileObject"]["@id"] == f"{name}.parquet"
            read[field["@id"]] = frame[field["source"]["extract"]["column"]]
        assert len(records["field"]) == len(frame.columns)
        if "key" in records:
            assert read[records["key"]["@id"]].is_unique
    references = {
        field["@id"]: field["references"]["field"]["@id"]
        for one in told["recordSet"]
        for field in one["field"]
        if "references" in field
    }
    assert references == {"instances/class_id": "classes/class_id", "splits/class_id": "classes/class_id"}
    assert all(read[one].isin(read[other]).all() for one, other in references.items())
    kinds = {field["name"]: field["dataType"] for field in told["recordSet"][0]["field"]}
    assert (
        kinds["size"] == "sc:Float"
        and kinds["count"] == "sc:Integer"
        and kinds["is_round"] == "sc:Boolean"
        and kinds["found"] == "sc:DateTime"
    )
    (groups,) = (one for one in told["recordSet"] if one["@id"] == "sources")
    assert [row["sources/columns"] for row in groups["data"]] == [list(source.columns) for source in tiny.sources]


def test_texts_are_a_table_that_refers_to_its_instances(tmp_path: Path) -> None:
    about = tiny_description(modality="text")
    data = write_tiny(Workspace(tmp_path / "w"), inputs=[f"text {i}" for i in range(N)], description=about)
    folder = export(data, tmp_path / "out")
    assert pq.read_table(folder / "inputs.parquet").column_names == ["instance_id", "text"]
    told = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    (inputs,) = (one for one in told["recordSet"] if one["@id"] == "inputs")
    assert inputs["field"][0]["references"] == {"field": {"@id": "instances/instance_id"}}


def test_a_place_that_is_taken_is_refused_and_stays_as_it_was(tiny: Dataset, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for place, sentence in (
        (tmp_path / "full", "is not empty; export into a new one"),
        (tmp_path / "full" / "mine.txt", "is a file; export into a new folder"),
        (tmp_path / "full" / "mine.txt" / "below", r"could not be written|cannot be looked into"),
        (tiny.workspace.datasets / "other", "outside of it"),
    ):
        with pytest.raises(BadInput, match=sentence) as refusal:
            export(tiny, place)
        one_sentence(refusal.value)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"] and (
        tmp_path / "full" / "mine.txt"
    ).read_text() == "mine"
    assert not (tiny.workspace.datasets / "other").exists()
    (tmp_path / "empty").mkdir()
    assert export(tiny, tmp_path / "empty") == tmp_path / "empty", "an empty folder is as good as a new one"


def test_a_full_disk_leaves_nothing_behind(tiny: Dataset, full_disk: Path) -> None:
    with pytest.raises(BadInput, match="Free some space"):
        export(tiny, full_disk / "out")
    assert not any(full_disk.iterdir())


@pytest.mark.parametrize("name", ["classes.parquet", "inputs.npy", "dataset.json"])
def test_a_file_that_was_touched_or_is_gone_is_named_and_nothing_is_made(name: str, touched: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    file = touched / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BadInput, match=rf"{name}.*(not as it was exported|holds no data set)"):
        restore(workspace, touched)
    file.unlink()
    with pytest.raises(BadInput, match=f"{name}|no data set that MetaDash exported"):
        restore(workspace, touched)
    assert not any(workspace.datasets.iterdir())


def resealed(folder: Path, **changes: object) -> Path:
    record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    record = {key: value for key, value in {**record, **changes}.items() if key != "checksum" and value is not None}
    (folder / "dataset.json").write_text(json.dumps(sealed(record)), encoding="utf-8")
    return folder


def types(column: str, type: str) -> dict:
    return {"types": {table: {column: type} for table in TABLES}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "../outside"}, "cannot be the name of a data set"),
        ({"name": "glyphs"}, "comes with MetaDash"),
        ({"sources": [{"name": "x", "colums": ["y"]}]}, "another version of MetaDash"),
        ({"title": None}, "another version of MetaDash"),
        ({"modality": "smell"}, "no kind of inputs 'smell'"),
        (types("no such", "VARCHAR"), "cannot be read"),
        (types("size", "NUMBRE"), "cannot be read"),
        (types("size", "DOUBLE) AS a, (SELECT content FROM read_text('/etc/hostname')"), "cannot be read"),
        ({"types": {}}, "another version of MetaDash"),
        ({"types": None}, "another version of MetaDash"),
        ({"files": {"../../etc/passwd": "0"}}, "not as it was exported"),
    ],
)
def test_a_record_that_says_what_cannot_be_is_one_sentence(changes: dict, sentence: str, touched: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(BadInput, match=sentence) as refusal:
        restore(workspace, resealed(touched, **changes))
    one_sentence(refusal.value)
    assert [folder.name for folder in workspace.datasets.iterdir() if not folder.name.startswith(".")] in ([], ["glyphs"])


def test_a_name_with_other_content_is_not_overwritten(tiny: Dataset, exported: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    other = write_dataset(
        workspace, tiny_description(), tiny_classes(3), tiny_instances(), np.asarray(tiny.inputs), tiny_splits(tiny_classes(3))
    )
    with pytest.raises(BadInput, match="already another data set 'tiny'"):
        restore(workspace, exported)
    assert Dataset.open(workspace, "tiny").fingerprint == other.fingerprint
    assert restore(workspace, exported, "tiny-2").fingerprint == tiny.fingerprint


def test_only_an_exported_folder_is_taken_for_one(tiny: Dataset, exported: Path, tmp_path: Path) -> None:
    assert (
        is_export(exported)
        and not is_export(tiny.folder)
        and not is_export(tmp_path)
        and not is_export(exported / "dataset.json")
    )


def test_the_verb_writes_what_python_writes(tiny: Dataset, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    line = ["datasets", "export", "tiny", "--out", str(tmp_path / "out"), "--workspace", str(tiny.workspace.root), "--json"]
    assert cli.main(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fingerprint"] == tiny.fingerprint and told["files"] == sorted(file.name for file in exported.iterdir())
    assert cli.main(line) == cli.BAD_INPUT and "is not empty" in capsys.readouterr().err
