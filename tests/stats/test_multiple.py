"""The level that each of many intervals needs so that all hold at once: between one effect's own and Bonferroni's."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from metadash.stats.intervals import group_jackknife
from metadash.stats.metric import ACCURACY
from metadash.stats.multiple import DRAWS, largest_errors, level_of_each, shares, simultaneous, units_of, vouched

GROUPS, EACH = 30, 4
GROUP = np.repeat(np.arange(GROUPS), EACH)


def scored(group: np.ndarray | None = GROUP, classes: np.ndarray | None = None) -> Any:
    n = len(group) if group is not None else len(classes)  # type: ignore[arg-type]
    manifest = SimpleNamespace(classes=np.zeros((n, 1), int) if classes is None else classes)
    return SimpleNamespace(manifest=manifest, group=group, metric=ACCURACY)


def drawn(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, GROUPS)).repeat(EACH, axis=1)


def test_a_level_beyond_that_of_one_effect_is_earned_the_more_slowly_the_fewer_units_there_are() -> None:
    assert vouched(0.95, 8) == pytest.approx(0.95) and vouched(0.95, 100) == pytest.approx(0.95)
    assert vouched(0.99, 8) == pytest.approx(1 - 0.05 * 0.2**2) and vouched(0.99, 40) == pytest.approx(1 - 0.05 * 0.2**1.2)
    assert vouched(0.98, 8, level=0.9) == pytest.approx(1 - 0.1 * 0.2**2)


def test_units_are_groups_where_tasks_are_drawn_within_groups_else_classes() -> None:
    assert units_of(scored()) == GROUPS and units_of(scored(None, np.array([[1, 2], [2, 9]]))) == 3


def test_what_a_group_moves_by_leaving_is_centred_and_of_length_one() -> None:
    group = np.array([0, 0, 1, 2])
    effects = np.array([[1.0, 3.0, 0.0, 8.0], [5.0, 5.0, 5.0, 5.0]])
    found, freedom = shares(effects, scored(group))
    left_out = np.array([(0 + 8) / 2, (1 + 3 + 8) / 3, (1 + 3 + 0) / 3])  # means without each group
    moved = -(left_out - 3.0)
    moved -= moved.mean()
    assert found == pytest.approx((moved / np.linalg.norm(moved))[None]), "nothing moves the second"
    assert freedom == int(4**2 / (2**2 + 1 + 1) - 1)
    assert shares(effects[:, :3], scored(np.zeros(3, int)))[1] == 0


def test_a_class_counts_in_every_task_that_it_is_in() -> None:
    classes = np.array([[0, 1], [0, 2], [1, 2], [3, 4]])
    effects = np.array([[2.0, 4.0, 6.0, 8.0]])
    found, freedom = shares(effects, scored(None, classes))
    left_out = np.array([7.0, 6.0, 5.0, 4.0, 4.0])  # means without each class
    moved = (5 - left_out) - (5 - left_out).mean()
    assert found == pytest.approx((moved / np.linalg.norm(moved))[None]) and freedom == 4
    everywhere = np.array([[0, 1], [0, 2], [0, 3], [0, 4]])
    assert shares(effects, scored(None, everywhere))[1] == 0


def test_effects_that_are_one_need_no_more_than_one_does() -> None:
    one = drawn(1)
    for effects in (one, np.concatenate([one, 3 * one, -one]), np.concatenate([one, 0 * one])):
        assert level_of_each(effects, scored()) == pytest.approx(0.95)
    assert level_of_each(drawn(5), scored(np.zeros(GROUPS * EACH, int))) == 0.95, "one group tells of no error"


@pytest.mark.parametrize("n", [2, 8])
def test_effects_with_nothing_in_common_need_nearly_bonferroni_s_level(n: int) -> None:
    found = level_of_each(drawn(n), scored())
    least, most = 1 - 1.35 * 0.05 / n, 1 - 0.05 / n
    assert least < found <= most
    assert level_of_each(drawn(n), scored(), level=0.8) < found
    alike = drawn(1) + 0.2 * drawn(n)
    assert 0.95 <= level_of_each(alike, scored()) < found


def test_all_intervals_have_that_level_and_one_that_is_read_off_a_single_bound_a_higher_one() -> None:
    effects = drawn(4)
    each = level_of_each(effects, scored())
    found = simultaneous(effects, scored())
    assert [one.level for one in found] == [each] * 4
    assert found[2].low == pytest.approx(group_jackknife(effects[2], GROUP, each).low)
    assert simultaneous(effects, scored(), one_bound=True)[0].level == pytest.approx(vouched(each, GROUPS))


def test_the_largest_error_of_one_effect_is_student_s() -> None:
    errors = largest_errors(np.ones((1, 1), np.float32), 10, np.random.default_rng(0))
    assert errors.shape == (DRAWS,) and np.quantile(errors, 0.95) == pytest.approx(2.228, abs=0.12)
    more = largest_errors(np.eye(6, dtype=np.float32), 10, np.random.default_rng(0))
    assert np.quantile(more, 0.95) == pytest.approx(3.17, abs=0.2), "of six, tables of the studentised maximum say"
