"""Metadata of instances: the same numbers as for classes, held sparsely, learned from meta-train instances alone, falsified in a role."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata import controls, encoder
from metadash.metadata.controls import control_instances
from metadash.metadata.encoded import EncodedInstances
from metadash.metadata.encoder import encode, encode_instances
from tests.builders import CLASS_SOURCES, tiny_classes

TRAIN, VALIDATION, TEST = np.arange(0, 20), np.arange(20, 28), np.arange(28, 38)
ROLES = [TRAIN, VALIDATION, TEST]  # the last two rows have no role
SOURCES = tuple(source for source in CLASS_SOURCES if source.name != "nothing")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "ROWS_AT_ONCE", 7)


def encoded(table: pd.DataFrame | None = None) -> list[EncodedInstances]:
    """The columns of *tiny*'s classes, all kinds of them, taken for those of instances."""
    return encode_instances(tiny_classes() if table is None else table, SOURCES, TRAIN)


def test_every_kind_of_column_has_the_numbers_that_it_has_for_classes() -> None:
    for found, expected in zip(encoded(), encode(tiny_classes(), SOURCES, TRAIN), strict=True):
        assert np.array_equal(found.vectors(np.arange(40)), expected.vectors)
        assert np.array_equal(found.present, expected.present) and found.features == expected.features


def test_rows_of_any_shape_can_be_asked_for() -> None:
    source = encoded()[0]
    rows = np.array([[3, 30, 3], [0, 1, 39]])
    assert source.vectors(rows).shape == (2, 3, source.width) and source.vectors(rows).dtype == np.float32
    assert np.array_equal(source.vectors(rows)[1, 2], source.vectors(np.array([39]))[0])
    assert source.vectors(np.zeros((2, 0), dtype=int)).shape == (2, 0, source.width)


def test_nothing_is_learned_from_instances_outside_meta_train() -> None:
    table = tiny_classes()
    table.loc[20:, "corner"] = "a corner never seen"
    table.loc[20:, "size"] = 1e9
    for found, expected in zip(encoded(table), encoded(), strict=True):
        assert found.features == expected.features
        assert np.array_equal(found.vectors(TRAIN), expected.vectors(TRAIN))


def test_one_category_among_many_takes_no_room() -> None:
    table = pd.DataFrame({"site": [f"site {i % 300}" for i in range(5000)]})
    (source,) = encode_instances(table, (Source("site", "instance", ("site",)),), np.arange(4000))
    assert source.width == 300
    assert source.table.data.nbytes + source.table.indices.nbytes < 5000 * 10  # 1200 bytes a row when dense


def test_what_is_not_available_at_prediction_says_so() -> None:
    source = Source("s", "instance", ("corner",), available_at_prediction=False)
    assert not encode_instances(tiny_classes(), (source,), TRAIN)[0].on_queries


def test_a_source_without_a_value_in_meta_train_is_refused() -> None:
    with pytest.raises(BadInput, match="empty for every meta-train instance"):
        encode_instances(tiny_classes(), (Source("s", "instance", ("remark",)),), TRAIN)


# --- controls ----------------------------------------------------------------------------------------------------------------


def falsified(kind: str, seed: int = 0) -> list[EncodedInstances]:
    return control_instances(encoded(), kind, ROLES, np.random.default_rng(seed))


def together(sources: list[EncodedInstances], rows: np.ndarray) -> list[tuple[float, ...]]:
    return sorted(map(tuple, np.concatenate([np.c_[s.vectors(rows), s.present[rows]] for s in sources], axis=1).tolist()))


@pytest.mark.parametrize("members", ROLES, ids=["train", "validation", "test"])
def test_shuffling_keeps_the_rows_of_each_role_and_their_joint_distribution(members: np.ndarray) -> None:
    assert together(falsified("shuffled"), members) == together(encoded(), members)
    moved = (falsified("shuffled")[0].vectors(members) != encoded()[0].vectors(members)).any(axis=1)
    assert moved.mean() > 0.5


def test_shuffling_leaves_instances_without_a_role_alone() -> None:
    rows = np.array([38, 39])
    assert np.array_equal(falsified("shuffled")[0].vectors(rows), encoded()[0].vectors(rows))


def test_noise_is_an_instances_own_and_has_the_mean_and_spread_of_meta_train(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"site": ["a", "b", "b", "b"] * 1000, "x": np.linspace(0, 1, 4000)})
    source = Source("s", "instance", ("site", "x"))
    train = np.arange(2000)
    real = encode_instances(table, (source,), train)
    for most in (controls.NOISE_ROWS, 1500):
        monkeypatch.setattr(controls, "NOISE_ROWS", most)
        (found,) = control_instances(real, "noise", [train], np.random.default_rng(0))
        noise, expected = found.vectors(np.arange(4000)), real[0].vectors(train)
        assert noise.mean(axis=0) == pytest.approx(expected.mean(axis=0), abs=0.06)
        assert noise.std(axis=0) == pytest.approx(expected.std(axis=0), rel=0.06)
        of_a = noise[::4]
        assert of_a[:, 0].std() > 0.3, "instances of one site have nothing in common"


def test_constant_says_the_same_of_every_instance_that_has_the_source() -> None:
    source = falsified("constant")[SOURCES.index(next(s for s in SOURCES if s.name == "holes"))]
    rows = np.flatnonzero(source.present)
    assert len(rows) < 40 and (source.vectors(rows) == source.vectors(rows[:1])).all()


@pytest.mark.parametrize("most", [controls.NOISE_ROWS, 30])
def test_a_random_id_is_a_tag_that_says_nothing_not_even_whether_anything_was_known(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "NOISE_ROWS", most)
    rows, real = np.arange(40), encoded()
    assert not all(source.present.all() for source in real)
    for found in falsified("random-id"):
        tags = found.vectors(rows)
        assert found.present.all() and set(np.unique(tags)) == {-1.0, 1.0} and found.table.shape[0] == min(most, 40)
    words = falsified("random-id")[SOURCES.index(next(s for s in SOURCES if s.name == "words"))].vectors(rows)
    assert len(np.unique(words, axis=0)) == (40 if most > 40 else len(np.unique(words, axis=0))) > 15


@pytest.mark.parametrize("kind", controls.CONTROLS)
def test_the_same_generator_gives_the_same_control_and_leaves_the_sources_as_they_were(kind: str) -> None:
    given, rows = encoded(), np.arange(40)
    one, other = (control_instances(given, kind, ROLES, np.random.default_rng(1)) for _ in range(2))
    for first, second, before, after in zip(one, other, given, encoded(), strict=True):
        assert np.array_equal(first.vectors(rows), second.vectors(rows))
        assert np.array_equal(before.vectors(rows), after.vectors(rows))


def test_an_unknown_control_is_refused() -> None:
    with pytest.raises(BadInput, match="The control is 'scrambled'; it must be one of"):
        falsified("scrambled")
