"""Folds of cross-fitting: every class is tested once, with its whole group, and folds are alike in size."""

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import ROLES, Dataset
from metadash.data.folds import fold_name, fold_roles, read_fold
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_description, write_tiny

GROUPS = pd.Series([f"large {g}" for g in range(28) for _ in range(6)] + [f"small {g}" for g in range(60) for _ in range(2)])


def rotation(groups: pd.Series, folds: int) -> list[np.ndarray]:
    return [fold_roles(groups, fold + 1, folds) for fold in range(folds)]


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
def test_each_class_is_a_test_class_in_exactly_one_fold(folds: int) -> None:
    tested = np.sum([roles == "test" for roles in rotation(GROUPS, folds)], axis=0)
    assert (tested == 1).all()


@pytest.mark.parametrize("folds", [2, 5])
def test_a_group_is_never_parted_and_every_fold_has_every_role(folds: int) -> None:
    for roles in rotation(GROUPS, folds):
        assert pd.Series(roles).groupby(GROUPS).nunique().max() == 1 and set(roles) == set(ROLES)


def test_every_role_of_every_fold_has_its_share_of_the_large_groups() -> None:
    for roles in rotation(GROUPS, 5):
        large = pd.Series(roles).groupby(GROUPS).first().filter(like="large").value_counts()
        assert large["test"] in (5, 6) and large["validation"] in (5, 6) and large["train"] in (16, 17, 18)


def test_folds_are_the_same_on_every_call_and_in_whatever_order_classes_stand() -> None:
    order = np.random.default_rng(0).permutation(len(GROUPS))
    assert np.array_equal(fold_roles(GROUPS.iloc[order].reset_index(drop=True), 2, 5), fold_roles(GROUPS, 2, 5)[order])


def test_a_class_without_a_group_goes_by_itself() -> None:
    groups = GROUPS.where(np.arange(len(GROUPS)) >= 12)
    tested = np.array([fold for fold, roles in enumerate(rotation(groups, 5)) for _ in range((roles[:12] == "test").sum())])
    assert len(tested) == 12 and len(set(tested)) > 1


def test_too_few_groups_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="needs at least 7 groups of classes, and there are 4") as problem:
        fold_roles(pd.Series(list("aabbccdd")), 1, 5)
    one_sentence(problem.value)


@pytest.mark.parametrize("name", ["fold-0-of-5", "fold-6-of-5", "fold-1-of-1", "fold-1-of-99", "fold-1-of-5 ", "family-0"])
def test_only_a_fold_that_can_be_has_the_name_of_one(name: str) -> None:
    assert read_fold(name) is None
    assert read_fold(fold_name(2, 5)) == (2, 5)


def test_a_data_set_knows_its_folds_without_storing_them(tiny: Dataset) -> None:
    assert "fold-1-of-3" not in tiny.split_names
    roles = [tiny.split(fold_name(fold, 3)) for fold in (1, 2, 3)]
    assert sorted(np.concatenate([one["test"] for one in roles])) == list(range(len(tiny.classes)))
    for one in roles:
        families = [set(tiny.classes["family"].iloc[one[role]]) for role in ROLES]
        assert not (families[0] & families[1] or families[0] & families[2] or families[1] & families[2])


def test_a_data_set_without_groups_parts_single_classes(tmp_path) -> None:
    data = write_tiny(Workspace(tmp_path), description=tiny_description(sibling_column=None, questions=()))
    sizes = [len(data.split(fold_name(fold, 4))["test"]) for fold in (1, 2, 3, 4)]
    assert sum(sizes) == len(data.classes) and max(sizes) - min(sizes) <= 1


def test_a_split_that_is_neither_stored_nor_a_fold_is_refused(tiny: Dataset) -> None:
    with pytest.raises(BadInput, match="has no split 'fold-9-of-3'"):
        tiny.split("fold-9-of-3")
