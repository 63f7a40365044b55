"""Metadata as numbers: learned from meta-train classes alone, honest about what is missing, each kind in its own way."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.kinds.text import MAX_WORDS
from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.metadata.encoder import encode, encode_instances
from tests.builders import CLASS_SOURCES, N_CLASSES, one_sentence, tiny_classes

TRAIN = np.arange(20)
USABLE = tuple(source for source in CLASS_SOURCES if source.name != "nothing")


def encoded(values: Any, train: np.ndarray = TRAIN) -> EncodedSource:
    """One column as a source of its own; as many rows as ``values``."""
    return encode(pd.DataFrame({"x": values}), (Source("s", "class", ("x",)),), train)[0]


def column(source: EncodedSource, ending: str) -> np.ndarray:
    """The feature whose name ends so."""
    found = [i for i, name in enumerate(source.features) if name.endswith(ending)]
    assert len(found) == 1, source.features
    return source.vectors[:, found[0]]


# --- kinds -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("size", "numeric"),
        ("count", "numeric"),
        ("is_round", "boolean"),
        ("corner", "categorical"),
        ("traits", "multilabel"),
        ("description", "text"),
        ("found", "timestamp"),
        ("weight", "numeric"),
        ("remark", "empty"),
    ],
)
def test_each_kind_of_column_is_told_from_its_values(name: str, kind: str) -> None:
    assert kind_of(tiny_classes()[name]).name == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None, False], "boolean"),
        (pd.array([True, None, False], dtype="boolean"), "boolean"),
        (pd.array([1, None, 3], dtype="Int64"), "numeric"),
        (["same words here"] * 4, "categorical"),
        (["one two", "three four", "five six"], "text"),
        ([[1.0, 2.0], [3.0, 4.0]], "vector"),
        ([None, None], "empty"),
        ([], "empty"),
    ],
)
def test_kinds_at_the_edges(values: Any, kind: str) -> None:
    assert kind_of(pd.Series(values)).name == kind


# --- nothing is learned from test classes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 1e12),
        ("count", -1000),
        ("is_round", None),
        ("corner", "a corner never seen"),
        ("corner", "several; corners; at once"),
        ("traits", "a trait; never; seen"),
        ("description", "utterly new words about nothing"),
        ("found", pd.Timestamp("1850-05-05")),
        ("weight", np.nan),
    ],
)
def test_a_test_row_changes_no_other_row_and_adds_no_feature(name: str, value: Any) -> None:
    before = encode(tiny_classes(), USABLE, TRAIN)
    table = tiny_classes()
    changed = table[name].astype(object)
    changed[39] = value
    table[name] = changed if name == "is_round" else changed.astype(table[name].dtype)
    after = encode(table, USABLE, TRAIN)
    others = np.arange(N_CLASSES) != 39
    for one, other in zip(before, after, strict=True):
        assert one.features == other.features
        assert np.array_equal(one.vectors[others], other.vectors[others])
        assert np.array_equal(one.present[others], other.present[others])
    source = next(i for i, source in enumerate(USABLE) if name in source.columns)
    assert not np.array_equal(before[source].vectors[39], after[source].vectors[39]), "the row itself must change"


def test_all_test_rows_together_change_nothing_either() -> None:
    table = tiny_classes()
    kept = table.copy()
    for name in ("size", "count", "corner", "traits", "description", "found", "weight"):
        table.loc[20:, name] = table.loc[20:, name].to_numpy()[::-1]
    for one, other in zip(encode(kept, USABLE, TRAIN), encode(table, USABLE, TRAIN), strict=True):
        assert one.features == other.features
        assert np.array_equal(one.vectors[:20], other.vectors[:20])


@pytest.mark.parametrize("of_instances", [False, True])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        (["a", "b", "c", "a"], "so many words that no row has twice {}"),
        (["a", "b", "c", "a"], "some; labels; {}"),
        (["one two", "three four", "five six", "seven eight"], "word"),
    ],
)
def test_however_many_test_rows_there_are_they_turn_no_training_column_into_another_kind(
    train: list[str], test: str, of_instances: bool
) -> None:
    """The kind decides the features; judged over all rows, it would let test rows decide them."""
    rows = np.arange(len(train))
    alone = encoded(pd.Series(train), rows)
    beside = pd.DataFrame({"x": [*train, *(test.format(i) for i in range(400))]})
    source = Source("s", "instance" if of_instances else "class", ("x",))
    assert kind_of(beside["x"]).name != kind_of(pd.Series(train)).name, "else there would be nothing to leak"
    found = encode_instances(beside, (source,), rows)[0] if of_instances else encode(beside, (source,), rows)[0]
    vectors = found.vectors(rows) if isinstance(found, EncodedInstances) else found.vectors[rows]
    assert found.features == alone.features and np.array_equal(vectors, alone.vectors)


def test_a_training_row_does_change_the_rest() -> None:
    """Else the tests above would show nothing."""
    assert not np.array_equal(encoded(np.arange(40.0)).vectors[30:], encoded(np.r_[500.0, 400, np.arange(2, 40)]).vectors[30:])


# --- each kind ---------------------------------------------------------------------------------------------------------------


def test_numbers_are_centred_on_the_training_median_and_scaled_by_their_quartiles() -> None:
    values = np.arange(40.0)
    expected = (values - np.median(values[:20])) / (np.quantile(values[:20], 0.75) - np.quantile(values[:20], 0.25))
    assert encoded(values).vectors[:, 0] == pytest.approx(expected.clip(-5, 5), abs=1e-6)


def test_nothing_lies_beyond_five_units() -> None:
    values = np.r_[np.arange(20.0), 1e9, -1e9, np.arange(18.0)]
    found = encoded(values).vectors[:, 0]
    assert found[20] == 5 and found[21] == -5
    assert np.abs(encoded(pd.to_datetime(["2001-01-01", "2002-01-01"] * 10 + ["1700-01-01"] * 20)).vectors).max() <= 5


def test_skewed_numbers_are_taken_by_their_logarithm() -> None:
    skewed = np.random.default_rng(0).lognormal(0, 3, 40)
    order = np.argsort(skewed)
    found = encoded(skewed, np.arange(40)).vectors[:, 0]
    assert (np.diff(found[order]) >= 0).all()
    assert found.std() < 2, "without the logarithm the largest few would be all there is"
    logged = np.log1p(skewed)
    quartiles = np.quantile(logged, [0.25, 0.75])
    assert found == pytest.approx(((logged - np.median(logged)) / (quartiles[1] - quartiles[0])).clip(-5, 5), abs=1e-5)


def test_a_number_that_never_varies_is_a_harmless_zero() -> None:
    assert (encoded(np.full(40, 7.0)).vectors == 0).all()


def test_infinite_numbers_count_as_missing() -> None:
    values = np.arange(40.0)
    values[[3, 30]] = np.inf, -np.inf
    found = encoded(values)
    assert np.isfinite(found.vectors).all()
    assert np.flatnonzero(~found.present).tolist() == [3, 30]


def test_categories_are_one_hot_and_a_category_never_trained_on_is_zero() -> None:
    found = encoded(["a", "b"] * 10 + ["c"] * 20)
    assert found.vectors.shape == (40, 2)
    assert (found.vectors[:20].sum(axis=1) == 1).all()
    assert (found.vectors[20:] == 0).all()
    assert found.present.all(), "it is known, only never seen"


def test_several_labels_are_several_ones() -> None:
    found = encoded(["a; b", "b; c"] * 10 + ["c; new; a"] * 20)
    assert [column(found, name)[0] for name in ("a", "b", "c")] == [1, 1, 0]
    assert [column(found, name)[39] for name in ("a", "b", "c")] == [1, 0, 1]


def test_labels_keep_their_spaces_and_their_case() -> None:
    found = encoded(["Left side; Top", "left side; Top"] * 20)
    assert sorted(name.partition(": ")[2] for name in found.features) == ["Left side", "Top", "left side"]


def test_text_is_a_bag_of_its_words() -> None:
    found = encoded([f"the word number{i} stands" for i in range(40)])
    assert (column(found, " the") == 1).all()
    assert (column(found, "number3") == np.eye(40)[3]).all()
    assert not any(name.endswith("number30") for name in found.features)


def test_of_many_words_the_most_frequent_are_kept() -> None:
    found = encoded([f"common w{2 * i} w{2 * i + 1} " + " ".join(f"x{i}_{j}" for j in range(100)) for i in range(40)])
    assert found.vectors.shape[1] == MAX_WORDS
    assert (column(found, "common") == 1).all()


def test_a_time_gives_its_age_and_its_place_in_the_year() -> None:
    times = pd.date_range("2001-01-01", periods=40, freq="100D")
    found = encoded(times)
    assert found.vectors.shape == (40, 3)
    assert (np.diff(found.vectors[:, 0]) > 0).all()
    aware = encoded(times.tz_localize("Europe/Berlin"))
    assert aware.vectors[:, 0] == pytest.approx(found.vectors[:, 0], abs=1e-3)


def test_vectors_are_taken_as_they_are_and_a_missing_one_is_missing() -> None:
    vectors = [np.array([i, -i, 1.0]) for i in range(40)]
    assert encoded(vectors).vectors.shape == (40, 3)
    with_hole = [*vectors[:5], None, *vectors[6:]]
    found = encoded(with_hole)
    assert np.isfinite(found.vectors).all() and (found.vectors[5, :3] == 0).all() and not found.present[5]


@pytest.mark.parametrize("dtype", [object, "boolean"])
def test_booleans_with_holes_stay_booleans(dtype: Any) -> None:
    found = encoded(pd.array([True, False, None, True] * 10, dtype=dtype))
    assert found.vectors[:4].tolist() == [[1], [0], [0], [1]]
    assert found.present[:4].tolist() == [True, True, False, True]


def test_vectors_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadInput, match=r"The vectors in 'x' have different lengths \(2 and 3\)"):
        encoded([[1.0, 2.0], [1.0, 2.0, 3.0]] * 20)


# --- what is missing ---------------------------------------------------------------------------------------------------------


def test_what_is_missing_stays_missing_with_its_mark() -> None:
    values = np.arange(40.0)
    values[[3, 30]] = np.nan
    found = encode(pd.DataFrame({"x": values, "y": np.arange(40.0)}), (Source("s", "class", ("x", "y")),), TRAIN)[0]
    assert found.vectors[[3, 30], 0].tolist() == [0, 0]
    assert column(found, "x: missing").tolist() == [float(i in (3, 30)) for i in range(40)]
    assert found.present.all()


def test_a_row_with_nothing_at_all_is_absent_and_zero() -> None:
    found = encoded([None, *["a", "b"] * 19, None])
    assert np.flatnonzero(~found.present).tolist() == [0, 39]
    assert (found.vectors[[0, 39]] == 0).all()


def test_a_row_where_all_is_missing_has_no_marks_for_it_either() -> None:
    """An absent row counts as no source at all: its marks for missing values must not speak either."""
    table = pd.DataFrame({"x": [None, None, "a", "b"] * 10, "y": [None, 1.0, None, 2.0] * 10})
    found = encode(table, (Source("s", "class", ("x", "y")),), TRAIN)[0]
    assert [name for name in found.features if name.endswith("missing")] == ["x: missing", "y: missing"]
    assert not found.present[0] and (found.vectors[0] == 0).all()
    assert found.present[1] and column(found, "x: missing")[1] == 1


def test_no_mark_for_missing_values_where_training_shows_none() -> None:
    """A feature that is zero in every training class has weights nobody taught."""
    found = encoded(["a", "b"] * 10 + [None] * 20)
    assert len(found.features) == 2
    assert not found.present[20:].any()


def test_every_feature_says_something_about_some_training_class() -> None:
    for source in encode(tiny_classes(), USABLE, TRAIN):
        assert (source.vectors[TRAIN] != 0).any(axis=0).all(), source.features
    table = pd.DataFrame({"x": ["a", None, "b", "c"] * 10, "y": [None, "p; q"] * 20, "z": np.arange(40.0)})
    holes = encode(table, (Source("s", "class", ("x", "y", "z")),), TRAIN)[0]
    assert (holes.vectors[TRAIN] != 0).any(axis=0).all(), holes.features
    assert [name for name in holes.features if "missing" in name] == ["x: missing", "y: missing"]


def test_an_all_empty_column_beside_others_is_left_out() -> None:
    sources = (Source("s", "class", ("remark", "corner")),)
    found = encode(tiny_classes(), sources, TRAIN)[0]
    assert all(name.startswith("corner") for name in found.features)


def test_an_all_empty_source_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="The source 'nothing' is empty for every meta-train class") as caught:
        encode(tiny_classes(), (CLASS_SOURCES[-1],), TRAIN)
    one_sentence(caught.value)


def test_a_source_that_only_test_classes_have_is_refused() -> None:
    with pytest.raises(BadInput, match="empty for every meta-train class"):
        encoded([None] * 20 + ["a"] * 20)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="The source 's' names the column 'y', and the table has none of that name"):
        encode(pd.DataFrame({"x": [1.0]}), (Source("s", "class", ("x", "y")),), np.array([0]))


# --- shape and names ---------------------------------------------------------------------------------------------------------


def test_every_source_has_one_finite_number_a_feature_and_a_name_a_person_can_read() -> None:
    found = encode(tiny_classes(), USABLE, TRAIN)
    assert [source.name for source in found] == [source.name for source in USABLE]
    for source in found:
        assert source.vectors.shape == (N_CLASSES, len(source.features)) and source.vectors.dtype == np.float32
        assert np.isfinite(source.vectors).all()
        assert len(set(source.features)) == len(source.features)
        assert not any("x0" in name for name in source.features), source.features
