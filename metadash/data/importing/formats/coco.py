"""COCO annotations (Lin et al. 2014, ECCV): an instance is an annotated object, its class a category, its input the crop of its box.

What is known of a category (its supercategory) is metadata of the class; licence, date and box of an object are metadata of instances; outlines
are kept as JSON texts.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd

from metadash.data.dataset import Source
from metadash.data.importing.formats.crops import Box, crops
from metadash.data.importing.formats.looking import folder_of, head_of, one_text, read_json, thing
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.importing.readers.places import Folder, Place
from metadash.data.importing.words import SPLIT_WORDS
from metadash.errors import BadInput

PARTS = ("images", "annotations", "categories")
BOX = ("box_x", "box_y", "box_width", "box_height")
KEPT = ("outline", "photo_page")
SOURCES = (
    Source("supercategory", "class", ("supercategory",), "what kind of thing it is"),
    Source("box", "instance", (*BOX, "area"), "where in the photo it is, and how large"),
    Source("licence of the photo", "instance", ("licence",), "under what terms the photo may be used"),
    Source("date", "instance", ("date_captured",), "when the photo was taken"),
)
MOST_DEEP = 3


def claims(path: Path) -> bool:
    return looks_like(path) if path.is_file() else path.is_dir() and bool(documents(path))


def looks_like(path: Path) -> bool:
    """By the names that its first letters hold: a document may have hundreds of megabytes."""
    if path.suffix.lower() != ".json":
        return False
    return is_coco(head_of(path))


def is_coco(head: str) -> bool:
    found = {part for part in (*PARTS, "info", "licenses") if re.search(rf'"{part}"\s*:\s*[\[{{]', head)}
    return len(found & {"images", "annotations", "categories"}) >= 1 and len(found) >= 2 and '"@context"' not in head


def documents(folder: Path) -> list[Path]:
    """Those of a folder that hold boxes: not captions, nor the lists of test photos without annotations."""
    near = [path for depth in range(MOST_DEEP) for path in sorted(folder.glob("*/" * depth + "*.json"))]
    return [
        path
        for path in near
        if looks_like(path) and not re.search(r"caption|keypoint|image_info|panoptic", path.name, re.IGNORECASE)
    ]


def read(path: Path, asked: Asked) -> Found:
    files = [path] if path.is_file() else documents(path)
    top = path if path.is_dir() else path.parent.parent if path.parent.name == "annotations" else path.parent
    place = Folder(top)
    notes: list[str] = []
    read_of = [document(file, file.relative_to(top).as_posix(), notes) for file in files]
    rows = pd.concat([rows for rows, _ in read_of], ignore_index=True)
    classes = pd.concat([classes for _, classes in read_of], ignore_index=True).drop_duplicates("category", ignore_index=True)
    if not len(rows):
        raise BadInput(f"'{path.name}' holds no annotated object; an instance is one of them.")
    bare = bare_names(place)
    found = [file_of(place, document, photo, bare) for document, photo in zip(rows.pop("document"), rows["photo"], strict=True)]
    boxes = [as_box(box) for box in rows.pop("bbox")]
    sizes = rows.pop("size").tolist()
    rows[list(BOX)] = pd.DataFrame([box or (None,) * 4 for box in boxes], columns=list(BOX), index=rows.index, dtype=float)
    called = [f"object {one} in {photo}" for one, photo in zip(rows["object"], rows["photo"], strict=True)]
    lost = len({photo for photo, name in zip(rows["photo"], found, strict=True) if name is None})
    if lost == rows["photo"].nunique():
        raise BadInput(
            f"None of the {lost} photos that '{files[0].name}' names lies in '{top.name}' ('{rows['photo'].iloc[0]}'); put their folder there."
        )
    licence, provenance = rights_of(read_json(files[0].read_bytes(), files[0].name))
    hints = Hints(
        class_column="category",
        id_column="object",
        split_column="split" if rows["split"].nunique() > 1 else None,
        disjoint_column="photo" if rows["photo"].nunique() > 1 else None,
        sources=SOURCES,
        ignored=("photo", "is_crowd", *(["split"] if rows["split"].nunique() < 2 else [])),
        kept=KEPT,
        title=top.name,
        licence=licence,
        provenance=provenance,
    )
    inputs = crops(place, found, boxes, sizes, called, asked.side)
    notes.append("Each annotated object is an instance, seen as the crop of its box; outlines are kept as JSON texts.")
    return Found(
        rows.dropna(axis=1, how="all"),
        inputs,
        classes,
        "category",
        hints,
        notes,
        place=place,
        files=tuple(file.name for file in files),
    )


def document(path: Path, name: str, notes: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(a row an object, a row a category) of one document. Raises BadInput for one that is not whole."""
    said = read_json(path.read_bytes(), path.name)
    for part in PARTS:
        if (
            not isinstance(said, dict)
            or not isinstance(said.get(part), list)
            or not all(isinstance(one, dict) for one in said[part])
        ):
            raise BadInput(f"'{path.name}' has no list {part}, which COCO annotations need; it is another file, or cut.")
    categories = by_id(said["categories"], "categories", path.name)
    images = by_id(said["images"], "images", path.name)
    licences = {one.get("id"): one_text(one) for one in terms(said) if isinstance(one.get("id"), (int, str))}
    nameless = next((one for one in categories.values() if not isinstance(one.get("name"), str) or not one["name"].strip()), None)
    if nameless is not None:
        raise BadInput(f"Category {nameless['id']} in '{path.name}' has no name; give it one.")
    crowds = 0
    rows = []
    for number, one in enumerate(said["annotations"], 1):
        image, category = listed(images, one.get("image_id")), listed(categories, one.get("category_id"))
        if image is None or category is None:
            what, which = ("image", one.get("image_id")) if image is None else ("category", one.get("category_id"))
            raise BadInput(
                f"Annotation {number} in '{path.name}' is of the {what} {which!r:.40}, which is not listed; get the file whole."
            )
        if one.get("iscrowd"):
            crowds += 1
            continue
        rows.append(row_of(one, image, category, licences, name, number))
    if crowds:
        notes.append(f"{crowds} annotations in '{path.name}' are of crowds, not of one object, and were left out.")
    known = [{"category": one["name"].strip(), "supercategory": words(one.get("supercategory"))} for one in categories.values()]
    columns = [
        "object",
        "category",
        "photo",
        "split",
        "licence",
        "date_captured",
        "area",
        "outline",
        "photo_page",
        "document",
        "bbox",
        "size",
    ]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(known)


