"""Each 95 % interval covers its own estimand; published and hand-made values agree; too few units are said, not hidden."""

import subprocess
import sys
import time

import numpy as np
import pytest
from scipy import stats

from metadash.stats.intervals import (
    FARTHEST_SEEDS,
    UNSEEN,
    Interval,
    class_jackknife,
    episode_interval,
    group_jackknife,
    mean_over_episodes,
    mean_over_seeds,
    new_classes_interval,
    paired_differences,
    seed_interval,
)

CASES = 1000


def draw_classes(rng, episodes, classes, n_way):
    return rng.random((episodes, classes)).argpartition(n_way, axis=1)[:, :n_way]


def coverage(truths, intervals):
    return np.mean([interval.low <= truth <= interval.high for truth, interval in zip(truths, intervals, strict=True)])


# --- coverage, by simulation -----------------------------------------------------------------------------------------------


def test_episode_interval_covers_the_mean_over_these_very_classes():
    rng = np.random.default_rng(1)
    effects = rng.normal(1, 4, 40)  # fixed: the classes are these
    intervals = []
    for _ in range(CASES):
        drawn = draw_classes(rng, 300, 40, 5)
        intervals.append(episode_interval(effects[drawn].mean(axis=1) + rng.normal(0, 5, 300)))
    assert 0.93 <= coverage([effects.mean()] * CASES, intervals) <= 0.97


def new_class_intervals(rng, classes, episodes, spread, noise, method, cases=CASES):
    """Intervals for worlds whose classes have effects N(0, spread) and whose episodes add N(0, noise); the truth is 0."""
    for _ in range(cases):
        effects = rng.normal(0, spread, classes)
        drawn = draw_classes(rng, episodes, classes, 5)
        differences = effects[drawn].mean(axis=1) + rng.normal(0, noise, episodes)
        yield method(differences, drawn) if method is class_jackknife else method(differences)


@pytest.mark.parametrize(
    ("classes", "episodes", "spread", "noise"),
    [(40, 600, 2, 5), (40, 2000, 1, 5), (40, 600, 6, 2), (100, 600, 2, 5), (100, 300, 4, 5)],
)
def test_class_jackknife_covers_the_population_of_classes(classes, episodes, spread, noise):
    intervals = list(new_class_intervals(np.random.default_rng(2), classes, episodes, spread, noise, class_jackknife))
    assert 0.93 <= coverage([0] * CASES, intervals) <= 0.97


def test_class_jackknife_errs_towards_wide_when_all_classes_are_alike():
    intervals = list(new_class_intervals(np.random.default_rng(3), 40, 600, 0, 5, class_jackknife))
    assert 0.95 <= coverage([0] * CASES, intervals) <= 0.995


def test_class_jackknife_errs_towards_wide_when_pairs_of_classes_matter():
    rng, intervals = np.random.default_rng(4), []
    pairs = np.triu_indices(5, 1)
    for _ in range(500):
        effects, pair = rng.normal(0, 2, 40), rng.normal(0, 4, (40, 40))
        drawn = draw_classes(rng, 600, 40, 5)
        both = np.sort(drawn, axis=1)
        differences = effects[drawn].mean(axis=1) + pair[both[:, pairs[0]], both[:, pairs[1]]].mean(axis=1)
        intervals.append(class_jackknife(differences + rng.normal(0, 4, 600), drawn))
    assert 0.93 <= coverage([0] * 500, intervals) <= 0.99


def test_episode_interval_does_not_cover_new_classes():
    """Why there are two intervals: with 2,000 episodes the interval over episodes misses the population most of the time."""
    intervals = list(new_class_intervals(np.random.default_rng(5), 40, 2000, 4, 5, episode_interval, cases=300))
    assert coverage([0] * 300, intervals) < 0.5


