"""A metric is asked for its unit, its bounds and its sign, and nothing else of it is known above the scores."""

import dataclasses

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.stats import paired
from metadash.stats.group_shares import amount
from metadash.stats.intervals import paired_differences
from metadash.stats.metric import ACCURACY, METRICS, Ways, metric_of
from metadash.stats.multiple import simultaneous
from metadash.stats.paired import difference, worth
from metadash.stats.scored import Scores, as_mean, mean_intervals
from metadash.stats.verdict import Verdict
from tests.builders import one_sentence, tiny_evaluation
from tests.metrics import MAE

SHOTS, E = (1, 2, 5), 300


@pytest.fixture(scope="module")
def manifest(wide: Dataset) -> EpisodeManifest:
    """Tasks within 12 families: enough for certain verdicts."""
    return draw(wide, tiny_evaluation(n_episodes=E).episodes("family-0", "test"))


def errors(manifest: EpisodeManifest, curve: tuple[float, ...], seeds: tuple[int, ...] = (0, 1, 2)) -> Scores:
    """Mean absolute errors around ``curve``; every task has its own difficulty, the same for all learners."""
    difficulty = np.random.default_rng(5).normal(0, 0.05, E)
    own = np.random.default_rng([len(seeds), int(100 * curve[0])]).normal(0, 0.02, (len(curve), len(seeds), E))
    values = np.maximum(np.array(curve)[:, None, None] + difficulty + own, 0)
    return Scores(SHOTS, values, manifest, tuple(f"run {seed}" for seed in seeds), seeds, metric=MAE)


# --- accuracy is what it was -------------------------------------------------------------------------------------------------


def test_an_accuracy_s_differences_are_percentage_points_to_the_last_bit() -> None:
    one, other = np.random.default_rng(0).integers(0, 76, (2, 3, 500)) / 75
    assert np.array_equal(paired_differences(one, other), 100 * (one - other))
    assert np.array_equal(paired_differences(one, other, ACCURACY), 100 * (one - other))


def test_guessing_one_of_five_is_right_in_20_percent_and_nobody_knows_how_far_off_a_guessed_year_is() -> None:
    assert ACCURACY.chance(Ways(5)) == 20 and ACCURACY.chance(tiny_evaluation(n_way=4)) == 25
    assert MAE.chance(Ways(5)) is None


def test_an_accuracy_is_said_as_ever() -> None:
    assert (ACCURACY.axis, ACCURACY.gain_axis, ACCURACY.said(76.94)) == ("accuracy, %", "points of accuracy", "76.9 %")
    assert (ACCURACY.column, ACCURACY.gain_column) == ("accuracy_percent", "difference_points")
    assert (ACCURACY.rope, ACCURACY.bounds, ACCURACY.per_value) == (0.5, (0, 100), 100)


# --- lower is better ---------------------------------------------------------------------------------------------------------


def test_an_error_that_falls_is_a_gain_and_helps(manifest: EpisodeManifest) -> None:
    found = difference(errors(manifest, (1.0, 0.9, 0.8)), errors(manifest, (1.3, 1.0, 0.8)), 1)
    assert found.episodes.estimate == pytest.approx(0.3, abs=0.01) and found.decision.shows(Verdict.HELPS)
    worse = difference(errors(manifest, (1.3, 1.0, 0.8)), errors(manifest, (1.0, 0.9, 0.8)), 1)
    assert worse.episodes.estimate == pytest.approx(-0.3, abs=0.01) and worse.decision.shows(Verdict.HURTS)


def test_what_makes_no_difference_is_the_metric_s_own_unless_another_is_asked_for(manifest: EpisodeManifest) -> None:
    """A tenth of a year is twice the band of these errors, and would be nothing among percentage points."""
    first, second = errors(manifest, (1.0, 0.9, 0.8)), errors(manifest, (1.1, 1.0, 0.9))
    assert difference(first, second, 1).decision.shows(Verdict.HELPS) and difference(first, second, 1).rope == 0.05
    assert difference(first, second, 1, rope=0.5).decision.shows(Verdict.EQUIVALENT)


def test_decisions_together_are_against_the_band_that_each_was_made_with(manifest: EpisodeManifest) -> None:
    row = difference(errors(manifest, (1.0, 0.9, 0.8)), errors(manifest, (1.1, 1.0, 0.9)), 1)
    assert all(one.decision.shows(Verdict.HELPS) for one in paired.tested_together([row, row], [row, row]))
    with pytest.raises(ValueError, match="one region"):
        paired.tested_together([row, dataclasses.replace(row, rope=0.5)])


