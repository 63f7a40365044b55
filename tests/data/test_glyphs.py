"""What the embedded glyphs promise: whole, uncut, unmistakable drawings, and tables that say what is in them."""

import os
import shutil
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.glyphs import EMBEDDED, load_embedded
from metadash.errors import BadInput

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = REPOSITORY / ".." / "shared" / "data" / "glyphs"
PART = ["play", "bungee", "arimo"]


@pytest.fixture(scope="module")
def embedded() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    return load_embedded()


@pytest.fixture(scope="module")
def classes(embedded) -> pd.DataFrame:
    return embedded[0].set_index("char", drop=False)


@pytest.fixture(scope="module")
def instances(embedded) -> pd.DataFrame:
    return embedded[1]


@pytest.fixture(scope="module")
def images(embedded) -> np.ndarray:
    return embedded[2]


# --- counts and sizes


def test_the_set_has_the_size_it_is_known_for(classes, instances):
    assert 855 <= len(classes) <= 870
    assert 72_000 <= len(instances) <= 74_000
    assert instances["family"].nunique() == 40
    assert instances["style_id"].nunique() == 98


def test_every_class_has_between_50_and_98_drawings_and_at_most_one_per_style(classes, instances):
    counts = instances.groupby("class_id").size()
    assert counts.min() >= 50
    assert counts.max() <= 98
    assert counts.tolist() == classes["n_instances"].tolist()
    assert not instances.duplicated(["class_id", "style_id"]).any()


def test_the_folder_stays_under_eight_megabytes():
    assert sum(os.path.getsize(path) for path in EMBEDDED.iterdir()) <= 8 * 1024 * 1024


def test_loading_waits_for_nothing():
    start = time.perf_counter()
    load_embedded()
    assert time.perf_counter() - start < 30  # only a hang takes longer


# --- the tables line up


def test_ids_count_from_zero_and_classes_are_sorted_by_code_point(classes, instances, images):
    assert classes["class_id"].tolist() == list(range(len(classes)))
    assert classes["codepoint"].is_monotonic_increasing
    assert classes["class_name"].is_unique
    assert [ord(char) for char in classes["char"]] == classes["codepoint"].tolist()
    assert instances["instance_id"].tolist() == list(range(len(instances)))
    assert set(instances["class_id"]) == set(classes["class_id"])
    assert images.shape == (len(instances), 28, 28)
    assert images.dtype == np.uint8


def test_the_ink_column_is_the_ink_of_the_image_in_the_same_row(instances, images):
    ink = images.sum(axis=(1, 2), dtype=np.int64) / 255
    np.testing.assert_allclose(instances["ink_px"], ink, atol=0.001)


def test_what_is_said_of_a_style_is_said_of_all_its_drawings(instances):
    of_style = ["family", "foundry", "design_category", "style", "weight", "italic_angle", "created", "modified", "x_height_em"]
    assert (instances.groupby("style_id")[of_style].nunique(dropna=False) == 1).all(axis=None)
    assert set(instances["style"]) == {"normal", "italic"}
    assert set(instances["weight"]) == {400, 700}
    assert instances["created"].min() > pd.Timestamp(1996, 1, 1)


# --- the drawings


def test_no_drawing_has_ink_in_the_outermost_ring_so_none_is_cut(images):
    inner = images[:, 1:-1, 1:-1]
    assert images.sum(dtype=np.int64) == inner.sum(dtype=np.int64)


def test_no_drawing_is_empty(images):
    assert (images.max(axis=(1, 2)) >= 64).all()


def test_each_drawing_stands_in_the_middle_to_within_half_a_pixel(images):
    columns = (images > 0).any(axis=1)
    left = columns.argmax(axis=1)
    right = 27 - columns[:, ::-1].argmax(axis=1)
    assert (np.abs(left + right - 27) <= 1).all()


