"""The field's attribute benchmarks load with their attributes as a source and their authors' split over classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from tests.data.formats.making import imported, notes_of, picture, refused, rows_of, save

NAMES = ["Black_footed_Albatross", "Laysan_Albatross", "Sooty_Albatross", "Groove_billed_Ani", "Crested_Auklet", "Least_Auklet"]
ANIMALS = ["antelope", "grizzly+bear", "killer+whale", "beaver", "dalmatian", "persian+cat"]


def lines(path: Path, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def cub(folder: Path, n_attributes: int = 120) -> Path:
    """As ``CUB_200_2011/`` with ``attributes.txt`` beside it."""
    inside = folder / "CUB_200_2011"
    names = [f"{c + 1:03}.{name}" for c, name in enumerate(NAMES)]
    files = [f"{name}/{name}_{i}.png" for name in names for i in range(4)]
    for number, file in enumerate(files):
        save(inside / "images" / file, picture(number))
    lines(inside / "classes.txt", [f"{c + 1} {name}" for c, name in enumerate(names)])
    lines(inside / "images.txt", [f"{i + 1} {file}" for i, file in enumerate(files)])
    lines(inside / "image_class_labels.txt", [f"{i + 1} {i // 4 + 1}" for i in range(len(files))])
    lines(inside / "train_test_split.txt", [f"{i + 1} {i % 2}" for i in range(len(files))])
    lines(inside / "bounding_boxes.txt", [f"{i + 1} {i}.0 2.0 4.0 5.{i}" for i in range(len(files))])
    groups = ["has_bill_shape", "has_wing_color", "has_size"]
    lines(folder / "attributes.txt", [f"{a + 1} {groups[a % 3]}::value{a}" for a in range(n_attributes)])
    values = np.random.default_rng(0).random((len(names), n_attributes)) * 100
    lines(
        inside / "attributes" / "class_attribute_labels_continuous.txt", [" ".join(f"{one:.4f}" for one in row) for row in values]
    )
    return folder


def awa(folder: Path) -> Path:
    for c, name in enumerate(ANIMALS):
        for i in range(4):
            save(folder / "JPEGImages" / name / f"{name}_{i}.png", picture(10 * c + i))
    lines(folder / "classes.txt", [f"{c + 1}\t{name}" for c, name in enumerate(ANIMALS)])
    lines(folder / "predicates.txt", ["1\tblack", "2\thas stripes", "3\tnewworld"])
    lines(folder / "predicate-matrix-continuous.txt", ["-1.00  1.5   2.0", *(f"{c}.0  0.{c}  7{c}.25" for c in range(1, 6))])
    lines(folder / "testclasses.txt", ["killer+whale", "beaver"])
    lines(folder / "trainclasses.txt", [name for name in ANIMALS if name not in ("killer+whale", "beaver")])
    return folder


def xian(folder: Path, kind: str) -> Path:
    """Three images of each of eight classes with features of five numbers; classes 6 and 7 test, 5 validates."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(1)
    labels = np.repeat(np.arange(8), 3)
    features = {"features": generator.random((5, 24)), "labels": labels[:, None] + 1}
    at = {
        part: np.flatnonzero(np.isin(labels, of))[:, None] + 1
        for part, of in (("trainval_loc", range(6)), ("train_loc", range(5)), ("val_loc", [5]), ("test_unseen_loc", [6, 7]))
    }
    names = [f"{c:03}.Bird_{c}" for c in range(8)]
    splits: dict[str, Any] = {"att": generator.random((4, 8)), **at}
    if kind == "mat":
        savemat(folder / "res101.mat", features)
        savemat(folder / "att_splits.mat", {**splits, "allclasses_names": np.array(names, dtype=object)[:, None]})
    else:
        np.savez(folder / "res101.npz", **features)
        np.savez(folder / "att_splits.npz", **splits, allclasses_names=np.array(names))
    return folder


def test_cub_has_its_attributes_in_groups_its_boxes_and_plain_names(tmp_path: Path) -> None:
    data = imported(cub(tmp_path / "cub"), tmp_path / "w")
    assert data.classes["class_name"].tolist() == [name.replace("_", " ") for name in NAMES] and data.inputs.shape == (
        24,
        8,
        8,
        3,
    )
    (source,) = data.class_sources()
    assert source.name == "attributes" and source.columns == ("has bill shape", "has wing color", "has size")
    written = [
        line.split()
        for line in (tmp_path / "cub/CUB_200_2011/attributes/class_attribute_labels_continuous.txt").read_text().splitlines()
    ]
    assert list(data.classes["has wing color"].iloc[2]) == [float(one) for one in written[2][1::3]]
    row = rows_of(data).query("file.str.endswith('Sooty_Albatross_1.png')").iloc[0]
    assert (
        row["class_name"] == "Sooty Albatross"
        and row["box_x"] == 9
        and np.array_equal(data.inputs[int(row["instance_id"])], picture(9))
    )