def test_every_interval_of_a_gain_says_what_it_is_counted_in(manifest: EpisodeManifest) -> None:
    first, second = errors(manifest, (1.0, 0.9, 0.8)), errors(manifest, (1.3, 1.0, 0.8))
    found = difference(first, second, 1)
    assert found.seeds is not None and found.shares is not None
    for interval in (found.episodes, found.new_classes, found.seeds):
        assert interval.counted_in == "years less" and interval.words.startswith("+0.30") and " years less [" in interval.words
    assert found.shares.words("family") == "all 12 families gain more than 0.05 years less"
    gains = np.stack([paired_differences(first.at(1), second.at(1), MAE).mean(axis=0)] * 2)
    assert {one.counted_in for one in simultaneous(gains, first)} == {"years less"}


def test_fewer_examples_are_worth_the_same_where_the_error_falls_faster(manifest: EpisodeManifest) -> None:
    first, second = errors(manifest, (1.0, 0.9, 0.8)), errors(manifest, (1.3, 1.0, 0.8))
    found = worth(first, second, 1)
    assert found.value == pytest.approx(1.0, abs=0.15) and not found.censored, "the other comes down to 1.0 at two shots"
    assert worth(second, first, 1).value <= 0


# --- bounds ------------------------------------------------------------------------------------------------------------------


def test_an_error_s_interval_is_cut_at_zero_and_not_at_a_hundred(manifest: EpisodeManifest) -> None:
    nearly_none = np.zeros(E)
    nearly_none[0] = 300.0
    scores = errors(manifest, (1.0, 0.9, 0.8))
    inside, new = mean_intervals(nearly_none, scores)
    assert inside.low == 0 and inside.estimate == pytest.approx(1.0) and inside.counted_in == new.counted_in == "years"
    inside, _ = mean_intervals(nearly_none + 250, scores)
    assert inside.low is not None and inside.high is not None and 100 < inside.low < 251 < inside.high
    assert as_mean(inside, ACCURACY).high == 100, "as an accuracy it would have been cut"


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_what_cannot_be_a_value_is_refused(wrong: float) -> None:
    values = np.array([1.0, wrong])
    with pytest.raises(ValueError, match="mean absolute error from 0 to no end"):
        paired_differences(values, np.ones(2), MAE)
    paired_differences(np.array([250.0]), np.array([1e9]), MAE)
    with pytest.raises(ValueError, match="accuracy from 0 to 1"):
        paired_differences(np.array([1.01]), np.array([0.5]))


# --- one metric at a time ----------------------------------------------------------------------------------------------------


def test_scores_of_different_metrics_are_never_compared(manifest: EpisodeManifest) -> None:
    first = errors(manifest, (1.0, 0.9, 0.8))
    second = dataclasses.replace(first, values=first.values.clip(0, 1), metric=ACCURACY)
    for compare in (lambda: difference(first, second, 1), lambda: worth(first, second, 1)):
        with pytest.raises(BadInput, match=r"different metrics \(accuracy and mean absolute error\)") as caught:
            compare()
        one_sentence(caught.value)


def test_a_metric_of_another_version_is_named_in_one_sentence() -> None:
    assert next(iter(METRICS)) == "accuracy" and metric_of("accuracy") is ACCURACY
    assert all(metric_of(name) is metric and metric.name == name for name, metric in METRICS.items())
    with pytest.raises(BadInput, match=r"'ndcg'.*it knows accuracy, mae") as caught:
        metric_of("ndcg")
    one_sentence(caught.value)


def test_a_band_is_said_in_the_metric_s_unit() -> None:
    assert [amount(rope) for rope in (0.5, 1, 0, 0.3)] == ["half a point", "a point", "nothing", "0.3 points"]
    assert [amount(rope, "years less") for rope in (0.5, 1, 0)] == ["0.5 years less", "1 years less", "nothing"]


def test_a_threshold_is_refused_within_the_bounds_that_the_metric_has() -> None:
    boundless = dataclasses.replace(MAE, bounds=(0.0, None))
    for metric, wrong, span in (
        (ACCURACY, (-0.1, 100.0, float("nan")), "from 0 to 100"),
        (boundless, (-0.1, float("inf")), "a number, 0 or more"),
    ):
        for rope in wrong:
            with pytest.raises(BadInput) as refusal:
                metric.check_rope(rope)
            assert span in one_sentence(refusal.value)
    ACCURACY.check_rope(0.0)
    ACCURACY.check_rope(99.9)
    boundless.check_rope(1e9)


def test_stored_values_lie_within_the_bounds_both_included() -> None:
    ACCURACY.check(np.array([0.0, 0.5, 1.0]))
    for odd in (-0.01, 1.01, np.nan, np.inf):
        with pytest.raises(ValueError, match="values of accuracy from 0 to 1, none missing"):
            ACCURACY.check(np.array([0.5, odd]))
    with pytest.raises(ValueError, match="from 0 to no end"):
        dataclasses.replace(MAE, bounds=(0.0, None)).check(np.array([-1.0]))
