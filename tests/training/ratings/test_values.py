"""What a user's task is worth: equal to scikit-learn's numbers and to counting by hand, ties and missing queries included."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from metadash.stats.metric import METRICS
from metadash.training.ratings.values import VALUES, Asked, area_under_curve, hit_rate, mean_absolute_error, ndcg, precision

TASKS, QUERIES = 60, 10


@pytest.fixture(scope="module")
def drawn() -> tuple[Asked, np.ndarray]:
    """Half stars, foreseen ones with many ties, tasks of 2 to 10 queries."""
    generator = np.random.default_rng(0)
    truth = generator.integers(1, 11, (TASKS, QUERIES)) / 2
    foreseen = (
        generator.integers(0, 5, (TASKS, QUERIES))
        + np.where(np.arange(TASKS) % 3 == 0, generator.normal(size=(QUERIES, TASKS)), 0).T
    )
    there = np.arange(QUERIES) < generator.integers(2, QUERIES + 1, TASKS)[:, None]
    return Asked(truth, truth > truth.mean(axis=1, keepdims=True), there), foreseen


def own(asked: Asked, foreseen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return [(asked.truth[e][kept], asked.liked[e][kept], foreseen[e][kept]) for e, kept in enumerate(asked.there)]


def test_ndcg_is_scikit_learns_with_exponential_gains(drawn: tuple[Asked, np.ndarray]) -> None:
    theirs = [ndcg_score([2**truth - 1], [foreseen], k=5) for truth, _, foreseen in own(*drawn)]
    assert np.allclose(ndcg(*drawn), theirs, atol=1e-12)


def test_auc_is_scikit_learns_and_one_half_where_there_is_nothing_to_tell_apart(drawn: tuple[Asked, np.ndarray]) -> None:
    theirs = [roc_auc_score(liked, foreseen) if 0 < liked.sum() < len(liked) else 0.5 for _, liked, foreseen in own(*drawn)]
    assert np.allclose(area_under_curve(*drawn), theirs) and 0.5 in theirs


def test_precision_and_hit_rate_are_means_over_every_order_of_the_ties(drawn: tuple[Asked, np.ndarray]) -> None:
    asked, foreseen = drawn
    few = Asked(asked.truth[:12, :6], asked.liked[:12, :6], asked.there[:12, :6])
    rounded = np.round(foreseen[:12, :6])
    for e, (_, liked, guess) in enumerate(own(few, rounded)):
        orders = [
            order
            for order in itertools.permutations(range(len(guess)))
            if all(guess[a] >= guess[b] for a, b in itertools.pairwise(order))
        ]
        chosen = [liked[list(order[:2])] for order in orders]
        assert np.isclose(precision(few, rounded, 2)[e], np.mean([one.mean() for one in chosen]))
        assert np.isclose(hit_rate(few, rounded, 2)[e], np.mean([one.any() for one in chosen]))


def test_five_of_ten_at_random_when_five_are_relevant_is_right_half_of_the_time() -> None:
    """The level that published tables of P@5 = R@5 = 0.53 do not name."""
    asked = Asked(np.ones((1, 10)), np.arange(10)[None] < 5, np.ones((1, 10), bool))
    guess = np.zeros((1, 10))
    assert precision(asked, guess)[0] == 0.5 and area_under_curve(asked, guess)[0] == 0.5
    assert hit_rate(asked, guess)[0] > 0.99, "any of the first five liked: nearly sure by chance"


def test_errors_leave_out_what_is_not_there(drawn: tuple[Asked, np.ndarray]) -> None:
    by_hand = [np.abs(truth - foreseen).mean() for truth, _, foreseen in own(*drawn)]
    assert np.allclose(mean_absolute_error(*drawn), by_hand)


def test_a_user_whose_ratings_are_alike_is_ranked_right_by_any_order() -> None:
    asked = Asked(np.full((1, 4), 0.0), np.zeros((1, 4), bool), np.ones((1, 4), bool))
    assert ndcg(asked, np.array([[1.0, 2, 3, 4]]))[0] == 1


def test_a_users_own_offset_changes_no_ranking(drawn: tuple[Asked, np.ndarray]) -> None:
    asked, foreseen = drawn
    moved = foreseen + np.random.default_rng(1).normal(size=(TASKS, 1))
    for name, value in VALUES.items():
        same = np.allclose(value(asked, moved), value(asked, foreseen))
        assert same == (name != "mae"), name


def test_every_value_is_of_a_metric_that_is_known_and_within_its_bounds(drawn: tuple[Asked, np.ndarray]) -> None:
    for name, value in VALUES.items():
        METRICS[name].check(value(*drawn))
