"""Changing what is known of instances changes the rows asked for and no others, and reads as the encoder would read it."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata.changes import Change, InstanceEdit, edit_row
from metadash.metadata.encoded import EncodedInstances
from metadash.metadata.encoder import encode_instances, encode_rows, fitted_columns
from metadash.metadata.instance_changes import change_instances, differing, rewritten, size_of
from tests.builders import CLASS_SOURCES, one_sentence, tiny_classes

N, TRAIN, TEST = 400, np.arange(200), np.arange(200, 400)
GENERATOR = np.random.default_rng(0)
TABLE = pd.DataFrame({"font": [f"font {i}" for i in GENERATOR.integers(0, 40, N)], "weight": GENERATOR.normal(400, 90, N)})
SOURCES = (Source("font", "instance", ("font", "weight")), Source("weight", "instance", ("weight",)))
BESIDE = GENERATOR.integers(1, 9, N)


@pytest.fixture
def encoded() -> list[EncodedInstances]:
    return encode_instances(TABLE, SOURCES, TRAIN)


def after(encoded: list[EncodedInstances], *changes: Change, seed: int = 0) -> EncodedInstances:
    changed, untouched = change_instances(encoded, changes, TEST, TRAIN, BESIDE, seed)
    assert untouched is encoded[1]
    return changed


def touched(encoded: list[EncodedInstances], changed: EncodedInstances) -> np.ndarray:
    return np.flatnonzero(differing(encoded[0], changed, np.arange(N)))


@pytest.mark.parametrize("kind", ["missing", "swap", "noise"])
@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_as_many_test_instances_change_as_asked_and_no_others(kind: str, fraction: float, encoded) -> None:
    found = touched(encoded, after(encoded, Change("font", kind, fraction)))
    assert len(found) == round(fraction * len(TEST)) and np.isin(found, TEST).all()


@pytest.mark.parametrize("kind", ["missing", "swap", "noise"])
def test_a_smaller_share_of_instances_is_part_of_a_larger_one_and_another_draw_hits_others(kind: str, encoded) -> None:
    small, large, other = (
        set(touched(encoded, after(encoded, Change("font", kind, fraction), seed=seed)))
        for fraction, seed in ((0.25, 0), (0.75, 0), (0.25, 1))
    )
    assert small < large and small != other


def test_missing_is_absent_swapped_rows_are_the_same_rows_and_noise_is_as_spread_as_training(encoded) -> None:
    assert not after(encoded, Change("font", "missing")).present[TEST].any()
    swapped = after(encoded, Change("font", "swap", 0.5))
    rows = touched(encoded, swapped)
    assert sorted(map(tuple, swapped.vectors(rows))) == sorted(map(tuple, encoded[0].vectors(rows)))
    noise, real = after(encoded, Change("font", "noise")).vectors(TEST), encoded[0].vectors(TRAIN)
    assert np.allclose(noise.mean(axis=0), real.mean(axis=0), atol=0.25) and np.allclose(
        noise.std(axis=0), real.std(axis=0), atol=0.25
    )


def test_rare_hits_instances_of_rare_classes_and_systematic_those_with_the_largest_values(encoded) -> None:
    rare = touched(encoded, after(encoded, Change("font", "missing", 0.25, "rare")))
    assert BESIDE[rare].max() <= np.sort(BESIDE[TEST])[50]
    line = pd.DataFrame({"x": np.linspace(0, 1, N)})
    (source,) = encode_instances(line, (Source("x", "instance", ("x",)),), TRAIN)
    (changed,) = change_instances([source], [Change("x", "missing", 0.1, "systematic")], TEST, TRAIN, BESIDE, 0)
    assert set(np.flatnonzero(~changed.present)) == set(TEST[-20:])
    assert np.isneginf(size_of(source, TEST)[TRAIN]).all()


def test_rows_written_anew_are_those_that_encoding_all_of_them_would_give(encoded) -> None:
    """For every kind of column: the fit is kept, and only the row asked for is read again."""
    table = tiny_classes()
    sources = tuple(source for source in CLASS_SOURCES if source.name != "nothing")
    edited = table.copy()
    edited.loc[30:35, "corner"], edited.loc[30:35, "weight"], edited.loc[30:35, "is_round"] = "middle", None, True
    edited["is_round"] = edited["is_round"].astype(bool)
    edited.loc[30:35, "found"] = pd.Timestamp("2015-05-05")
    edited.loc[30:35, "description"], edited.loc[30:35, "traits"] = "a grey thing never told of", "mark 1; blue"
    rows, train = np.arange(30, 36), np.arange(20)
    for source, real, expected in zip(
        sources, encode_instances(table, sources, train), encode_instances(edited, sources, train), strict=True
    ):
        fit = fitted_columns(table, source, train)[1]
        found = rewritten(real, rows, *encode_rows(edited.iloc[rows], source, fit))
        everything = np.arange(40)
        assert np.array_equal(found.vectors(everything), expected.vectors(everything)), source.name
        assert np.array_equal(found.present, expected.present)


def test_an_edit_is_a_value_as_a_person_would_write_it() -> None:
    row = edit_row(TABLE.iloc[[7]], [InstanceEdit(7, "weight", "700"), InstanceEdit(7, "font", "")], TABLE)
    assert row["weight"].item() == 700 and row["font"].isna().all() and TABLE["weight"][7] != 700
    with pytest.raises(BadInput, match="holds numbers; 'heavy' is not one"):
        edit_row(TABLE.iloc[[7]], [InstanceEdit(7, "weight", "heavy")], TABLE)


def test_the_most_similar_instance_says_the_same_and_is_no_change(encoded) -> None:
    with pytest.raises(BadInput) as problem:
        after(encoded, Change("font", "nearest"))
    assert "many of them share their metadata" in one_sentence(problem.value)