def test_the_textbook_jackknife_counts_the_noise_of_an_episode_once_per_class():
    """The reason for the correction: without class effects the textbook value is N times the variance of the mean."""
    rng, ratios = np.random.default_rng(6), []
    for _ in range(200):
        drawn, differences = draw_classes(rng, 600, 60, 5), rng.normal(0, 5, 600)
        left_out = np.array([differences[~(drawn == c).any(axis=1)].mean() for c in range(60)])
        textbook = 59 / 60 * np.square(left_out - left_out.mean()).sum()
        ratios.append(textbook / (5**2 / 600))
    assert np.mean(ratios) == pytest.approx(5 * 59 / 55, rel=0.05)  # N (C - 1) / (C - N)


@pytest.mark.parametrize("groups", [9, 30])
@pytest.mark.parametrize("uneven", [0.0, 1.0])
def test_group_jackknife_covers_the_population_of_groups(groups, uneven):
    rng, intervals = np.random.default_rng(7), []
    for _ in range(CASES):
        share = np.exp(uneven * rng.normal(size=groups))
        group = rng.choice(groups, 600, p=share / share.sum())
        intervals.append(group_jackknife(rng.normal(0, 2, groups)[group] + rng.normal(0, 5, 600), group))
    assert 0.93 <= coverage([0] * CASES, intervals) <= 0.975


@pytest.mark.parametrize(
    "effects", [lambda rng: rng.normal(1.5, 0.6, 5), lambda rng: 3.5 - rng.gamma(4, 0.5, 5)], ids=["normal", "some fail"]
)
def test_seed_interval_covers_the_mean_over_training_runs(effects):
    rng = np.random.default_rng(8)
    intervals = [seed_interval(effects(rng)) for _ in range(4 * CASES)]
    assert 0.93 <= coverage([1.5] * 4 * CASES, intervals) <= 0.97


# --- values ----------------------------------------------------------------------------------------------------------------


def test_students_sleep_data_give_the_published_interval():
    """Student (1908): extra hours of sleep under two drugs, paired; R's t.test prints -2.4598858 and -0.7001142."""
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    interval = episode_interval(first - second)
    assert (interval.low, interval.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_t_intervals_agree_with_scipy(level):
    values = np.random.default_rng(0).normal(2, 3, 7)
    balanced = np.concatenate([values, -values])  # seeds without skew
    for drawn, interval in ((values, episode_interval(values, level)), (balanced, seed_interval(balanced, level))):
        expected = stats.ttest_1samp(drawn, 0).confidence_interval(level)
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_a_seed_that_trained_badly_moves_the_lower_bound_only():
    values = np.array([2.0, 2.1, 1.9, 2.2, 0.4])
    student, interval = stats.ttest_1samp(values, 0).confidence_interval(), seed_interval(values)
    assert interval.high == pytest.approx(student.high)
    assert values.mean() - interval.low == pytest.approx(FARTHEST_SEEDS * (values.mean() - student.low))


def test_group_jackknife_of_even_groups_without_skew_is_the_t_interval_of_their_means():
    rng = np.random.default_rng(0)
    half = rng.normal(0, 2, (3, 10))
    values, group = (
        1 + np.concatenate([half, -half]).ravel(),
        np.repeat(["Greek", "Latin", "Runic", "Thai", "Tifinagh", "Vai"], 10),
    )
    expected = stats.ttest_1samp(values.reshape(6, 10).mean(axis=1), 0).confidence_interval()
    interval = group_jackknife(values, group)
    assert (interval.low, interval.high, interval.n) == (pytest.approx(expected.low), pytest.approx(expected.high), 6)


def test_skewed_groups_move_a_bound_outwards_on_their_long_side_only():
    means = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.1, 2.0, 4.5])  # most gain a little, few a lot
    values, group = np.repeat(means, 4), np.repeat(np.arange(11), 4)
    student = stats.ttest_1samp(means, 0).confidence_interval()
    right, left = group_jackknife(values, group), group_jackknife(-values, group)
    assert right.low == pytest.approx(student.low)
    farther = (right.high - means.mean()) / (student.high - means.mean())
    assert farther == pytest.approx(1 + UNSEEN / 11, rel=0.03), "skewed enough for about the farthest bound"
    assert (left.low, left.high) == pytest.approx((-right.high, -right.low))


