"""Folders of Hugging Face keep the labels of their folders and the metadata of their tables."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.importing.formats import huggingface
from tests.data.formats.making import imported, notes_of, picture, refused, rows_of, save

BIRDS = [f"bird {i}" for i in range(6)]


def birds(folder: Path, kind: str = "csv", base: str = "") -> Path:
    """``base/bird 0/0.png`` …, and what is known of each picture in ``base/metadata.kind``."""
    rows = []
    for c, bird in enumerate(BIRDS):
        for i in range(4):
            save(folder / base / bird / f"{i}.png", picture(10 * c + i))
            rows.append(
                {"file_name": f"{bird}/{i}.png", "beak": ["long", "short"][c % 2], "camera": f"camera {i % 2}", "weight": 1.5 * i}
            )
    return written(folder / base, pd.DataFrame(rows), kind)


def written(folder: Path, frame: pd.DataFrame, kind: str) -> Path:
    if kind == "csv":
        frame.to_csv(folder / "metadata.csv", index=False)
    elif kind == "jsonl":
        (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in frame.to_dict("records")))
    else:
        frame.to_parquet(folder / "metadata.parquet")
    return folder


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_folder_labels_and_metadata_are_both_kept_and_a_note_says_so(kind: str, tmp_path: Path) -> None:
    data = imported(birds(tmp_path / "birds", kind), tmp_path / "w")
    assert data.classes["class_name"].tolist() == BIRDS and data.inputs.shape == (24, 8, 8, 3)
    assert data.classes["beak"].tolist() == ["long", "short"] * 3 and set(rows_of(data)["camera"]) == {"camera 0", "camera 1"}
    assert "The folders name the classes and are kept as ‘label’, and ‘beak’, ‘camera’, ‘weight’ from" in notes_of(data)
    row = rows_of(data).query("file_name == 'bird 3/2.png'").iloc[0]
    assert row["class_name"] == "bird 3" and row["weight"] == 3.0
    assert np.array_equal(data.inputs[int(row["instance_id"])], picture(32))


def test_split_folders_with_a_table_each_are_put_together(tmp_path: Path) -> None:
    for split in ("train", "test"):
        birds(tmp_path / "birds", base=split)
    data = imported(tmp_path / "birds", tmp_path / "w")
    assert len(data.class_of) == 48 and "split was dealt over classes instead" in notes_of(data)
    assert "train/bird 0/0.png" in set(data.instances["file_name"]) and data.classes["class_name"].tolist() == BIRDS


def test_pictures_without_a_row_stay_in_their_class(tmp_path: Path) -> None:
    folder = birds(tmp_path / "birds")
    save(folder / BIRDS[0] / "new.png", picture(99))
    data = imported(folder, tmp_path / "w")
    assert "1 pictures stand in no row of a metadata table ('bird 0/new.png')" in notes_of(data)
    row = rows_of(data).query("file_name == 'bird 0/new.png'").iloc[0]
    assert row["class_name"] == "bird 0" and np.isnan(row["weight"])


def test_without_folders_a_column_says_the_class(tmp_path: Path) -> None:
    rows = []
    for i in range(24):
        save(tmp_path / "flat" / "images" / f"{i}.png", picture(i))
        rows.append({"image_file_name": f"images/{i}.png", "species": BIRDS[i % 6], "mask_file_name": f"m/{i}.png"})
    written(tmp_path / "flat", pd.DataFrame(rows), "csv")
    data = imported(tmp_path / "flat", tmp_path / "w")
    assert data.classes["class_name"].tolist() == BIRDS and "‘image_file_name’ of image_file_name, mask_file_name" in notes_of(
        data
    )


def test_a_zip_file_of_such_a_folder_is_one_too(tmp_path: Path) -> None:
    birds(tmp_path / "a" / "birds")
    data = imported(Path(shutil.make_archive(str(tmp_path / "birds"), "zip", tmp_path / "a")), tmp_path / "w")
    assert data.classes["beak"].tolist() == ["long", "short"] * 3 and "kept as ‘label’" in notes_of(data)


def test_licence_and_title_come_from_the_head_of_the_readme(tmp_path: Path) -> None:
    folder = birds(tmp_path / "birds")
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\npretty_name: 'Birds of *here*'\n---\n# license: none\n")
    about = imported(folder, tmp_path / "w").description
    assert about.licence == "cc-by-4.0" and about.title == "Birds of *here*"


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    folder = birds(tmp_path / "birds")
    table = folder / "metadata.csv"
    table.write_text("file_name,beak\n../../etc/passwd,long\n")
    assert "outside of the folder" in refused(folder)
    table.write_text("file_name,beak\nhttps://example.org/a.png,long\n")
    assert "only files that are here are read" in refused(folder)
    table.write_text("file_name,beak\n")
    assert "no rows below its header" in refused(folder)
    (folder / "metadata.csv").unlink()
    assert not huggingface.claims(folder), "without a table it is a folder of pictures as any other"
    (folder / "metadata.jsonl").write_text('{"file_name": "bird 0/0.png"\n')
    assert "Line 1 of 'metadata.jsonl' is no JSON" in refused(folder)
