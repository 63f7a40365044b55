"""Metadata made wrong on purpose: as rich as the real one, and meaning nothing."""

import numpy as np
import pytest

from metadash.errors import BadInput
from metadash.metadata.controls import CONTROLS, control
from metadash.metadata.encoded import EncodedSource

C, TRAIN, VALIDATION, TEST = 600, np.arange(0, 400), np.arange(400, 450), np.arange(450, 590)
ROLES = [TRAIN, VALIDATION, TEST]  # the last ten classes have no role


def sources() -> list[EncodedSource]:
    generator = np.random.default_rng(0)
    first = generator.normal([1, -5, 0], [2, 0.1, 0], (C, 3)).astype(np.float32)
    second = (generator.random((C, 2)) < 0.2).astype(np.float32)
    present = generator.random(C) < 0.9
    second[~present] = 0
    return [
        EncodedSource("one", first, np.ones(C, dtype=bool), ("a", "b", "c")),
        EncodedSource("two", second, present, ("d", "e")),
    ]


def falsified(kind: str, seed: int = 0) -> list[EncodedSource]:
    return control(sources(), kind, ROLES, np.random.default_rng(seed))


def rows(found: list[EncodedSource], members: np.ndarray) -> list[tuple[float, ...]]:
    """Both sources and both presences of each class, as one row each, sorted."""
    together = np.concatenate([np.c_[source.vectors, source.present] for source in found], axis=1)[members]
    return sorted(map(tuple, together.tolist()))


@pytest.mark.parametrize("members", ROLES, ids=["train", "validation", "test"])
def test_shuffling_keeps_the_rows_of_each_role_and_their_joint_distribution(members: np.ndarray) -> None:
    assert rows(falsified("shuffled"), members) == rows(sources(), members)


def test_shuffling_does_change_hands() -> None:
    moved = (falsified("shuffled")[0].vectors != sources()[0].vectors).any(axis=1)
    assert moved[TRAIN].mean() > 0.98 and moved[TEST].mean() > 0.95


def test_shuffling_leaves_classes_without_a_role_alone() -> None:
    assert np.array_equal(falsified("shuffled")[0].vectors[590:], sources()[0].vectors[590:])


def test_noise_has_each_feature_s_mean_and_spread_over_meta_train() -> None:
    found, real = falsified("noise")[0].vectors, sources()[0].vectors[TRAIN]
    assert found.mean(axis=0) == pytest.approx(real.mean(axis=0), abs=4 * real.std(axis=0).max() / np.sqrt(C))
    assert found.std(axis=0) == pytest.approx(real.std(axis=0), rel=0.1)
    assert np.corrcoef(found[:, 0], sources()[0].vectors[:, 0])[0, 1] == pytest.approx(0, abs=0.15)


def test_noise_is_taken_from_meta_train_alone() -> None:
    """The spread of the test classes is no more known than their values."""
    given = sources()
    given[0].vectors[TEST] = 1e6
    assert np.abs(control(given, "noise", ROLES, np.random.default_rng(0))[0].vectors).max() < 100


@pytest.mark.parametrize("kind", ["noise", "constant", "shuffled"])
def test_where_metadata_is_absent_it_stays_absent_as_often(kind: str) -> None:
    found = falsified(kind)[1]
    assert found.present.sum() == sources()[1].present.sum()
    if kind == "noise":
        assert (found.vectors[~found.present] == 0).all()


def test_constant_says_the_same_of_every_class() -> None:
    found = falsified("constant")[0].vectors
    assert (found == found[0]).all()
    assert found[0] == pytest.approx(sources()[0].vectors[TRAIN].mean(axis=0), abs=1e-6)


def test_without_a_control_nothing_changes() -> None:
    for one, other in zip(falsified("none"), sources(), strict=True):
        assert np.array_equal(one.vectors, other.vectors)


@pytest.mark.parametrize("kind", CONTROLS)
def test_the_same_generator_gives_the_same_control(kind: str) -> None:
    for one, other in zip(falsified(kind, 7), falsified(kind, 7), strict=True):
        assert np.array_equal(one.vectors, other.vectors) and np.array_equal(one.present, other.present)


@pytest.mark.parametrize("kind", ["shuffled", "noise"])
def test_another_generator_gives_another_control(kind: str) -> None:
    assert not np.array_equal(falsified(kind, 1)[0].vectors, falsified(kind, 2)[0].vectors)


def test_the_given_sources_are_left_as_they_were() -> None:
    given, kept = sources(), sources()
    for kind in CONTROLS:
        control(given, kind, ROLES, np.random.default_rng(0))
    assert all(np.array_equal(one.vectors, other.vectors) for one, other in zip(given, kept, strict=True))


def test_types_stay_what_the_networks_expect() -> None:
    for kind in CONTROLS:
        for source in falsified(kind):
            assert source.vectors.dtype == np.float32 and source.present.dtype == bool


def test_an_unknown_control_is_named_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="The control is 'scrambled'; it must be one of none, shuffled, noise, constant"):
        falsified("scrambled")


def test_a_random_id_is_a_tag_of_its_own_and_says_nothing_of_the_class() -> None:
    real, found = sources(), falsified("random-id")
    for before, after in zip(real, found, strict=True):
        assert after.vectors.shape == before.vectors.shape and set(np.unique(after.vectors)) == {-1.0, 1.0}
        assert after.present.all()  # not even which classes had metadata
    tags = np.concatenate([source.vectors for source in found], axis=1)
    assert np.corrcoef(tags[:, 0], real[0].vectors[:, 0])[0, 1] == pytest.approx(0, abs=0.15)
    assert not np.array_equal(falsified("random-id", seed=1)[0].vectors, found[0].vectors)
