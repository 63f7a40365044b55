"""COCO: an annotated object is an instance, cut out of its photo; categories, licences, dates, boxes and outlines are kept."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.importing.formats import coco
from tests.data.formats.making import SHARED, imported, needs, notes_of, picture, refused, rows_of, save, write_json

KINDS = [("cat", "animal"), ("dog", "animal"), ("car", "vehicle"), ("bus", "vehicle"), ("cup", "kitchen"), ("fork", "kitchen")]


def photos(folder: Path, images: str = "images") -> dict[str, Any]:
    """Six photos of 40 × 30, each with one object of each category: 6 × 5 pixels in the colour of its category, at a place of its own."""
    said: dict[str, Any] = {
        "info": {"description": "Things", "url": "example.org"},
        "licenses": [{"id": 1, "name": "CC BY", "url": "example.org/by"}, {"id": 2, "name": "CC BY-SA"}],
        "images": [],
        "annotations": [],
        "categories": [{"id": 10 + c, "name": name, "supercategory": above} for c, (name, above) in enumerate(KINDS)],
    }
    for p in range(6):
        pixels = np.zeros((30, 40, 3), dtype=np.uint8)
        for c in range(6):
            x, y = 6 * c, 5 * p
            pixels[y : y + 5, x : x + 6] = (40 * c, 200, 10 * p)
            box = [x, y, 6, 5]
            said["annotations"].append(
                {
                    "id": 100 * p + c,
                    "image_id": p,
                    "category_id": 10 + c,
                    "bbox": box,
                    "area": 30.0,
                    "iscrowd": 0,
                    "segmentation": [[x, y, x + 6, y, x, y + 5]],
                }
            )
        save(folder / images / f"{p}.png", pixels)
        about = {"license": 1 + p % 2, "date_captured": f"2013-11-{p + 10} 02:00:00", "flickr_url": f"example.org/{p}"}
        said["images"].append({"id": p, "file_name": f"{p}.png", "width": 40, "height": 30, **about})
    return said


def test_each_object_is_the_crop_of_its_box(tmp_path: Path) -> None:
    write_json(tmp_path / "set" / "annotations" / "instances_all.json", photos(tmp_path / "set"))
    data = imported(tmp_path / "set", tmp_path / "w")
    assert data.inputs.shape == (36, 5, 6, 3) and sorted(data.classes["class_name"]) == sorted(name for name, _ in KINDS)
    rows = rows_of(data)
    for _, row in rows.iterrows():
        c = [name for name, _ in KINDS].index(row["class_name"])
        assert (data.inputs[int(row["instance_id"])] == (40 * c, 200, 10 * (row["object"] // 100))).all()
    assert data.description.licence == "photos: CC BY; CC BY-SA" and data.description.provenance == "Things, example.org"


def test_what_is_known_is_kept_at_its_level(tmp_path: Path) -> None:
    write_json(tmp_path / "set" / "all.json", photos(tmp_path / "set"))
    data = imported(tmp_path / "set" / "all.json", tmp_path / "w")
    assert dict(zip(data.classes["class_name"], data.classes["supercategory"], strict=True)) == dict(KINDS)
    levels = {source.name: (source.level, set(source.columns)) for source in data.sources}
    assert levels == {
        "supercategory": ("class", {"supercategory"}),
        "box": ("instance", {"box_x", "box_y"}),
        "licence of the photo": ("instance", {"licence"}),
        "date": ("instance", {"date_captured"}),
    }
    row = rows_of(data).query("object == 302").iloc[0]
    assert (row["box_x"], row["box_y"], row["licence"]) == (12, 15, "CC BY-SA") and row["date_captured"] == pd.Timestamp(
        "2013-11-13 02:00"
    )
    assert json.loads(row["outline"]) == [[12, 15, 18, 15, 12, 20]] and row["photo_page"] == "example.org/3"
    assert data.description.disjoint_column == "photo"


def test_documents_of_several_parts_are_one_set(tmp_path: Path) -> None:
    said = photos(tmp_path / "set", "train")
    write_json(tmp_path / "set" / "train" / "_annotations.coco.json", said)
    write_json(tmp_path / "set" / "valid" / "_annotations.coco.json", photos(tmp_path / "set", "valid"))
    write_json(tmp_path / "set" / "captions.json", {**said, "annotations": []})
    data = imported(tmp_path / "set", tmp_path / "w")
    assert len(data.class_of) == 72 and len(data.classes) == 6 and "dealt over classes instead" in notes_of(data)


def test_crowds_empty_boxes_and_lost_photos_are_named_and_left_out(tmp_path: Path) -> None:
    said = photos(tmp_path / "set")
    said["annotations"][0]["iscrowd"] = 1
    said["annotations"][1]["bbox"] = [500, 500, 4, 4]
    said["annotations"][2]["bbox"] = [1, 2, 3]
    (tmp_path / "set" / "images" / "5.png").unlink()
    write_json(tmp_path / "set" / "all.json", said)
    data = imported(tmp_path / "set", tmp_path / "w")
    told = notes_of(data)
    assert len(data.class_of) == 36 - 3 - 6 and "1 annotations in 'all.json' are of crowds" in told
    assert "object 1 in 0.png’ has an empty box" in told and "object 2 in 0.png’ has no box" in told


def test_boxes_follow_photos_that_were_made_smaller(tmp_path: Path) -> None:
    said = photos(tmp_path / "set")
    for image in said["images"]:
        image["width"], image["height"] = 80, 60
    for one in said["annotations"]:
        one["bbox"] = [2 * value for value in one["bbox"]]
    write_json(tmp_path / "set" / "all.json", said)
    assert imported(tmp_path / "set", tmp_path / "w").inputs.shape == (36, 5, 6, 3)


def broken(said: dict, part: str, **changes: Any) -> dict:
    said = copy.deepcopy(said)
    said[part][0] = {key: value for key, value in {**said[part][0], **changes}.items() if value != "gone"}
    return said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda said: {**said, "categories": {}}, "has no list categories"),
        (lambda said: {**said, "annotations": [1]}, "has no list annotations"),
        (lambda said: {**said, "annotations": []}, "no annotated object"),
        (
            lambda said: broken(said, "annotations", image_id=77),
            "Annotation 1 in 'all.json' is of the image 77, which is not listed",
        ),
        (lambda said: broken(said, "annotations", category_id=[]), "is of the category"),
        (lambda said: broken(said, "categories", name=""), "Category 10 in 'all.json' has no name"),
        (lambda said: broken(said, "categories", id="gone"), "Entry 1 of categories in 'all.json' has no id"),
        (lambda said: broken(said, "images", id=1), "has the id 1 of another"),
        (
            lambda said: {**said, "images": [{**one, "file_name": f"x/{one['id']}.jpg"} for one in said["images"]]},
            "None of the 6 photos",
        ),
    ],
)
def test_a_document_that_is_not_whole_is_one_sentence(change: Any, sentence: str, tmp_path: Path) -> None:
    file = write_json(tmp_path / "set" / "all.json", change(photos(tmp_path / "set")))
    assert sentence in refused(file)


def test_a_document_that_is_cut_is_one_sentence(tmp_path: Path) -> None:
    file = write_json(tmp_path / "all.json", photos(tmp_path))
    file.write_text(file.read_text()[:-40])
    assert coco.claims(file) and "is no JSON, or damaged" in refused(file)


def test_other_json_is_left_to_others(tmp_path: Path) -> None:
    assert not coco.claims(write_json(tmp_path / "a.json", [{"text": "a", "label": "b"}]))
    assert not coco.claims(write_json(tmp_path / "b.json", {"images": "none"}))
    assert not coco.claims(tmp_path)


@needs("masks")
def test_photos_of_coco_itself_are_read(tmp_path: Path) -> None:
    images = pd.read_parquet(SHARED / "masks" / "coco_mini_images.parquet")
    objects = pd.read_parquet(SHARED / "masks" / "coco_mini_instances.parquet")
    said: dict[str, Any] = {"images": [], "annotations": [], "licenses": [], "categories": []}
    sizes = {}
    for one in images.itertuples():
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{one.image_id}.jpg").write_bytes(one.jpeg)
        sizes[one.image_id] = (one.width, one.height)
        said["images"].append(
            {"id": one.image_id, "file_name": f"{one.image_id}.jpg", "width": int(one.width), "height": int(one.height)}
        )
    kinds = objects[["label", "supercategory"]].drop_duplicates("label").reset_index(drop=True)
    said["categories"] = [
        {"id": i, "name": one.label, "supercategory": one.supercategory} for i, one in enumerate(kinds.itertuples())
    ]
    number = {name: i for i, name in enumerate(kinds["label"])}
    corners = ("xmin", "ymin", "xmax", "ymax")
    for i, one in enumerate(objects.itertuples()):
        wide, high = sizes[one.image_id]
        left, top, right, bottom = (getattr(one, name) for name in corners)
        box = [left * wide, top * high, (right - left) * wide, (bottom - top) * high]
        said["annotations"].append({"id": i, "image_id": one.image_id, "category_id": number[one.label], "bbox": box})
    write_json(tmp_path / "set" / "instances.json", said)
    data = imported(tmp_path / "set", tmp_path / "w", side=32)
    assert data.inputs.shape[1:] == (32, 32, 3) and len(data.class_of) > 340 and data.classes["supercategory"].nunique() == 12
    assert data.description.sibling_column == "supercategory"
    assert picture(0).dtype == data.inputs.dtype


@needs("boxes")
def test_cells_of_bccd_are_read_and_its_empty_boxes_named(tmp_path: Path) -> None:
    boxes = pd.read_parquet(SHARED / "boxes" / "bccd_boxes.parquet")
    empty = boxes[(boxes["xmax"] <= boxes["xmin"]) | (boxes["ymax"] <= boxes["ymin"])]
    chosen = [*empty["image_id"].unique(), *boxes["image_id"].unique()[:6]]
    images = pd.read_parquet(SHARED / "boxes" / "bccd_images.parquet").loc[lambda frame: frame["image_id"].isin(chosen)]
    boxes = boxes[boxes["image_id"].isin(chosen)].reset_index(drop=True)
    for one in images.itertuples():
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{one.image_id}.jpg").write_bytes(one.jpeg)
    said = {
        "images": [
            {"id": one.image_id, "file_name": f"{one.image_id}.jpg", "width": 640, "height": 480} for one in images.itertuples()
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(sorted(boxes["label"].unique()))],
        "annotations": [
            {
                "id": int(one.Index),
                "image_id": one.image_id,
                "category_id": sorted(boxes["label"].unique()).index(one.label),
                "bbox": [int(one.xmin), int(one.ymin), int(one.xmax - one.xmin), int(one.ymax - one.ymin)],
            }
            for one in boxes.itertuples()
        ],
    }
    write_json(tmp_path / "set" / "cells.json", said)
    data = imported(tmp_path / "set", tmp_path / "w", side=32)
    assert sorted(data.classes["class_name"]) == ["Platelets", "RBC", "WBC"]
    assert len(data.class_of) == len(boxes) - len(empty) and "has an empty box" in notes_of(data)
