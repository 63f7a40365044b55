"""What people's files have wrong with them: each gets its one sentence, or a note, and nothing half-made is ever seen."""

import errno
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from metadash.data.importing import staging
from metadash.data.importing.landing import land
from metadash.data.importing.preview import preview
from metadash.data.importing.readers import places
from metadash.errors import BadInput
from metadash.workspace import Workspace, hidden_folder, sweep
from tests.builders import one_sentence
from tests.data.importing.makers import imported, notes_of, photos, picture, png, save, songs, zipped


def seen(workspace: Workspace) -> list[str]:
    """Everything in the folder of data sets, hidden or not."""
    return sorted(path.name for path in workspace.datasets.iterdir())


def csv(tmp_path: Path, text: str | bytes, name: str = "songs.csv") -> Path:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path / name


SONGS = songs().to_csv(index=False)

REFUSED = {
    "an empty file": ("", "'songs.csv' is empty"),
    "a header alone": ("text,species\n", "has no rows below its header"),
    "two columns of one name": ("text,Text,species\na,b,c\n", "two columns 'Text' .upper and lower case count as one."),
    "one class": ("text,species\n" + "".join(f"a song {i},wren\n" for i in range(9)), "There is 1 class of two instances"),
    "no class at all": (
        "a,b\n1,2\n3,4\n5,6\n",
        "No column looks as if it said the class of each row; name it with --class-column",
    ),
    "no input at all": ("species,size\n" + "bird 1,2\nbird 2,3\n" * 9, "No column holds an input for each instance"),
    "a line too short": (SONGS + "a,b\n", "has 2 values where the header has 5 .“a,b”."),
    "bytes that are no text": (b"\x00\x01\x02" * 99, "holds bytes that are no characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_be_imported_is_refused_in_one_sentence(case: str, tmp_path: Path, workspace: Workspace) -> None:
    text, sentence = REFUSED[case]
    with pytest.raises(BadInput, match=sentence) as refusal:
        imported(workspace, csv(tmp_path, text))
    one_sentence(refusal.value)
    assert seen(workspace) == []


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"class_column": "specie"}, "did you mean 'species'"),
        ({"input_column": "txt"}, "did you mean 'text'"),
        ({"role": ["station"]}, "write COLUMN=ROLE"),
        ({"role": {"station": "place"}}, "'place' is no role of a column"),
        ({"role": {"station": "class-metadata"}}, "several values in the class 'bird 0'"),
        ({"role": {"station": "siblings"}}, "does not describe classes"),
        ({"name": "../songs"}, "cannot be the name of a data set"),
        ({"name": "glyphs"}, "a data set that MetaDash knows"),
        ({"encoder": "word2vec"}, "no encoder 'word2vec' of texts"),
        ({"side": 999}, "side"),
        ({"seed": -1}, "seed"),
        ({"side": 8}, "--side would be ignored: the inputs are texts"),
        ({"table": "sheet 2"}, "There is no table 'sheet 2'"),
        ({"split_column": "family"}, "holds 'family 0'; its values have to be train, validation or test"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(choices: dict, sentence: str, tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        imported(workspace, csv(tmp_path, SONGS), **choices)
    one_sentence(refusal.value)
    assert seen(workspace) == []


def test_rows_without_a_class_are_left_out_and_nothing_but_such_rows_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    data = imported(workspace, csv(tmp_path, SONGS.replace("bird 0,", "  ,")))
    assert len(data.classes) == 8 and "6 of 54 rows have no value in ‘species’, the first row 1, and were left out." in notes_of(
        data
    )
    bare = songs().assign(species="").to_csv(index=False)
    with pytest.raises(BadInput, match="None of the 54 rows has both a class and an input"):
        imported(workspace, csv(tmp_path, bare), class_column="species")


def test_what_lies_nowhere_or_is_of_no_kind_is_said(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "empty").mkdir()
    for path, sentence in (
        (tmp_path / "nowhere", "no file or folder 'nowhere'"),
        (csv(tmp_path, "a", "songs.mp3"), "nothing that can be imported"),
        (tmp_path / "empty", "no pictures and no tables"),
        (csv(tmp_path, '{"a": 1}\n{b\n', "songs.jsonl"), "Line 2 of 'songs.jsonl' is no JSON"),
        (csv(tmp_path, "PK", "songs.xlsx"), "'songs.xlsx' cannot be read as Excel"),
        (csv(tmp_path, "PK", "songs.parquet"), "'songs.parquet' cannot be read"),
        (csv(tmp_path, "PK", "songs.duckdb"), "'songs.duckdb' cannot be read"),
        (csv(tmp_path, "PK", "photos.zip"), "'photos.zip' cannot be read as a zip file"),
    ):
        with pytest.raises(BadInput, match=sentence) as refusal:
            imported(workspace, path)
        one_sentence(refusal.value)
    assert seen(workspace) == []


# --- rows and classes that do not all fit --------------------------------------------------------------------------------------


def test_classes_of_one_instance_are_kept_and_in_no_task(tmp_path: Path, workspace: Workspace) -> None:
    table = pd.concat([songs(), songs(13, 1).tail(4)])
    data = imported(workspace, csv(tmp_path, table.to_csv(index=False)))
    assert len(
        data.classes
    ) == 13 and "4 of 13 classes have one instance (bird 10, bird 11, bird 12…); kept, but in no task." in notes_of(data)
    lone = data.classes.index[np.bincount(data.class_of) == 1]
    for split in (data.description.default_split, "fold-1-of-3", "fold-2-of-3"):
        drawn = np.concatenate(list(data.split(split).values()))
        assert len(drawn) == 9 and not set(drawn) & set(lone)


def test_a_table_of_classes_may_miss_some_and_have_others(tmp_path: Path, workspace: Workspace) -> None:
    species = csv(tmp_path, "species,mass\n" + "".join(f"bird {c},{1.5 * c}\n" for c in range(2, 11)), "species.csv")
    data = imported(workspace, csv(tmp_path, SONGS), classes=species)
    assert data.classes["mass"].isna().sum() == 2 and "does not have 2 of 9 classes (bird 0, bird 1)" in notes_of(data)
    assert "2 classes of the table of classes have no instances, and were left out" in notes_of(data)
    twice = csv(tmp_path, "species,mass\nbird 1,2\nbird 1,3\n", "twice.csv")
    with pytest.raises(BadInput, match="two rows of species 'bird 1'"):
        imported(workspace, tmp_path / "songs.csv", classes=twice)


def test_a_split_that_shares_classes_is_dealt_anew_and_one_of_two_parts_is_filled(tmp_path: Path, workspace: Workspace) -> None:
    shared = songs().assign(split=["train", "test", "val"] * 18)
    data = imported(workspace, csv(tmp_path, shared.to_csv(index=False), "shared.csv"))
    assert data.split_names == ["default"] and "9 of 9 classes are in several parts" in notes_of(data)
    parted = songs().assign(part=lambda table: np.where(table["family"] < "family 3", "training", "testing"))
    data = imported(workspace, csv(tmp_path, parted.to_csv(index=False), "parted.csv"))
    assert data.split_names == ["part"] and {role: len(ids) for role, ids in data.split("part").items()} == {
        "train": 4,
        "validation": 2,
        "test": 3,
    }
    assert "no validation classes; 2 of its 6 training classes were taken" in notes_of(data)


def test_vectors_that_hold_no_numbers_are_left_out_and_named(tmp_path: Path, workspace: Workspace) -> None:
    table = songs().drop(columns="text").assign(vector=[[float(i), 1.0] for i in range(54)])
    table.at[3, "vector"], table.at[5, "vector"] = [1.0, np.nan], [np.inf, 0.0]
    table.to_parquet(tmp_path / "v.parquet")
    data = imported(workspace, tmp_path / "v.parquet")
    assert data.inputs.shape == (52, 2)
    assert (
        "2 of 54 vectors cannot be read and were left out (row 4 holds nan in place 2, row 6 holds inf in place 1)"
        in notes_of(data)
    )
    table.at[7, "vector"] = [1.0]
    table.to_parquet(tmp_path / "v.parquet")
    with pytest.raises(BadInput, match="'vector' have 1 to 2 numbers"):
        imported(workspace, tmp_path / "v.parquet")


def test_a_text_of_ten_megabytes_and_names_of_any_letters_are_texts_like_any_other(tmp_path: Path, workspace: Workspace) -> None:
    long = SONGS.replace("bird", "طائر") + '"' + "é" * 5_000_000 + '",طائر 1,family 0,13.5,station 1\n'
    data = imported(workspace, csv(tmp_path, long))
    assert len(data.inputs[-1]) == 5_000_000 or max(map(len, data.inputs[:])) == 5_000_000
    assert data.classes["class_name"].str.startswith("طائر").all()


def test_ids_that_stand_twice_and_columns_that_are_mixed_or_no_dates_are_shown(tmp_path: Path) -> None:
    table = songs().assign(weight=[*map(str, range(53)), "heavy"], day=["30.02.2020", *["01.02.2020"] * 53], blank="")
    table["key"] = [*range(53), 5]
    found = preview(csv(tmp_path, table.to_csv(index=False)), roles={"key": "id"}).columns.set_index("name")
    assert not found["wrong"]["text"] and "an id that stands twice, such as 5" in found["wrong"]["key"]
    assert "all are numbers but 1 of 54 values, the first ‘heavy’ in row 54" in found["wrong"]["weight"]
    assert "no date: 1 of 54 values, the first ‘30.02.2020’ in row 1" in found["wrong"]["day"]
    assert found["wrong"]["blank"] == "empty" and found["role"]["blank"] == "ignored"


# --- pictures ----------------------------------------------------------------------------------------------------------------


def test_a_third_of_pictures_that_cannot_be_read_are_left_out_with_their_names(tmp_path: Path, workspace: Workspace) -> None:
    folder = photos(tmp_path / "photos")
    for c in range(9):
        for i in range(2):
            whole = (folder / f"bird {c}" / f"{i}.png").read_bytes()
            (folder / f"bird {c}" / f"{i}.png").write_bytes(b"no picture" if i else whole[: len(whole) // 2])
    data = imported(workspace, folder)
    assert data.inputs.shape == (36, 10, 12)
    assert (
        "18 of 54 pictures cannot be read and were left out (‘bird 0/0.png’ is damaged, ‘bird 0/1.png’ is no picture"
        in notes_of(data)
    )
    np.testing.assert_array_equal(data.inputs[0], picture(2))


def test_a_picture_of_more_pixels_than_memory_should_hold_is_none(tmp_path: Path, monkeypatch) -> None:
    folder = photos(tmp_path / "photos")
    save(folder / "bird 3" / "map.png", Image.new("L", (900, 900)))
    monkeypatch.setattr("metadash.data.importing.readers.pixels.MOST_PIXELS", 500_000)
    found = preview(folder)
    assert list(found.faults.values()) == ["has 900 × 900 pixels"]


def test_a_zip_file_that_leads_out_of_itself_or_unpacks_to_gigabytes_is_not_read(tmp_path: Path, workspace: Workspace) -> None:
    for name in ("../../evil.png", "/etc/evil.png", "C:\\evil.png", "a\\..\\..\\evil.png"):
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
            archive.writestr(name, png(picture(0)))
        with pytest.raises(BadInput, match="names a file outside of itself") as refusal:
            imported(workspace, tmp_path / "evil.zip")
        one_sentence(refusal.value)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bird/0.png", b"\0" * (places.RATIO_FROM + 1))
    with pytest.raises(BadInput, match=r"would unpack to 0\.1 GB in 1 files") as refusal:
        imported(workspace, tmp_path / "bomb.zip")
    one_sentence(refusal.value)
    assert seen(workspace) == []


def test_a_zip_file_that_lies_about_a_size_spoils_only_that_picture(tmp_path: Path, workspace: Workspace) -> None:
    file = zipped(photos(tmp_path / "photos"), tmp_path / "photos.zip")
    content = bytearray(file.read_bytes())
    place = content.index(b"IDAT")
    content[place + 8] ^= 0xFF
    file.write_bytes(content)
    found = preview(file)
    assert len(found.faults) == 1 and "CRC" in next(iter(found.faults.values()))


# --- at any moment -------------------------------------------------------------------------------------------------------------


def test_an_import_that_is_cancelled_at_any_report_leaves_nothing(tmp_path: Path, workspace: Workspace) -> None:
    folder = photos(tmp_path / "photos")
    plan = preview(folder).plan
    said: list[str] = []
    land(workspace, folder, plan, lambda phase, share: said.append(phase))
    assert seen(workspace) == ["photos"] and len(set(said)) >= 4
    for last in range(len(said) - 1):  # the last is told when all is done
        other = Workspace(workspace.root / f"cancelled-{last}")
        heard: list[str] = []

        def report(phase: str, share: float, heard: list[str] = heard, last: int = last) -> bool:
            heard.append(phase)
            return len(heard) > last

        with pytest.raises(BadInput, match="was cancelled; nothing was kept"):
            land(other, folder, plan, report)
        assert seen(other) == []


def test_an_import_that_is_killed_leaves_nothing_to_be_seen_and_the_next_one_makes_it(
    tmp_path: Path, workspace: Workspace
) -> None:
    folder = photos(tmp_path / "photos")
    program = (
        "import os, signal, sys\nfrom metadash.data.importing.landing import land\nfrom metadash.data.importing.preview import preview\n"
        "from metadash.workspace import Workspace\n"
        "def report(phase, share):\n    if phase == 'writing tables': os.kill(os.getpid(), signal.SIGKILL)\n"
        "land(Workspace(sys.argv[2]), sys.argv[1], preview(sys.argv[1]).plan, report)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder), str(workspace.root)], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [name for name in seen(workspace) if not name.startswith(".")] == [] and len(seen(workspace)) == 1
    mine, lock = hidden_folder(workspace.datasets / "another")  # of a program that lives
    sweep(workspace)
    assert seen(workspace) == [mine.name]
    os.close(lock)
    sweep(workspace)
    assert seen(workspace) == []
    (elsewhere := workspace.datasets / ".begun.elsewhere.1.part").mkdir()
    sweep(workspace)
    assert seen(workspace) == [elsewhere.name], "a lock says nothing of programs on other machines"
    os.utime(elsewhere, (time.time() - 2 * 86_400,) * 2)
    assert imported(workspace, folder).name == "photos" and seen(workspace) == ["photos"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, workspace: Workspace, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = photos(tmp_path / "photos")
    monkeypatch.setattr(staging, "head", full)
    with pytest.raises(BadInput, match="could not be written: the disk is full") as refusal:
        imported(workspace, folder)
    one_sentence(refusal.value)
    assert seen(workspace) == []


def test_a_file_that_changes_while_it_is_read_is_said(tmp_path: Path, workspace: Workspace) -> None:
    folder = photos(tmp_path / "photos")
    plan = preview(folder).plan
    for change in (
        lambda: save(folder / "bird 0" / "0.png", picture(5, size=(31, 9))),
        lambda: (folder / "bird 1" / "1.png").unlink(missing_ok=True),
        lambda: save(folder / "bird 2" / "new.png", picture(1)),
    ):

        def report(phase: str, share: float, change=change) -> None:
            if phase == "storing the inputs":
                change()

        with pytest.raises(BadInput, match="changed while it was read; import it again") as refusal:
            land(workspace, folder, plan, report)
        one_sentence(refusal.value)
        photos(folder)
        (folder / "bird 2" / "new.png").unlink(missing_ok=True)
    assert seen(workspace) == []
