"""Splits keep groups together, share nothing between roles, and come out the same from the same seed."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from metadash.data.dataset import ROLES
from metadash.data.splits import FRACTIONS, split_by_group, table_of
from metadash.errors import BadInput

GROUPS = pd.Series([f"large {g}" for g in range(20) for _ in range(6)] + [f"small {g}" for g in range(60) for _ in range(2)])


def test_all_classes_of_a_group_share_a_role() -> None:
    roles = split_by_group(GROUPS, 3)
    assert pd.Series(roles).groupby(GROUPS).nunique().max() == 1
    assert set(roles) == set(ROLES)


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    assert np.array_equal(split_by_group(GROUPS, 3), split_by_group(GROUPS, 3))
    assert not np.array_equal(split_by_group(GROUPS, 3), split_by_group(GROUPS, 4))


def test_the_order_of_the_classes_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(GROUPS))
    assert np.array_equal(split_by_group(GROUPS.iloc[order].reset_index(drop=True), 3), split_by_group(GROUPS, 3)[order])


def test_dates_are_groups_as_any_other_and_may_lie_beyond_the_calendar_of_python() -> None:
    dates = pd.Series(np.array(["1969-12-31", "-10305-06-03", "2020-01-01", "30000-01-01"] * 2, dtype="datetime64[us]"))
    roles = pd.Series(split_by_group(dates, 3))
    assert roles.groupby(dates).nunique().max() == 1 and set(roles) == set(ROLES)
    days = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([dt.date(2000 + i % 4, 1, 1) for i in range(8)])))
    assert pd.Series(split_by_group(days, 3)).groupby(np.arange(8) % 4).nunique().max() == 1
    near = dates.where(
        dates.between("1900-01-01", "2100-01-01"), dates.map({dates[1]: pd.Timestamp("1900"), dates[3]: pd.Timestamp("2100")})
    )
    assert roles.tolist() == split_by_group(near.dt.strftime("%F"), 3).tolist(), "dealt as texts of the same order are"


@pytest.mark.parametrize("kind", ["large", "small"])
def test_every_role_has_its_share_of_large_groups_and_of_small_ones(kind: str) -> None:
    roles = pd.Series(split_by_group(GROUPS, 1)).groupby(GROUPS).first()
    shares = roles[roles.index.str.startswith(kind)].value_counts(normalize=True)
    assert [shares[role] for role in ROLES] == pytest.approx(FRACTIONS, abs=0.03)


def test_each_group_lands_in_each_role_by_some_seed() -> None:
    seen = {(group, role) for seed in range(40) for group, role in zip(GROUPS, split_by_group(GROUPS, seed), strict=True)}
    assert len(seen) == 3 * GROUPS.nunique()


def test_two_groups_cannot_be_split_in_three() -> None:
    with pytest.raises(BadInput, match=r"at least 3 groups of classes, .* this column has 2"):
        split_by_group(pd.Series(["a", "a", "b"]), 0)


@pytest.mark.parametrize(
    "sizes", [(2, 2, 2), (2, 2, 2, 2), (6, 6, 2, 2), (6, 6, 6, 2), (6, 2, 2, 2), (6, 6, 6, 2, 2, 2), (1,) * 5]
)
def test_every_role_gets_a_group_however_the_fractions_round(sizes: tuple[int, ...]) -> None:
    """A role without classes would only be noticed when a run fails."""
    groups = pd.Series([f"group {g}" for g, size in enumerate(sizes) for _ in range(size)])
    for seed in range(10):
        assert set(split_by_group(groups, seed)) == set(ROLES)


@pytest.mark.parametrize("fractions", [(0.01, 0.49, 0.5), (0.98, 0.01, 0.01), (0.01, 0.01, 0.98), (0.5, 0.5, 0.0)])
def test_every_role_gets_a_group_whatever_the_fractions(fractions: tuple[float, float, float]) -> None:
    assert set(split_by_group(GROUPS, 0, fractions=fractions)) == set(ROLES)


def test_a_class_without_a_group_is_named() -> None:
    with pytest.raises(BadInput, match="Class 3 has no group"):
        split_by_group(pd.Series(["a", "b", "c", None, "a"]), 0)


def test_the_table_has_one_row_a_class_and_split() -> None:
    roles = {"one": split_by_group(GROUPS, 1), "two": split_by_group(GROUPS, 2)}
    table = table_of(roles)
    assert table.columns.tolist() == ["split", "class_id", "role"]
    assert not table.duplicated(["split", "class_id"]).any()
    for name, expected in roles.items():
        assert np.array_equal(table[table["split"] == name].sort_values("class_id")["role"], expected)
