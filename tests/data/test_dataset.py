"""A data set is written whole or not at all, is opened by everybody at once, and says in one sentence what is wrong with it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.reading import read_columns
from metadash.data.dataset import Dataset, Source
from metadash.data.library import entries, open_dataset
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    N_CLASSES,
    PER_CLASS,
    SIDE,
    one_sentence,
    tiny_classes,
    tiny_description,
    tiny_images,
    tiny_instances,
    tiny_splits,
    tiny_vectors,
    write_tiny,
    write_vectors,
)

# --- written and read back ---------------------------------------------------------------------------------------------------


def test_what_was_written_is_what_is_read(tiny: Dataset) -> None:
    pd.testing.assert_frame_equal(tiny.classes.drop(columns="remark"), tiny_classes().drop(columns="remark"), check_dtype=False)
    assert tiny.classes["remark"].isna().all()
    assert tiny.instances["site"].tolist() == tiny_instances()["site"].tolist()
    assert np.array_equal(tiny.inputs, tiny_images())
    assert np.array_equal(tiny.class_of, np.repeat(np.arange(N_CLASSES), PER_CLASS))
    assert tiny.sources == tiny_description().sources
    assert tiny.description == tiny_description()


def test_held_open_it_is_opened_once_for_all_that_is_asked(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metadash.data.dataset.is_whole", lambda path, sha256: True)
    data = Dataset.open(own_workspace, "tiny")
    with data.held_open():
        data.database.rename(data.folder / "aside")  # who opened it anew would not find it
        assert len(data.classes) == N_CLASSES and len(data.instances) == N_CLASSES * PER_CLASS
    with pytest.raises(BadInput, match="cannot be read"):
        data.frame("SELECT 1")


def test_missing_values_stay_missing(tiny: Dataset) -> None:
    assert np.array_equal(tiny.classes["weight"].isna(), tiny_classes()["weight"].isna())


def test_some_columns_of_the_instances_are_read_without_the_others(tiny: Dataset) -> None:
    found = tiny.instance_columns(["taken", "site"])
    pd.testing.assert_frame_equal(found, tiny.instances[["taken", "site"]])
    with pytest.raises(BadInput, match="The table instances has no column 'sight'"):
        tiny.instance_columns(["site", "sight"])


def test_a_column_of_the_instances_is_read_once(tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dataset.open(tiny_workspace, "tiny")
    first = data.instance_columns(["site"])
    first["site"] = "overwritten by the one who asked"
    read: list[str] = []
    monkeypatch.setattr("metadash.data.dataset.read_columns", lambda *asked: read.extend(asked[2]) or read_columns(*asked))
    again = data.instance_columns(["taken", "site"])
    assert again.equals(data.instances[["taken", "site"]]) and "taken" in read and "site" not in read


def test_inputs_are_mapped_not_read(tiny: Dataset) -> None:
    assert isinstance(tiny.inputs, np.memmap)
    assert tiny.inputs.shape == (N_CLASSES * PER_CLASS, SIDE, SIDE)
    with pytest.raises(ValueError, match="read-only"):
        tiny.inputs[0, 0, 0] = 1


def test_a_connection_is_read_only_and_several_may_be_open(tiny: Dataset) -> None:
    with tiny.connect() as one, tiny.connect() as other:
        assert one.execute("SELECT count(*) FROM classes").fetchone() == other.execute("SELECT count(*) FROM classes").fetchone()
        with pytest.raises(duckdb.Error):
            one.execute("DELETE FROM classes")


def test_another_process_may_read_while_this_one_does(tiny: Dataset) -> None:
    program = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute('FROM classes').df().shape[0])"
    with tiny.connect() as connection:
        connection.execute("SELECT 1")
        done = subprocess.run([sys.executable, "-c", program, str(tiny.database)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(N_CLASSES), done.stderr


def test_sources_stand_in_the_database_too(tiny: Dataset) -> None:
    rows = tiny.frame("SELECT name, level, len(columns) AS n FROM sources ORDER BY name")
    assert rows.set_index("name")["n"].to_dict() == {source.name: len(source.columns) for source in tiny.sources}


# --- the fingerprint ---------------------------------------------------------------------------------------------------------


def fingerprint(root: Path, **parts: Any) -> str:
    return write_tiny(Workspace(root), **parts).fingerprint


def test_writing_the_same_content_again_gives_the_same_fingerprint(tiny: Dataset, tmp_path: Path) -> None:
    assert fingerprint(tmp_path) == tiny.fingerprint


def changed_image() -> np.ndarray:
    images = tiny_images()
    images[-1, -1, -1] ^= 1
    return images


def changed_split() -> pd.DataFrame:
    splits = tiny_splits(tiny_classes())
    splits.loc[0, "role"] = "test" if splits.loc[0, "role"] == "train" else "train"
    return splits


def changed_sources() -> Any:
    return tiny_description(sources=(*CLASS_SOURCES, Source("more", "class", ("size",))))


@pytest.mark.parametrize(
    "parts",
    [
        {"inputs": changed_image()},
        {"classes": tiny_classes().assign(size=lambda frame: frame["size"] + 1e-9)},
        {"instances": tiny_instances().rename(columns={"blank": "empty"})},
        {"instances": tiny_instances().assign(site=lambda frame: frame["site"].str.upper())},
        {"splits": changed_split()},
        {"description": changed_sources()},
    ],
    ids=["one pixel", "a value", "a column's name", "an instance's value", "a role", "a source"],
)
def test_any_change_of_content_changes_the_fingerprint(parts: dict[str, Any], tiny: Dataset, tmp_path: Path) -> None:
    assert fingerprint(tmp_path, **parts) != tiny.fingerprint


@pytest.mark.parametrize("shape", [(SIDE, SIDE, 4), (3, SIDE, SIDE), (SIDE,), (SIDE, SIDE, 3, 1)])
def test_images_that_are_neither_grey_nor_have_three_colours_last_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    inputs = np.zeros((N_CLASSES * PER_CLASS, *shape), dtype=np.uint8)
    with pytest.raises(BadInput, match="colours last") as refusal:
        write_tiny(Workspace(tmp_path), inputs=inputs)
    one_sentence(refusal.value)
    with pytest.raises(BadInput, match="it must be a row of numbers"):
        write_tiny(Workspace(tmp_path), inputs=tiny_images(), description=tiny_description(modality="vector"))


def test_the_type_of_the_numbers_counts_as_content(tmp_path: Path) -> None:
    single, double = (
        write_vectors(Workspace(tmp_path / kind.__name__), inputs=tiny_vectors().astype(kind))
        for kind in (np.float32, np.float64)
    )
    assert single.fingerprint != double.fingerprint


def test_a_title_is_no_content(tiny: Dataset, tmp_path: Path) -> None:
    assert fingerprint(tmp_path, description=tiny_description(title="Other words")) == tiny.fingerprint


def test_a_column_of_vectors_can_be_stored_and_counts_as_content(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).random((N_CLASSES, 3)).tolist()
    first = write_tiny(Workspace(tmp_path / "a"), classes=tiny_classes().assign(vector=[None, *vectors[1:]]))
    other = write_tiny(Workspace(tmp_path / "b"), classes=tiny_classes().assign(vector=[None, *vectors[:0:-1]]))
    assert first.fingerprint != other.fingerprint
    assert np.asarray(first.classes["vector"][5]).tolist() == vectors[5]


# --- tables that do not belong together --------------------------------------------------------------------------------------


def with_row(frame: pd.DataFrame, **values: Any) -> pd.DataFrame:
    return pd.concat([frame, pd.DataFrame([{**frame.iloc[-1].to_dict(), **values}])], ignore_index=True)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"classes": tiny_classes().iloc[:0]}, "classes is empty"),
        ({"classes": tiny_classes().iloc[::-1]}, "class_id that counts its rows from 0"),
        ({"classes": tiny_classes().drop(columns="class_id")}, "class_id that counts its rows from 0"),
        ({"classes": tiny_classes().drop(columns="class_name")}, "needs a column class_name"),
        ({"classes": tiny_classes().assign(class_name=lambda f: f["class_name"].where(f["class_id"] != 3))}, "class_name"),
        ({"instances": tiny_instances().iloc[:0]}, "instances is empty"),
        ({"instances": tiny_instances().drop(columns="class_id")}, "needs a column class_id"),
        ({"instances": tiny_instances().assign(class_id=99)}, "names a class_id"),
        ({"inputs": tiny_images()[:-1]}, "1199 inputs for 1200 rows"),
        ({"splits": changed_split().assign(role="exam")}, "role 'exam'"),
        ({"splits": with_row(changed_split())}, "stands twice in one split"),
        ({"splits": with_row(changed_split(), class_id=99)}, "splits name a class_id"),
        ({"splits": changed_split().drop(columns="role")}, "needs a column role"),
        (
            {"description": tiny_description(sources=(Source("wrong", "class", ("nowhere",)),))},
            "source 'wrong' names the column 'nowhere'",
        ),
        ({"description": tiny_description(sources=(Source(" ", "class", ("remark",)),))}, "named ' '"),
        ({"description": tiny_description(default_split="other")}, "split 'other'"),
        ({"description": tiny_description(sibling_column="nowhere")}, "'nowhere'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_that_do_not_belong_together_are_refused_and_leave_nothing(
    parts: dict[str, Any], words: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    splits = parts.pop("splits", tiny_splits(tiny_classes()))
    with pytest.raises(BadInput, match=words) as caught:
        write_tiny(workspace, splits=splits, **parts)
    one_sentence(caught.value)
    assert list(workspace.datasets.iterdir()) == []


def test_an_import_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> str:
        raise RuntimeError("a defect in the middle")

    monkeypatch.setattr("metadash.data.dataset.fingerprint_of", fail)
    workspace = Workspace(tmp_path)
    with pytest.raises(RuntimeError):
        write_tiny(workspace)
    assert list(workspace.datasets.iterdir()) == []


@pytest.mark.parametrize("inputs", [tiny_images(), tiny_images()[:, :4, :4]], ids=["inputs too large", "tables too large"])
def test_an_import_onto_a_full_disk_is_one_sentence_and_leaves_nothing(inputs: np.ndarray, full_disk: Path) -> None:
    workspace = Workspace(full_disk / "workspace")
    with pytest.raises(BadInput, match="'tiny' could not be written: the disk is full") as caught:
        write_tiny(workspace, inputs=inputs)
    one_sentence(caught.value)
    assert list(workspace.datasets.iterdir()) == []


def test_other_content_under_a_name_that_is_taken_is_refused(own_workspace: Workspace) -> None:
    """The folder that is there stays, so what was given would silently be another data set than what is read."""
    before = Dataset.open(own_workspace, "tiny").fingerprint
    with pytest.raises(BadInput, match="already"):
        write_tiny(own_workspace, inputs=changed_image())
    assert write_tiny(own_workspace).fingerprint == before


# --- damage ------------------------------------------------------------------------------------------------------------------


def use(dataset: Dataset) -> None:
    """Read everything a run would read."""
    assert len(dataset.classes) and len(dataset.instances) and dataset.split("family-0")
    assert dataset.inputs[-1].sum() >= 0


def edit_json(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / "dataset.json").read_text())
    for key, value in changes.items():
        if value is None:
            del content[key]
        else:
            content[key] = value
    (folder / "dataset.json").write_text(json.dumps(content))


def overwrite(path: Path, start: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "dataset.json").write_text('{"format": 1, "finger'),
        lambda folder: (folder / "dataset.json").write_text("[]"),
        lambda folder: (folder / "dataset.json").unlink(),
        lambda folder: edit_json(folder, format=99),
        lambda folder: edit_json(folder, fingerprint=None),
        lambda folder: edit_json(folder, sources="name"),
        lambda folder: edit_json(folder, sources=[{"name": "x"}]),
        lambda folder: edit_json(folder, surprise=1),
        lambda folder: (folder / "inputs.npy").unlink(),
        lambda folder: (folder / "inputs.npy").write_bytes(b""),
        lambda folder: (folder / "inputs.npy").write_bytes(b"no array"),
        lambda folder: overwrite(folder / "inputs.npy", 0, b"\x00" * 16),
        lambda folder: (folder / "inputs.npy").write_bytes((folder / "inputs.npy").read_bytes()[:-1000]),
        lambda folder: np.save(folder / "inputs.npy", tiny_images()[:7]),
        lambda folder: (folder / "metadata.duckdb").unlink(),
        lambda folder: (folder / "metadata.duckdb").write_bytes(b""),
        lambda folder: (folder / "metadata.duckdb").write_bytes(b"not a database" * 1000),
        lambda folder: (folder / "metadata.duckdb").write_bytes((folder / "metadata.duckdb").read_bytes()[:20_000]),
        lambda folder: overwrite(folder / "metadata.duckdb", 12_300, b"\xa5" * 400_000),
        lambda folder: [overwrite(folder / "metadata.duckdb", place, b"\xa5" * 64) for place in range(270_000, 1_300_000, 4096)],
        lambda folder: duckdb.connect(str(folder / "metadata.duckdb")).execute("DROP TABLE splits").close(),
    ],
    ids=[
        "json half",
        "json of another kind",
        "json missing",
        "json of another version",
        "json without fingerprint",
        "json with sources of a wrong type",
        "json with half a source",
        "json with an unknown field",
        "inputs missing",
        "inputs empty",
        "inputs no array",
        "inputs with a broken head",
        "inputs cut",
        "inputs of another data set",
        "database missing",
        "database empty",
        "database of another kind",
        "database cut",
        "database overwritten at its head",
        "database overwritten inside",
        "database without a table",
    ],
)
def test_damage_is_one_sentence_and_never_a_stack_trace(damage: Any, own_workspace: Workspace) -> None:
    damage(own_workspace.datasets / "tiny")
    with pytest.raises(BadInput, match="tiny") as caught:
        use(Dataset.open(own_workspace, "tiny"))
    assert "delete its folder" in one_sentence(caught.value)


@pytest.mark.parametrize("name", ["nothing", "", ".", "..", "../datasets/tiny", "tiny/", "tiny\0"])
def test_a_data_set_that_is_not_there_is_named(name: str, tiny_workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="There is no data set"):
        open_dataset(tiny_workspace, name)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda dataset: dataset.split("nowhere"), "no split 'nowhere'; it has family-0, family-1"),
        (lambda dataset: dataset.source("nowhere"), "no source 'nowhere'; it has size"),
        (lambda dataset: dataset.question("nowhere"), "no question 'nowhere'; it has marks, any"),
    ],
)
def test_what_a_data_set_does_not_have_is_named_with_what_it_has(ask: Any, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput, match=words):
        ask(tiny)


# --- the library -------------------------------------------------------------------------------------------------------------


def test_the_list_names_what_is_there_what_is_damaged_and_what_could_be_installed(own_workspace: Workspace) -> None:
    write_tiny(own_workspace, "broken")
    (own_workspace.datasets / "broken" / "dataset.json").unlink()
    (own_workspace.datasets / ".half.part").mkdir()
    found = {entry.name: entry for entry in entries(own_workspace)}
    assert set(found) == {"tiny", "broken", "glyphs"}
    assert found["tiny"].installed and not found["tiny"].problem
    assert "damaged" in found["broken"].problem
    assert not found["glyphs"].installed


def test_glyphs_are_in_a_fresh_workspace_in_under_ten_seconds(tmp_path: Path) -> None:
    started = time.monotonic()
    dataset = open_dataset(Workspace(tmp_path), "glyphs")
    assert time.monotonic() - started < 10
    assert dataset.inputs.shape == (len(dataset.instances), 28, 28)
    assert dataset.inputs.dtype == np.uint8


def test_what_glyphs_asks_can_be_answered_from_what_it_has(glyphs_workspace: Workspace) -> None:
    dataset = Dataset.open(glyphs_workspace, "glyphs")
    assert dataset.description.default_split in dataset.split_names
    assert {source.level for source in dataset.sources} == {"class", "instance"}
    for question in dataset.description.questions:
        assert {dataset.source(name).level for name in question.sources} == {"class"}


def test_splits_of_glyphs_keep_every_letter_together(glyphs_workspace: Workspace) -> None:
    dataset = Dataset.open(glyphs_workspace, "glyphs")
    letter = dataset.classes["base_letter"].to_numpy()
    for name in dataset.split_names:
        roles = [set(letter[members]) for members in dataset.split(name).values()]
        assert not roles[0] & roles[1] and not roles[0] & roles[2] and not roles[1] & roles[2]
        assert all(roles)