def test_position_tells_a_comma_from_an_apostrophe_in_every_style(classes, instances, images):
    middle = np.arange(28)[None, :]
    rows = images.sum(axis=2, dtype=np.int64)
    height = pd.Series((rows * middle).sum(axis=1) / rows.sum(axis=1), index=[instances["style_id"], instances["class_id"]])
    comma = height.xs(classes.loc[",", "class_id"], level="class_id")
    apostrophe = height.xs(classes.loc["'", "class_id"], level="class_id")
    assert len(comma) == 98
    assert (comma > apostrophe + 3).all()


def test_capitals_are_taller_than_small_letters_in_every_style(classes, instances, images):
    tall = pd.Series((images > 0).any(axis=2).sum(axis=1), index=[instances["style_id"], instances["class_id"]])
    small, capital = (tall.xs(classes.loc[char, "class_id"], level="class_id") for char in "xX")
    assert (capital.loc[small.index] > small).all()


def test_a_font_without_lower_case_contributes_none(classes, instances):
    drawn = instances.loc[instances["family"] == "Bungee", "class_id"]
    cases = classes.set_index("class_id").loc[drawn, "case"]
    assert "lower" not in set(cases)
    assert (cases == "upper").sum() > 100


def test_no_two_classes_have_the_same_pixels_in_half_of_their_common_styles(instances, images):
    keys = pd.DataFrame({"style": instances["style_id"], "pixels": [image.tobytes() for image in images]})
    same: Counter = Counter()
    for _, alike in instances["class_id"].groupby([keys["style"], keys["pixels"]]):
        same.update(combinations(sorted(alike), 2))
    styles_of = instances.groupby("class_id")["style_id"].agg(set)
    assert same  # some pairs do meet in some styles: a prime and an apostrophe
    for (a, b), count in same.items():
        assert count < 0.5 * len(styles_of[a] & styles_of[b])


def test_an_accent_or_a_case_always_shows(classes, instances, images):
    known = classes.set_index("class_id").loc[instances["class_id"], ["base_letter", "script", "case", "general_category"]]
    table = known.reset_index(drop=True).assign(style=instances["style_id"], pixels=[image.tobytes() for image in images])
    letters = table[table["general_category"].isin(["lowercase letter", "uppercase letter"])]
    assert not letters.duplicated(["style", "script", "base_letter", "case", "pixels"]).any()
    accented = letters.merge(letters, on=["style", "script", "base_letter", "pixels"])
    assert (accented["case_x"] == accented["case_y"]).all()


# --- what the tables say about characters


@pytest.mark.parametrize("family", ["Éée", "ØøÖöo", "ŁłĽl", "ĐđĎd", "ΆάΑα", "Йй", "Ґґ", "ǾǿØ"])
def test_a_base_letter_groups_accents_and_both_cases(classes, family):
    present = [char for char in family if char in classes.index]
    assert len(present) >= 2
    assert classes.loc[present, "base_letter"].nunique() == 1


def test_accents_come_from_decompositions_and_from_names_alike(classes):
    assert classes.loc["Ấ", "accents"] == "circumflex; acute"
    assert classes.loc["ø", "accents"] == "stroke"
    assert classes.loc["ǿ", "accents"] == "stroke; acute"
    assert classes.loc["ά", "accents"] == classes.loc["á", "accents"] == "acute"
    assert (classes["accents"].isna() == (classes["n_accents"] == 0)).all()


def test_latin_greek_and_cyrillic_a_are_one_class(classes):
    assert set("ΑА") <= set(classes.loc["A", "look_alikes"].split())
    assert not {"Α", "А"} & set(classes.index)
    members = classes["look_alikes"].dropna().str.split()
    assert (members.str.len() == classes.loc[members.index, "n_look_alikes"]).all()
    assert not set(members.explode()) & set(classes["char"])


def test_tiny_marks_are_flagged(classes):
    assert set(".,'`´˙·") <= set(classes["char"][classes["tiny_mark"]])
    assert not classes.loc[list("axo1@"), "tiny_mark"].any()
    assert 30 <= classes["tiny_mark"].sum() <= 70


def test_categories_are_said_in_words(classes):
    assert classes.loc["A", "general_category"] == "uppercase letter"
    assert classes.loc["€", ["category_code", "script", "block"]].tolist() == ["Sc", "Common", "Currency Symbols"]
    assert classes.loc["⅔", "numeric_value"] == pytest.approx(2 / 3)
    assert pd.isna(classes.loc["a", "numeric_value"])


