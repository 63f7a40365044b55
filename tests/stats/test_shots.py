"""Worth in shots is the horizontal arrow between two curves, zero for equal curves, bounded where the curves end."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from metadash.stats.shots import _isotonic, fewest_shots, worth_in_shots, worth_in_shots_interval

SHOTS = [1, 2, 5, 10]
PLAIN = np.array([60.0, 70.0, 80.0, 90.0])


def test_a_curve_one_step_ahead_is_worth_one_example_more():
    assert worth_in_shots(SHOTS, np.array([70, 80, 90, 95]), PLAIN, at=1).value == pytest.approx(1)
    assert worth_in_shots(SHOTS, np.array([70, 80, 90, 95]), PLAIN, at=2).value == pytest.approx(3)


def test_between_measured_shots_the_scale_is_logarithmic():
    worth = worth_in_shots([1, 4], np.array([70, 80]), np.array([60, 80]), at=1)
    assert worth.value == pytest.approx(2 - 1)  # half of the way from 1 to 4 on a log scale is 2


def test_equal_curves_are_worth_nothing_even_where_they_are_flat():
    flat = np.array([60, 60, 60, 90])
    for at in (1, 1.5, 2, 5, 10):
        worth = worth_in_shots(SHOTS, flat, flat, at)
        assert (worth.value, worth.censored) == (pytest.approx(0), "")


def test_a_source_that_hurts_is_worth_less_than_nothing():
    worth = worth_in_shots(SHOTS, np.array([50, 60, 75, 85]), PLAIN, at=2)
    assert (worth.value, worth.censored) == (pytest.approx(-1), "")


def test_never_caught_up_is_at_least():
    worth = worth_in_shots(SHOTS, np.array([95, 96, 97, 98]), PLAIN, at=1)
    assert (worth.value, worth.censored) == (pytest.approx(9), "above")


def test_behind_from_the_first_shot_is_at_most():
    worth = worth_in_shots(SHOTS, np.array([50, 55, 58, 59]), PLAIN, at=5)
    assert (worth.value, worth.censored) == (pytest.approx(1 - 5), "below")
    worth = worth_in_shots(SHOTS, np.array([50, 55, 58, 59]), PLAIN, at=1)
    assert (worth.value, worth.censored) == (pytest.approx(0), "below")


def test_metadata_alone_is_worth_examples_at_zero_shots():
    worth = worth_in_shots([0, 1, 2, 5], np.array([65, 75, 78, 82]), np.array([20, 60, 70, 80]), at=0)
    assert worth.value == pytest.approx(np.sqrt(2))  # halfway from 60 to 70, from 1 to 2 on a log scale
    worth = worth_in_shots([0, 1, 2, 5], np.array([40, 75, 78, 82]), np.array([20, 60, 70, 80]), at=0)
    assert worth.value == pytest.approx(0.5)  # linear below one shot


def test_a_dip_in_the_plain_curve_is_noise():
    dipped = worth_in_shots(SHOTS, np.array([74, 80, 90, 95]), np.array([60, 72, 68, 90]), at=1)
    smooth = worth_in_shots(SHOTS, np.array([74, 80, 90, 95]), np.array([60, 70, 70, 90]), at=1)
    assert dipped.value == pytest.approx(smooth.value)


def test_the_guard_is_isotonic_regression():
    curves = np.random.default_rng(0).normal(size=(200, 6))
    expected = np.array([isotonic_regression(curve).x for curve in curves])
    assert _isotonic(curves) == pytest.approx(expected)


def made_scores(rng, episodes, gain):
    """A plain learner at 60, 70, 80, 90 % and one ahead by ``gain`` points everywhere, on shared episodes [4, E]."""
    hardness = rng.normal(0, 10, episodes)
    plain = PLAIN[:, None] + hardness + rng.normal(0, 4, (4, episodes))
    return plain + gain + rng.normal(0, 4, (4, episodes)), plain


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(0), 0
    truth = np.sqrt(2) - 1  # five points ahead at one shot: half of the way to two
    for _ in range(200):
        worth = worth_in_shots_interval(SHOTS, *made_scores(rng, 300, 5), at=1, rng=rng, resamples=300)
        hits += worth.low <= truth <= worth.high
    assert 0.90 <= hits / 200 <= 0.99


def test_the_interval_is_that_of_paired_episodes():
    rng = np.random.default_rng(0)
    with_source, plain = made_scores(rng, 400, 5)
    paired = worth_in_shots_interval(SHOTS, with_source, plain, 1, np.random.default_rng(1))
    unpaired = worth_in_shots_interval(SHOTS, with_source, plain[:, rng.permutation(400)], 1, np.random.default_rng(1))
    assert paired.high - paired.low < 0.6 * (unpaired.high - unpaired.low)


def test_the_same_generator_gives_the_same_interval():
    scores = made_scores(np.random.default_rng(0), 100, 5)
    first, second = (worth_in_shots_interval(SHOTS, *scores, 1, np.random.default_rng(3)) for _ in range(2))
    assert first == second and first.resamples == 1000


def test_a_bound_beyond_the_measured_shots_is_left_open():
    worth = worth_in_shots_interval(SHOTS, *made_scores(np.random.default_rng(0), 200, 29.5), at=1, rng=np.random.default_rng(1))
    assert worth.low is not None and worth.low > 4 and worth.high is None
    worth = worth_in_shots_interval(SHOTS, *made_scores(np.random.default_rng(0), 200, -5), at=1, rng=np.random.default_rng(1))
    assert worth.low is None and worth.high == pytest.approx(0)


@pytest.mark.parametrize(("shots", "at"), [([1, 1, 2], 1), ([5, 2, 1], 1), ([1], 1), ([-1, 2], 1), (SHOTS, 20), (SHOTS, 0)])
def test_shots_that_cannot_be_are_refused(shots, at):
    with pytest.raises(ValueError):
        worth_in_shots(shots, np.linspace(50, 60, len(shots)), np.linspace(50, 60, len(shots)), at)


def test_curves_that_do_not_fit_the_shots_are_refused():
    with pytest.raises(ValueError):
        worth_in_shots(SHOTS, PLAIN[:3], PLAIN, 1)
    with pytest.raises(ValueError):
        worth_in_shots_interval(SHOTS, np.zeros((3, 9)), np.zeros((3, 9)), 1, np.random.default_rng(0))


def test_a_headline_is_about_the_fewest_shots_that_have_an_example():
    assert [fewest_shots(shots) for shots in ((0, 1, 5), (2, 5), (0,))] == [1, 2, 0]
