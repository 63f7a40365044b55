"""Benchmarks of zero-shot learning, whose classes come with attributes: CUB-200 and AwA2 as their authors pack them, and Xian's features.

Wah et al. 2011 (CUB-200-2011), Xian et al. 2019 (TPAMI 41, 2251-2265: AwA2, and ``res101.mat`` with ``att_splits.mat`` of five benchmarks, here also as
``.npz``). The attributes are one source of the classes, the authors' split over classes is kept.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Source
from metadash.data.importing.formats.arrays import Array
from metadash.data.importing.formats.looking import content_of
from metadash.data.importing.formats.matrices import matrices_in
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.pictures import pictures_in
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.importing.readers.places import Folder, Place
from metadash.errors import BadInput

CUB = ("classes.txt", "images.txt", "image_class_labels.txt")
AWA = ("classes.txt", "predicates.txt")
XIAN = ("res101", "att_splits")
CONTINUOUS = "predicate-matrix-continuous.txt"
SPLITS = {"test": ("testclasses.txt",), "validation": ("valclasses1.txt", "valclasses.txt")}
NAMED = 100
"""More attributes than this are kept as the vectors of their groups: a table of 312 columns nobody reads."""


def claims(path: Path) -> bool:
    return path.is_dir() and layout(path) is not None


def layout(path: Path) -> tuple[str, Path] | None:
    """Which benchmark a folder holds, itself or one folder further down."""
    for folder in (path, *sorted(one for one in entries(path) if one.is_dir() and not one.name.startswith("."))):
        here = {one.name for one in entries(folder)}
        if which := named(here):
            return which, folder
    return None


def named(here: set[str]) -> str:
    """Which benchmark these names of one folder are of; empty for none."""
    if set(CUB) <= here:
        return "cub"
    if set(AWA) <= here and (CONTINUOUS in here or "JPEGImages" in here):
        return "awa"
    return "xian" if all({f"{name}.mat", f"{name}.npz"} & here for name in XIAN) else ""


def entries(folder: Path) -> list[Path]:
    """None where it cannot be looked into: whoever reads the folder says so."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def read(path: Path, asked: Asked) -> Found:
    found = layout(path)
    assert found is not None
    which, folder = found
    return {"cub": read_cub, "awa": read_awa, "xian": read_xian}[which](folder, asked)


# --- lists of lines ----------------------------------------------------------------------------------------------------------