def test_skewed_classes_move_a_bound_outwards_too():
    rng = np.random.default_rng(0)
    drawn = draw_classes(rng, 2000, 15, 5)
    effects = np.array([0.1] * 12 + [3.0, 6.0, 9.0])
    found = class_jackknife(effects[drawn].mean(axis=1), drawn)
    turned = class_jackknife(-effects[drawn].mean(axis=1), drawn)
    assert found.high - found.estimate > 1.15 * (found.estimate - found.low) and turned.low == pytest.approx(-found.high)


def test_what_lies_outside_a_skewed_interval_is_what_its_t_rejects():
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(9), 5)
    for _ in range(300):
        interval = group_jackknife(np.repeat(rng.exponential(2, 9) ** 1.3, 5) + rng.normal(0, 1, 45), group)
        quantile = stats.t.ppf(0.975, interval.df)
        for against in np.linspace(interval.low - 2, interval.high + 2, 23):
            assert (abs(interval.t(against)) > quantile) == (not interval.low <= against <= interval.high)


@pytest.mark.parametrize("effects", [lambda rng: 3 * rng.exponential(size=11), lambda rng: rng.normal(3, 3, 11)])
def test_group_jackknife_covers_new_groups_whether_their_effects_are_skewed_or_not(effects):
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(11), 20)
    intervals = [group_jackknife(effects(rng)[group] + rng.normal(0, 4, 220), group) for _ in range(4 * CASES)]
    assert 0.93 <= coverage([3.0] * 4 * CASES, intervals) <= 0.97


def test_class_jackknife_equals_its_definition_class_by_class():
    rng = np.random.default_rng(0)
    drawn = draw_classes(rng, 400, 30, 5)
    values = rng.normal(0, 6, 30)[drawn].mean(axis=1) + rng.normal(0, 3, 400)
    holds = np.array([(drawn == c).any(axis=1) for c in range(30)])  # [C, E]
    left_out = np.array([values[~h].mean() for h in holds])
    jackknife = 29 / 30 * np.square(left_out - left_out.mean()).sum()
    within = sum(np.square(values[h] - values[h].mean()).sum() for h in holds) / (5 * 400 - 30)
    echo = 29 / 30 * within * sum(h.sum() / (400 * (400 - h.sum())) for h in holds)
    assert class_jackknife(values, drawn).se == pytest.approx(np.sqrt(jackknife - echo + values.var(ddof=1) / 400))


def test_class_numbers_are_names_only():
    rng = np.random.default_rng(0)
    drawn, values = draw_classes(rng, 300, 40, 5), rng.normal(0, 5, 300)
    assert class_jackknife(values, drawn * 1000 + 17) == class_jackknife(values, drawn)


def test_new_classes_are_never_more_certain_than_these_classes():
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn, values = draw_classes(rng, 300, 40, 5), rng.normal(0, 5, 300)
        assert class_jackknife(values, drawn).se >= episode_interval(values).se


def test_every_interval_has_the_same_estimate():
    rng = np.random.default_rng(0)
    drawn, values, group = draw_classes(rng, 300, 40, 5), rng.normal(1, 5, 300), rng.integers(0, 7, 300)
    for interval in (episode_interval(values), class_jackknife(values, drawn), group_jackknife(values, group)):
        assert interval.estimate == pytest.approx(values.mean())


def test_equal_differences_give_an_interval_of_no_width():
    drawn = draw_classes(np.random.default_rng(0), 300, 40, 5)
    for interval in (episode_interval(np.full(300, 2.0)), class_jackknife(np.full(300, 2.0), drawn)):
        assert (interval.low, interval.estimate, interval.high) == pytest.approx((2, 2, 2))


def test_ten_thousand_episodes_of_two_hundred_classes_take_under_a_second():
    rng = np.random.default_rng(0)
    drawn, values = draw_classes(rng, 10_000, 200, 5), rng.normal(0, 5, 10_000)
    start = time.process_time()
    class_jackknife(values, drawn)
    assert time.process_time() - start < 1


# --- the unit, the seeds, and too few of them ------------------------------------------------------------------------------


