"""Curves drawn afresh spread as the intervals for new classes say, and what is read off them covers new classes."""

import numpy as np
import pytest

from metadash.stats.afresh import drawn_afresh
from metadash.stats.intervals import class_jackknife, group_jackknife
from metadash.stats.shots import worth_in_shots, worth_in_shots_interval


def test_one_measure_over_new_groups_spreads_as_its_jackknife_says() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 60, 3000)
    values = rng.normal(0, 2, 60)[group] + rng.normal(0, 5, 3000)
    interval = group_jackknife(values, group)
    found = drawn_afresh(values[None], np.zeros((3000, 5), int), group, rng, 40_000)
    assert found is not None and (found.unit, found.n) == ("group", 60)
    assert found.draws.mean() == pytest.approx(interval.estimate, abs=0.02)
    assert found.draws.std() == pytest.approx(interval.se * np.sqrt(interval.df / (interval.df - 2)), rel=0.03)


def test_one_measure_over_new_classes_spreads_as_its_jackknife_says() -> None:
    rng = np.random.default_rng(1)
    classes = rng.random((3000, 60)).argpartition(5, axis=1)[:, :5]
    values = rng.normal(0, 3, 60)[classes].mean(axis=1) + rng.normal(0, 5, 3000)
    found = drawn_afresh(values[None], classes, None, rng, 40_000)
    assert found is not None and (found.unit, found.n) == ("class", 60)
    assert found.draws.std() == pytest.approx(class_jackknife(values, classes).se * np.sqrt(59 / 57), rel=0.03)


def test_measures_on_the_same_episodes_move_together() -> None:
    rng = np.random.default_rng(2)
    group = rng.integers(0, 30, 2000)
    one = rng.normal(0, 3, 30)[group] + rng.normal(0, 5, 2000)
    found = drawn_afresh(np.stack([one, one + 4, -one]), np.zeros((2000, 5), int), group, rng)
    assert found is not None
    assert found.draws[:, 1] - found.draws[:, 0] == pytest.approx(np.full(1000, 4.0), abs=1e-6)
    assert found.draws[:, 2] == pytest.approx(-found.draws[:, 0], abs=1e-6)


def test_of_too_few_units_nothing_is_drawn() -> None:
    rng, values = np.random.default_rng(3), np.ones((2, 40))
    assert drawn_afresh(values, np.zeros((40, 5), int), np.zeros(40, int), rng) is None
    assert drawn_afresh(values, rng.permuted(np.tile(np.arange(14), (40, 1)), axis=1)[:, :5], None, rng) is None


def test_worth_in_shots_covers_new_groups_where_that_of_these_groups_does_not() -> None:
    """Gains that differ between groups: over other groups the worth is another one."""
    rng, shots = np.random.default_rng(4), (1, 2, 5)
    truth = worth_in_shots(shots, np.array([55.0, 62, 70]), np.array([50.0, 60, 69.5]), 1).value
    held = {"these": 0, "new": 0}
    for _ in range(40):
        group = np.arange(600) % 12
        gain = np.array([5.0, 2, 0.5])[:, None] * (1 + 0.6 * rng.normal(0, 1, 12))[group]
        plain = np.array([50.0, 60, 69.5])[:, None] + rng.normal(0, 6, 600)
        found = worth_in_shots_interval(
            shots, plain + gain, plain, 1, rng, resamples=200, classes=np.zeros((600, 5), int), group=group
        )
        assert found.new_unit == "group" and found.new_n == 12
        held["these"] += (found.low or 0) <= truth <= (found.high or 9)
        held["new"] += (found.new_low if found.new_low is not None else -9) <= truth <= (found.new_high or 9)
    assert held["new"] >= 35 and held["these"] <= 26