def lines(place: Place, name: str) -> list[str]:
    text = content_of(place, name).decode("utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def numbered(place: Place, name: str) -> dict[int, str]:
    """``7 some words`` a line. Raises BadInput for another line, and a number that comes twice."""
    found: dict[int, str] = {}
    for place_of, line in enumerate(lines(place, name), 1):
        number, _, rest = line.replace("\t", " ").partition(" ")
        if not number.isdigit() or int(number) in found:
            raise BadInput(
                f"Line {place_of} of '{name}' does not begin with a number of its own ('{line[:40]}'); get the file again."
            )
        found[int(number)] = rest.strip()
    if not found:
        raise BadInput(f"'{name}' is empty; get it again.")
    return found


def matrix(place: Place, name: str, rows: int, columns: int) -> np.ndarray:
    """[rows, columns] numbers. Raises BadInput for another shape, and what is no number."""
    try:
        array = np.array([[float(one) for one in line.replace(",", " ").split()] for line in lines(place, name)])
    except ValueError as error:
        raise BadInput(f"'{name}' is no matrix of numbers ({str(error)[:80]}); get it again.") from error
    if array.shape != (rows, columns):
        raise BadInput(
            f"'{name}' is a matrix {array.shape}, and {rows} classes with {columns} attributes need ({rows}, {columns}); get it again."
        )
    return array


def plain(name: str) -> str:
    """``001.Black_footed_Albatross`` and ``grizzly+bear`` as people say them."""
    head, dot, rest = name.partition(".")
    return (rest if dot and head.isdigit() else name).replace("_", " ").replace("+", " ").strip()


def described(names: list[str], values: np.ndarray, attributes: list[str]) -> tuple[pd.DataFrame, Source]:
    """A row a class: an attribute a column, or, of many, a vector for each group of them (``has_bill_shape::curved``)."""
    groups: dict[str, list[int]] = {}
    for column, attribute in enumerate(attributes):
        head, several, _ = attribute.partition("::")
        groups.setdefault(
            head if several and len(attributes) > NAMED else attribute if len(attributes) <= NAMED else "attributes", []
        ).append(column)
    columns = {
        name.replace("_", " "): values[:, chosen[0]] if len(chosen) == 1 else [row.tolist() for row in values[:, chosen]]
        for name, chosen in groups.items()
    }
    frame = pd.DataFrame({"class": names, **columns})
    return frame, Source(
        "attributes", "class", tuple(columns), f"{len(attributes)} attributes of each class, as its makers measured them"
    )


# --- the layouts -------------------------------------------------------------------------------------------------------------


def read_cub(folder: Path, asked: Asked) -> Found:
    place = Folder(folder)
    classes, files, of = (numbered(place, name) for name in CUB)
    ids = list(files)
    lost = next((one for one in ids if not of.get(one, "").isdigit() or int(of[one]) not in classes), None)
    if lost is not None:
        raise BadInput(
            f"Image {lost} of '{CUB[1]}' has no class in '{CUB[2]}' that '{CUB[0]}' names; get the files of one version."
        )
    names = {key: plain(name) for key, name in classes.items()}
    frame = pd.DataFrame({"file": [files[one] for one in ids], "class": [names[int(of[one])] for one in ids]})
    extra, sources = of_images(place, ids)
    frame = frame.join(extra)
    table, source = cub_attributes(place, folder, list(names.values()))
    known = {name.removeprefix("images/"): name for name in place.names if name.lower().endswith(ENDINGS)}
    found = [known.get(file) for file in frame["file"]]
    if not any(found):
        raise BadInput(f"None of the images that '{CUB[1]}' names lies in '{folder.name}/images'; unpack them there.")
    return finished(
        frame,
        pictures_in(place, found, asked.side),
        table,
        source,
        place,
        sources,
        "CUB-200-2011 (Wah, Branson, Welinder, Perona, Belongie 2011)",
    )


def of_images(place: Place, ids: list[int]) -> tuple[pd.DataFrame, tuple[Source, ...]]:
    """The box of each bird and the authors' own part, which parts images of the same classes."""
    columns: dict[str, Any] = {}
    sources: tuple[Source, ...] = ()
    if "bounding_boxes.txt" in place.known:
        boxes = numbered(place, "bounding_boxes.txt")
        values = np.array([[float(one) for one in boxes.get(i, "nan nan nan nan").split()] for i in ids])
        names = ("box_x", "box_y", "box_width", "box_height")
        columns |= dict(zip(names, values.T, strict=True))
        sources = (Source("box", "instance", names, "where in the photo it is, and how large"),)
    if "train_test_split.txt" in place.known:
        parts = numbered(place, "train_test_split.txt")
        columns["authors_part"] = ["train" if parts.get(i) == "1" else "test" for i in ids]
    return pd.DataFrame(columns), sources


def cub_attributes(place: Place, folder: Path, names: list[str]) -> tuple[pd.DataFrame, Source | None]:
    """From ``attributes/``; the list of their names lies there, or above the folder, as in the authors' archive."""
    name = "attributes/class_attribute_labels_continuous.txt"
    if name not in place.known:
        return with_split_of(place, pd.DataFrame({"class": names}), {}), None
    inside = next((one for one in ("attributes/attributes.txt", "attributes.txt") if one in place.known), None)
    if inside is None and not (folder.parent / "attributes.txt").is_file():
        raise BadInput(
            f"There is no attributes.txt with the names of the attributes in '{folder.name}'; put it into its folder attributes."
        )
    listed = numbered(place, inside) if inside else numbered(Only(folder.parent, "attributes.txt"), "attributes.txt")
    values = matrix(place, name, len(names), len(listed))
    frame, source = described(names, values, list(listed.values()))
    return with_split_of(place, frame, {}), source


class Only(Folder):
    """One file of a folder that is not walked through."""

    def __init__(self, path: Path, name: str):
        self.path, self.title, self.names = path, path.name, [name]


def read_awa(folder: Path, asked: Asked) -> Found:
    place = Folder(folder)
    raw = list(numbered(place, AWA[0]).values())
    attributes = list(numbered(place, AWA[1]).values())
    matrix_name = CONTINUOUS if CONTINUOUS in place.known else "predicate-matrix-binary.txt"
    if matrix_name not in place.known:
        raise BadInput(f"'{folder.name}' holds no {CONTINUOUS}; it says which attributes a class has.")
    values = matrix(place, matrix_name, len(raw), len(attributes))
    values = np.where(values < 0, np.nan, values)  # -1 is what nobody judged
    frame, source = described([plain(name) for name in raw], values, attributes)
    frame = with_split_of(place, frame, {name: plain(name) for name in raw})
    folders = {name: plain(name) for name in raw}
    pictures = [
        one
        for one in place.names
        if one.lower().endswith(ENDINGS) and one.split("/")[-2:-1][0:1] and one.split("/")[-2] in folders
    ]
    if not pictures:
        raise BadInput(
            f"'{folder.name}' holds no pictures in folders called as its classes (JPEGImages/{raw[0]}/…); unpack them there."
        )
    rows = pd.DataFrame({"file": pictures, "class": [folders[one.split("/")[-2]] for one in pictures]})
    return finished(
        rows,
        pictures_in(place, pictures, asked.side),
        frame,
        source,
        place,
        (),
        "Animals with Attributes 2 (Xian, Lampert, Schiele, Akata 2019)",
    )


def read_xian(folder: Path, asked: Asked) -> Found:
    """Features [D, I] of a ResNet-101 with ``labels`` from 1; attributes [A, C], names of all classes, and places of images from 1 by part."""
    features, splits = (matrices_in(folder, name) for name in XIAN)
    array, labels = np.asarray(features.need("features", 2), dtype=np.float32).T, features.need("labels").ravel().astype(int) - 1
    values, names = np.asarray(splits.need("att", 2), dtype=float).T, [plain(one) for one in splits.texts("allclasses_names")]
    if len(labels) != len(array) or not len(labels):
        raise BadInput(f"'{features.name}' has {len(array)} features and {len(labels)} labels; each image needs one of both.")
    if len(values) != len(names) or labels.min() < 0 or labels.max() >= len(names):
        raise BadInput(
            f"'{splits.name}' has attributes of {len(values)} classes, names of {len(names)}, and labels go to {labels.max() + 1}; get both files of one set."
        )
    frame = pd.DataFrame({"class": names, "attributes": [row.tolist() for row in values]})
    frame["authors_split"] = xian_split(splits, labels, len(names))
    source = Source(
        "attributes", "class", ("attributes",), f"{values.shape[1]} attributes of each class, as its makers measured them"
    )
    rows = pd.DataFrame({"class": [names[one] for one in labels]})
    place = Folder(folder)
    return finished(
        rows,
        Array(array, features.name),
        frame,
        source,
        place,
        (),
        "Zero-shot benchmark of Xian et al. 2019, features of a ResNet-101 trained on ImageNet",
    )


def xian_split(splits: Any, labels: np.ndarray, n: int) -> list[str | None]:
    """By the places of images: classes of ``test_unseen_loc`` test, those of ``val_loc`` that do not train validate."""
    at = {
        part: set(labels[splits.places(part, len(labels))])
        for part in ("trainval_loc", "train_loc", "val_loc", "test_unseen_loc")
    }
    validate = at["val_loc"] - at["train_loc"]
    return [
        "test"
        if one in at["test_unseen_loc"]
        else "validation"
        if one in validate
        else "train"
        if one in at["trainval_loc"] | at["train_loc"]
        else None
        for one in range(n)
    ]


def with_split_of(place: Place, frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The authors' split over classes, from lists of class names: what is neither to test nor to validate trains."""
    found = {
        role: {names.get(line.split()[-1], plain(line.split()[-1])) for line in lines(place, name)}
        for role, could in SPLITS.items()
        if (name := next((one for one in could if one in place.known), ""))
    }
    if "test" not in found:
        return frame
    strange = next((one for part in found.values() for one in sorted(part) if one not in set(frame["class"])), None)
    if strange is not None:
        raise BadInput(
            f"A list of the authors' split names the class '{strange}', which '{AWA[0]}' does not; get the files of one version."
        )
    roles = [
        "test" if one in found["test"] else "validation" if one in found.get("validation", ()) else "train"
        for one in frame["class"]
    ]
    return frame.assign(authors_split=roles)


def finished(
    rows: pd.DataFrame,
    inputs: Any,
    classes: pd.DataFrame,
    source: Source | None,
    place: Place,
    sources: tuple[Source, ...],
    whence: str,
) -> Found:
    split = "authors_split" if "authors_split" in classes else None
    notes = [] if source is None else [f"The attributes of {len(classes)} classes are one source."]
    if source is None:
        notes.append("No attributes lie beside the images, so that nothing is known of the classes.")
    hints = Hints(
        class_column="class",
        id_column="file" if "file" in rows else None,
        split_column=split,
        sources=((source,) if source else ()) + sources,
        ignored=("authors_part",),
        provenance=whence,
    )
    return Found(rows, inputs, classes, "class", hints, notes, place=place, files=(AWA[0],))