def test_new_classes_are_groups_where_tasks_are_drawn_within_groups():
    rng = np.random.default_rng(0)
    drawn, values, group = draw_classes(rng, 300, 40, 5), rng.normal(1, 5, 300), rng.integers(0, 7, 300)
    assert new_classes_interval(values, drawn) == class_jackknife(values, drawn)
    assert new_classes_interval(values, drawn, group) == group_jackknife(values, group)
    assert (new_classes_interval(values, drawn).unit, new_classes_interval(values, drawn, group).unit) == ("class", "group")


def test_fewer_than_three_classes_per_way_is_class_limited():
    rng = np.random.default_rng(0)
    interval = class_jackknife(rng.normal(1, 5, 300), draw_classes(rng, 300, 14, 5))
    assert (interval.low, interval.high, interval.needed) == (None, None, 15)
    assert interval.note == "class-limited: 14 test classes, 15 needed"
    assert class_jackknife(rng.normal(1, 5, 300), draw_classes(rng, 300, 15, 5)).low is not None


def test_a_class_in_every_episode_is_class_limited():
    rng = np.random.default_rng(0)
    drawn = np.column_stack([np.full(300, 99), draw_classes(rng, 300, 30, 4)])
    interval = class_jackknife(rng.normal(1, 5, 300), drawn)
    assert interval.low is None and "class 99 is in every episode" in interval.note


def test_one_group_one_seed_and_one_episode_are_limited():
    assert group_jackknife(np.ones(9), np.zeros(9)).note == "group-limited: 1 group, 2 needed"
    assert seed_interval(np.ones(1)).note == "seed-limited: 1 seed, 2 needed"
    assert episode_interval(np.ones(1)) == Interval(
        1, None, None, 1, "t over episodes", "episode", needed=2, note="episode-limited: 1 episode, 2 needed"
    )


def test_differences_are_paired_and_in_points():
    with_source, without = np.array([[0.8, 0.6], [0.7, 0.5]]), np.array([[0.7, 0.6], [0.5, 0.4]])
    differences = paired_differences(with_source, without)
    assert differences == pytest.approx(np.array([[10, 0], [20, 10]]))
    assert mean_over_seeds(differences) == pytest.approx([15, 5])
    assert mean_over_episodes(differences) == pytest.approx([5, 15])
    assert paired_differences(with_source[0], without[0]).shape == (1, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [(np.zeros((2, 3)), np.zeros((3, 2))), (np.full(3, 76.9), np.full(3, 74.3)), (np.array([0.5, np.nan]), np.zeros(2))],
)
def test_scores_that_are_not_paired_accuracies_are_refused(first, second):
    with pytest.raises(ValueError):
        paired_differences(first, second)


def test_missing_differences_are_refused():
    for call in (episode_interval, seed_interval):
        with pytest.raises(ValueError, match="finite"):
            call(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="group must be"):
        group_jackknife(np.ones(4), np.zeros(3))
    with pytest.raises(ValueError, match="classes must be"):
        class_jackknife(np.ones(4), np.zeros((3, 5)))


def test_the_web_server_can_afford_these_modules():
    """scipy.stats, torch and scikit-learn take seconds and hundreds of MB; the quantiles come from scipy.special."""
    code = (
        "import sys; from metadash.stats import intervals, shots, verdict, words; "
        "print([name for name in ('scipy.stats', 'torch', 'sklearn', 'pandas', 'streamlit') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_six_classes_that_hardly_differ_leave_fewer_than_two_degrees_of_freedom() -> None:
    """Of two ways: nearly all that the jackknife sees is the noise of episodes, which it sees twice; a t quantile of two would claim too much."""
    rng = np.random.default_rng(3)
    drawn = np.array([rng.choice(6, 2, replace=False) for _ in range(40)])
    found = class_jackknife(rng.normal(0, 1, 40), drawn)
    assert found.df is not None and found.se is not None and found.low is not None
    assert 1 < found.df < 2 and found.estimate - found.low >= 0.999 * stats.t.ppf(0.975, found.df) * found.se
