"""The axioms of a fair share, and the other effects beside it: each a matrix of weights over the values of subsets."""

from itertools import permutations

import numpy as np
import pytest

from metadash.specs.subsets import antithetic_orders, planned_masks
from metadash.stats.shapley import alone, interactions, leave_one_out, sampled_shapley, shapley, together

COUNTS = (1, 2, 4, 6)


def values(count: int, seed: int = 0) -> np.ndarray:
    """v of every subset, as unruly as can be."""
    return np.random.default_rng([seed, count]).normal(50, 10, 2**count)


def every(count: int) -> range:
    return range(2**count)


def with_bits(count: int, bits: int) -> np.ndarray:
    return np.array([bool(subset & bits) for subset in every(count)])


@pytest.mark.parametrize("count", COUNTS)
def test_the_shares_sum_to_what_all_sources_add(count: int) -> None:
    v = values(count)
    assert (shapley(count, every(count)) @ v).sum() == pytest.approx(v[-1] - v[0])
    assert together(count, every(count)) @ v == pytest.approx(v[-1] - v[0])


@pytest.mark.parametrize("count", (2, 4, 6))
def test_interchangeable_sources_have_equal_shares(count: int) -> None:
    v = values(count)
    swapped = [subset & ~3 | (subset & 1) << 1 | (subset & 2) >> 1 for subset in every(count)]
    v = (v + v[swapped]) / 2
    share = shapley(count, every(count)) @ v
    assert share[0] == pytest.approx(share[1])


@pytest.mark.parametrize("count", COUNTS)
def test_a_source_that_changes_nothing_has_no_share_and_no_interaction(count: int) -> None:
    v = values(count)
    v = v[[subset & ~1 for subset in every(count)]]
    assert (shapley(count, every(count)) @ v)[0] == pytest.approx(0, abs=1e-9)
    if count > 1:
        pairs, weights = interactions(count, every(count))
        assert [i for pair, i in zip(pairs, weights @ v, strict=True) if 0 in pair] == pytest.approx([0] * (count - 1), abs=1e-9)


@pytest.mark.parametrize("count", COUNTS)
def test_the_shares_of_a_mixture_are_the_mixture_of_the_shares(count: int) -> None:
    one, other, weights = values(count, 1), values(count, 2), shapley(count, every(count))
    assert weights @ (0.3 * one - 2 * other) == pytest.approx(0.3 * (weights @ one) - 2 * (weights @ other))


def test_the_share_is_the_mean_contribution_over_all_orders() -> None:
    """The definition, by brute force."""
    count, v = 4, values(4)
    share = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        before = 0
        for s in order:
            share[s] += (v[before | 1 << s] - v[before]) / len(orders)
            before |= 1 << s
    assert shapley(count, every(count)) @ v == pytest.approx(share)


def test_a_textbook_game() -> None:
    """The glove game: source 0 needs 1 or 2 (Shapley 1953's voting games have the same shares, 2/3, 1/6, 1/6)."""
    v = np.array([float(subset & 1 and subset & 6 != 0) for subset in every(3)])
    assert shapley(3, every(3)) @ v == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert leave_one_out(3, every(3)) @ v == pytest.approx([1, 0, 0])
    assert alone(3, every(3)) @ v == pytest.approx([0, 0, 0])


def test_redundant_sources_share_what_leaving_one_out_does_not_show() -> None:
    v = 4.0 * with_bits(3, 0b011) + 1.0 * with_bits(3, 0b100)
    assert leave_one_out(3, every(3)) @ v == pytest.approx([0, 0, 1])
    assert shapley(3, every(3)) @ v == pytest.approx([2, 2, 1])
    pairs, weights = interactions(3, every(3))
    assert dict(zip(pairs, weights @ v, strict=True)) == pytest.approx({(0, 1): -4, (0, 2): 0, (1, 2): 0})


def test_sources_that_complement_each_other_interact_positively() -> None:
    v = 3.0 * (with_bits(2, 1) & with_bits(2, 2))
    assert interactions(2, every(2))[1] @ v == pytest.approx([3])


def test_leave_one_out_and_alone_need_the_planned_subsets_only() -> None:
    count = 5
    v, masks = values(count), planned_masks(count)
    for matrix in (leave_one_out, alone, together):
        assert matrix(count, masks) @ v[masks] == pytest.approx(matrix(count, every(count)) @ v)
    with pytest.raises(KeyError):
        shapley(count, masks)


# --- sampled ------------------------------------------------------------------------------------------------------------------


def test_every_sample_of_orders_adds_up_exactly() -> None:
    count, v = 6, values(6)
    estimates = sampled_shapley(antithetic_orders(count, 8, 0), every(count)) @ v
    assert estimates.shape == (4, 6)
    assert estimates.sum(axis=1) == pytest.approx([v[-1] - v[0]] * 4)


def test_sampled_shares_are_right_within_their_stated_error() -> None:
    """Over many draws of the orders, the truth lies within twice the stated error about 19 times of 20."""
    count, v = 6, values(6)
    truth, inside = shapley(count, every(count)) @ v, []
    for seed in range(60):
        estimates = sampled_shapley(antithetic_orders(count, 64, seed), every(count)) @ v
        error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
        inside.append(np.abs(estimates.mean(axis=0) - truth) < 2 * error)
    assert 0.9 < np.mean(inside) < 0.985