# --- against the reference rendering


def test_counts_agree_with_the_reference(classes, instances):
    if not (REFERENCE / "classes.parquet").exists():
        pytest.skip("the reference rendering ../shared/data/glyphs is not on this machine")
    theirs = pd.read_parquet(REFERENCE / "classes.parquet")
    distinct = theirs[theirs["confusable_group"] == theirs["codepoint"]]
    # Ҍ: a fifth of the fonts draw it as Ѣ, so fewer than 50 show it.
    assert set(distinct["char"]) - set(classes["char"]) == {"Ҍ"}
    assert set(classes["char"]) <= set(distinct["char"])

    both = classes.merge(theirs, on="codepoint", suffixes=("", "_theirs"))
    assert (both["script"] == both["script_theirs"]).all()
    assert (both["block"] == both["block_theirs"]).all()
    assert (both["category_code"] == both["general_category_theirs"]).all()

    drawings = pd.read_parquet(REFERENCE / "instances.parquet")
    count = drawings["codepoint"].isin(classes["codepoint"]).sum()
    assert 0.998 * count <= len(instances) <= count + 3  # ª, º and ⁿ of Bungee, which are not lower case


# --- built again


def test_a_part_built_again_equals_the_embedded_part_bit_for_bit(embedded):
    pil_features = pytest.importorskip("PIL.features")
    pytest.importorskip("fontpkg", reason="fontpkg is installed with requirements-dev.txt only")
    if pil_features.version("freetype2") != "2.14.3":
        pytest.skip("another FreeType than 2.14.3 may round pixels differently")
    from metadash.data.glyphs.builder.build import build_part

    classes, instances, images = embedded
    drawn, pictures = build_part(PART, classes)
    slugs = instances["style_id"].str.replace(r"-\d+-\w+$", "", regex=True)
    expected = instances[slugs.isin(PART)]
    drawn = drawn.set_index(["class_id", "style_id"])
    expected_rows = expected["instance_id"].to_numpy()
    expected = expected.set_index(["class_id", "style_id"])
    assert set(drawn.index) == set(expected.index)
    np.testing.assert_array_equal(pictures[drawn.index.get_indexer(expected.index)], images[expected_rows])
    columns = [column for column in expected if column != "instance_id"]
    pd.testing.assert_frame_equal(drawn.loc[expected.index, columns], expected[columns], check_dtype=False)


def test_building_an_unknown_family_is_refused_in_one_sentence():
    pytest.importorskip("fontpkg", reason="fontpkg is installed with requirements-dev.txt only")
    from metadash.data.glyphs.builder.fonts import read_styles

    with pytest.raises(BadInput, match="'comic-sans' is not in fonts_pinned"):
        read_styles(["comic-sans"])


# --- missing and damaged files


@pytest.mark.parametrize("name", ["classes.parquet", "instances.parquet", "images.npz"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = shutil.copytree(EMBEDDED, tmp_path / "glyphs")
    (folder / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing"):
        load_embedded(folder)


@pytest.mark.parametrize("name", ["classes.parquet", "instances.parquet", "images.npz"])
@pytest.mark.parametrize("damage", ["cut short", "byte changed", "emptied"])
def test_a_damaged_file_is_named(tmp_path, name, damage):
    folder = shutil.copytree(EMBEDDED, tmp_path / "glyphs")
    content = bytearray((folder / name).read_bytes())
    if damage == "byte changed":
        content[len(content) // 3] ^= 0xFF
    else:
        del content[0 if damage == "emptied" else len(content) // 2 :]
    (folder / name).write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} is damaged"):
        load_embedded(folder)


def test_images_that_belong_to_another_table_are_refused(tmp_path, images):
    folder = shutil.copytree(EMBEDDED, tmp_path / "glyphs")
    np.savez_compressed(folder / "images.npz", images=images[:100])
    with pytest.raises(BadInput, match="restore the folder"):
        load_embedded(folder)
