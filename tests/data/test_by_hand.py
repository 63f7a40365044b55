"""Small parts of a data set, each against a result worked out by hand: its sources and questions, finite inputs, folds and splits, pictures."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from metadash.data.dataset import Dataset
from metadash.data.finite import LARGEST, check_finite
from metadash.data.folds import MOST_FOLDS, fold_name, fold_roles, read_fold
from metadash.data.profile import coverage
from metadash.data.splits import split_by_group, table_of
from metadash.data.thumbnails import MOST_BARS, bars_of, picture_of
from metadash.errors import BadInput
from tests.builders import CLASS_SOURCES, QUESTIONS, one_sentence


def test_a_data_set_hands_out_its_sources_and_questions_by_name(tiny: Dataset) -> None:
    assert tiny.class_sources() == CLASS_SOURCES and tiny.source("site").level == "instance"
    assert tiny.source(CLASS_SOURCES[3].name) == CLASS_SOURCES[3] and tiny.question("any") == QUESTIONS[1]
    for wrong in (tiny.source, tiny.question):
        with pytest.raises(BadInput, match="nope"):
            wrong("nope")


def test_columns_of_instances_come_in_the_order_in_which_they_are_asked_for(tiny: Dataset) -> None:
    data = Dataset.open(tiny.workspace, "tiny")
    assert data.instance_columns(["taken"]).equals(tiny.instances[["taken"]])
    assert data.instance_columns(["site", "taken"]).columns.tolist() == ["site", "taken"]
    assert data.groups.equals(tiny.classes["family"])
    with pytest.raises(BadInput, match="no column 'nope'; it has instance_id, class_id, site, taken, blank"):
        data.instance_columns(["site", "nope"])


def test_a_source_is_known_where_any_of_its_columns_is(tiny: Dataset) -> None:
    found = coverage(tiny)
    assert found["nothing"] == 0 and found["holes"] == 0.75 and found["site"] == 1
    assert set(found) == {source.name for source in tiny.sources}


# --- numbers that a network can add up ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "hold nan in row 3, place 1, which no learner can read"),
        (-np.inf, "hold -inf in row 3, place 1"),
        (2 * LARGEST, "hold 2e+15 in row 3, place 1, and numbers beyond"),
        (-2 * LARGEST, "hold -2e+15 in row 3"),
    ],
)
def test_the_first_value_that_is_no_number_or_too_large_is_named_with_its_place(value: float, words: str, monkeypatch) -> None:
    monkeypatch.setattr("metadash.data.finite.AT_ONCE", 4)  # two rows of two
    inputs = np.zeros((6, 2), np.float32)
    inputs[3, 1] = inputs[4, 0] = value
    with pytest.raises(BadInput) as refusal:
        check_finite(inputs)
    assert words in one_sentence(refusal.value)


def test_numbers_up_to_the_largest_pass_and_what_is_no_number_at_all_does_not() -> None:
    check_finite(np.array([[LARGEST, -LARGEST]]))
    for dtype in (np.uint8, np.int8, bool):
        check_finite(np.ones((2, 3), dtype))
    with pytest.raises(BadInput, match="are of the type complex64"):
        check_finite(np.zeros((1, 1), np.complex64))
    with pytest.raises(BadInput, match=r"Mine hold 9\.01e"):
        check_finite(np.array([[2**53 * 1000]]), "Mine")


# --- folds and splits --------------------------------------------------------------------------------------------------------


def test_a_fold_is_named_by_its_place_and_other_names_are_none() -> None:
    assert fold_name(2, 5) == "fold-2-of-5" and read_fold("fold-2-of-5") == (2, 5)
    assert read_fold("fold-1-of-2") == (1, 2) and read_fold(f"fold-20-of-{MOST_FOLDS}") == (20, MOST_FOLDS)
    for name in ("fold-0-of-5", "fold-6-of-5", "fold-1-of-1", f"fold-1-of-{MOST_FOLDS + 1}", "fold-1-of-5 ", "family-0"):
        assert read_fold(name) is None


def test_in_all_folds_together_every_group_is_tested_once_and_a_quarter_of_the_rest_validates() -> None:
    groups = pd.Series([f"g{c // 3}" for c in range(60)] + [None])
    roles = np.array([fold_roles(groups, fold, 5) for fold in range(1, 6)])
    assert ((roles == "test").sum(axis=0) == 1).all()
    for row in roles:
        by_group = pd.Series(row[:60]).groupby(groups[:60])
        assert (by_group.nunique() == 1).all()
        counts = by_group.first().value_counts()
        assert counts["validation"] in (4, 5) and counts["test"] in (4, 5)
    assert len({tuple(row == "validation") for row in roles}) == 5


def test_too_few_groups_for_folds_say_how_many_folds_there_may_be() -> None:
    for groups, folds, todo in ((4, 3, "lower the folds to 2 or less"), (3, 2, "choose 0 folds, which is the split as it is")):
        with pytest.raises(BadInput) as refusal:
            fold_roles(pd.Series(range(groups)), 1, folds)
        assert todo in one_sentence(refusal.value) and f"at least {folds + 2} groups" in str(refusal.value)
    assert set(fold_roles(pd.Series(range(4)), 1, 2)) == {"train", "validation", "test"}


def test_groups_of_either_size_are_dealt_by_themselves_where_there_are_three_of_each() -> None:
    sizes = [5] * 20 + [4] * 20
    groups = pd.Series([f"g{g:02}" for g, size in enumerate(sizes) for _ in range(size)])
    role = pd.Series(split_by_group(groups, 0)).groupby(groups).first()
    for kind in (role[:20], role[20:]):
        assert kind.value_counts().to_dict() == {"train": 9, "validation": 3, "test": 8}
    few = pd.Series([f"g{g}" for g, size in enumerate([5, 5, 1, 1, 1]) for _ in range(size)])
    assert set(split_by_group(few, 0)) == {"train", "validation", "test"}
    assert split_by_group(pd.Series(["a", "b", "c"]), 0).tolist().count("test") == 1
    with pytest.raises(BadInput, match="this column has 2"):
        split_by_group(pd.Series(["a", "b"]), 0)
    with pytest.raises(BadInput, match="Class 1 has no group"):
        split_by_group(pd.Series(["a", None, "b"]), 0)


def test_named_splits_are_rows() -> None:
    table = table_of({"one": np.array(["train", "test"]), "two": np.array(["test", "train"])})
    assert table.to_numpy().tolist() == [["one", 0, "train"], ["one", 1, "test"], ["two", 0, "test"], ["two", 1, "train"]]


# --- pictures ----------------------------------------------------------------------------------------------------------------


def opened(uri: str) -> tuple[str, Image.Image]:
    kind, _, content = uri.removeprefix("data:image/").partition(";base64,")
    return kind, Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_picture_that_fits_its_place_twice_is_sent_as_it_is_and_a_larger_one_scaled_down() -> None:
    image = np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8)
    kind, shown = opened(picture_of(image, 20))
    assert kind == "png" and np.array_equal(np.asarray(shown), image)
    kind, shown = opened(picture_of(image, 19))
    assert kind == "jpeg" and shown.size == (28, 38)


def test_numbers_are_bars_above_and_below_their_zero() -> None:
    svg = base64.b64decode(bars_of(np.array([1.0, -2.0, 0.0, 0.5]), 30).split(",")[1]).decode()
    assert re.findall(r"x='([\d.]+)' y='([\d.]+)' width='([\d.]+)' height='([\d.]+)'", svg) == [
        ("0.0", "26.0", "20.0", "24.0"),
        ("25.0", "50.0", "20.0", "48.0"),
        ("50.0", "50.0", "20.0", "0.5"),
        ("75.0", "38.0", "20.0", "12.0"),
    ]
    assert "width='30' height='30'" in svg
    many = base64.b64decode(bars_of(np.arange(100.0), 30).split(",")[1]).decode()
    assert many.count("<rect") == MOST_BARS and bars_of(np.zeros(3), 30).startswith("data:image/svg+xml;base64,")