def test_awa_has_named_attributes_gaps_as_gaps_and_the_authors_split(tmp_path: Path) -> None:
    data = imported(awa(tmp_path / "awa"), tmp_path / "w")
    assert data.classes["class_name"].tolist()[1] == "grizzly bear" and data.source("attributes").columns == (
        "black",
        "has stripes",
        "newworld",
    )
    assert np.isnan(data.classes["black"].iloc[0]) and data.classes["newworld"].iloc[2] == 72.25
    split = data.split("authors_split")
    assert (
        set(data.classes["class_name"].iloc[split["test"]]) == {"killer whale", "beaver"}
        and len(split["train"]) + len(split["validation"]) == 4
    )
    assert "no validation classes" in notes_of(data)


@pytest.mark.parametrize("kind", ["mat", "npz"])
def test_features_of_xian_come_with_attributes_and_split(kind: str, tmp_path: Path) -> None:
    data = imported(xian(tmp_path / "set" / "AWA2", kind).parent, tmp_path / "w")
    assert (
        data.modality.name == "vector"
        and data.inputs.shape == (24, 5)
        and data.classes["class_name"].tolist() == [f"Bird {c}" for c in range(8)]
    )
    generator = np.random.default_rng(1)
    features, attributes = generator.random((5, 24)), generator.random((4, 8))
    assert np.allclose(data.inputs, features.T, atol=1e-6) and np.allclose(np.stack(data.classes["attributes"]), attributes.T)
    split = data.split("authors_split")
    assert {role: members.tolist() for role, members in split.items()} == {
        "train": [0, 1, 2, 3, 4],
        "validation": [5],
        "test": [6, 7],
    }


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("CUB_200_2011/classes.txt", lambda text: "a" + text, "Line 1 of 'classes.txt' does not begin with a number"),
        ("CUB_200_2011/classes.txt", lambda text: "", "'classes.txt' is empty"),
        (
            "CUB_200_2011/image_class_labels.txt",
            lambda text: text.replace("\n7 2\n", "\n7 20\n"),
            "Image 7 of 'images.txt' has no class",
        ),
        ("CUB_200_2011/attributes/class_attribute_labels_continuous.txt", lambda text: text[20:], "is a matrix|is no matrix"),
        ("attributes.txt", lambda text: text.rsplit("\n", 2)[0], "need (6, 119)"),
        ("attributes.txt", None, "There is no attributes.txt"),
    ],
)
def test_files_of_cub_that_do_not_fit_are_one_sentence(file: str, change: Any, sentence: str, tmp_path: Path) -> None:
    path = cub(tmp_path / "cub") / file
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    told = refused(tmp_path / "cub")
    assert any(one in told for one in sentence.split("|")), told


def test_files_of_awa_that_do_not_fit_are_one_sentence(tmp_path: Path) -> None:
    folder = awa(tmp_path / "awa")
    lines(folder / "testclasses.txt", ["unicorn"])
    assert "names the class 'unicorn'" in refused(folder)
    (folder / "predicate-matrix-continuous.txt").write_text("1 x 2\n")
    assert "is no matrix of numbers" in refused(folder)


def test_features_of_xian_that_do_not_fit_are_one_sentence(tmp_path: Path) -> None:
    folder = xian(tmp_path / "set", "npz")
    kept = dict(np.load(folder / "att_splits.npz"))
    for changes, sentence in (
        ({"att": None}, "has no array att"),
        ({"att": np.zeros((4, 7))}, "attributes of 7 classes, names of 8"),
        ({"test_unseen_loc": np.array([[99]])}, "names image 99 of 24"),
        ({"att": np.array([["a"]])}, "has to be a matrix of numbers"),
    ):
        np.savez(folder / "att_splits.npz", **{key: value for key, value in {**kept, **changes}.items() if value is not None})
        assert sentence in refused(folder)
    np.savez(folder / "att_splits.npz", **{**kept, "allclasses_names": np.array([{}], dtype=object)})
    assert "cannot be read as NumPy" in refused(folder), "objects of Python are not unpacked"
    (folder / "att_splits.npz").unlink()
    (folder / "att_splits.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    assert "cannot be read as MATLAB" in refused(folder)