def by_id(listed: list[dict], what: str, file: str) -> dict[Any, dict]:
    found: dict[Any, dict] = {}
    for number, one in enumerate(listed, 1):
        key = one.get("id")
        if not isinstance(key, (int, str)):
            raise BadInput(f"Entry {number} of {what} in '{file}' has no id; get the file whole.")
        if key in found:
            raise BadInput(f"Entry {number} of {what} in '{file}' has the id {key} of another; get the file whole.")
        found[key] = one
    return found


def words(said: Any) -> str | None:
    return said if isinstance(said, str) and said.strip() else None


def listed(found: dict[Any, Any], key: Any) -> Any:
    return found.get(key) if isinstance(key, (int, str)) else None


def row_of(one: dict, image: dict, category: dict, licences: dict, document: str, number: int) -> dict[str, Any]:
    outline = one.get("segmentation")
    wide, high = image.get("width"), image.get("height")
    area = one.get("area")
    return {
        "object": one["id"] if isinstance(one.get("id"), (int, str)) else number,
        "category": category["name"].strip(),
        "photo": words(image.get("file_name")) or "",
        "split": part_of(document),
        "licence": listed(licences, image.get("license")),
        "date_captured": date_of(image.get("date_captured")),
        "area": float(area) if isinstance(area, (int, float)) and math.isfinite(area) else None,
        "outline": json.dumps(outline, separators=(",", ":")) if outline else None,
        "photo_page": words(image.get("flickr_url")) or words(image.get("coco_url")),
        "document": document,
        "bbox": one.get("bbox"),
        "size": (wide, high) if isinstance(wide, int) and isinstance(high, int) and wide > 0 and high > 0 else None,
    }


def as_box(said: Any) -> Box | None:
    """Four finite numbers; None for anything else, whose row is then named as unreadable."""
    if not isinstance(said, (list, tuple)) or len(said) != 4:
        return None
    if not all(isinstance(one, (int, float)) and math.isfinite(one) for one in said):
        return None
    return (float(said[0]), float(said[1]), float(said[2]), float(said[3]))


def date_of(said: Any) -> pd.Timestamp | None:
    found = pd.to_datetime(said, errors="coerce") if isinstance(said, str) else pd.NaT
    return found if isinstance(found, pd.Timestamp) else None


def part_of(document: str) -> str | None:
    """``train`` of ``annotations/instances_train2017.json`` and of ``train/_annotations.coco.json``."""
    words = re.split(r"[^a-z]+", document.casefold())
    return next((word for word in words if word in SPLIT_WORDS), None)


def bare_names(place: Place) -> dict[str, str]:
    """Pictures by their bare name, where one alone has it."""
    found: dict[str, list[str]] = {}
    for name in place.names:
        if name.lower().endswith(ENDINGS):
            found.setdefault(name.rsplit("/", 1)[-1], []).append(name)
    return {bare: names[0] for bare, names in found.items() if len(names) == 1}


def file_of(place: Place, document: str, photo: str, bare: dict[str, str]) -> str | None:
    """The photo's file: beside the document, below the folder, or anywhere under its own name."""
    base, photo = folder_of(document), photo.replace("\\", "/")
    for name in (f"{base}/{photo}" if base else photo, photo):
        if name in place.known:
            return name
    return bare.get(photo.rsplit("/", 1)[-1])


def terms(said: dict) -> list[dict]:
    found = said.get("licenses")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def rights_of(said: dict) -> tuple[str, str]:
    """(licences, provenance), as far as a document says them."""
    info = thing(said.get("info"))
    licences = sorted({one_text(one) for one in terms(said)} - {""})
    whence = filter(None, (one_text(info.get(key)) for key in ("description", "contributor", "url")))
    return "photos: " + "; ".join(licences) if licences else "", ", ".join(whence)
