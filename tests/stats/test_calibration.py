"""Temperatures, reliability and thresholds, against other people's code and by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from metadash.stats.calibration import (
    auroc,
    expected_calibration_error,
    fitted_temperature,
    log_loss,
    membership,
    probabilities,
    reliability,
    threshold_for,
)


def drawn(temperature: float, n: int = 4000, ways: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose labels are drawn at ``temperature``."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (n, ways))
    chance = probabilities(logits, temperature)
    return logits, (chance.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_at_which_labels_were_drawn_is_found(temperature: float) -> None:
    logits, label = drawn(temperature)
    found = fitted_temperature(logits, label)
    best = minimize_scalar(lambda t: log_loss(probabilities(logits, np.exp(t)), label), bounds=(-4, 4), method="bounded")
    assert found == pytest.approx(temperature, rel=0.1) and found == pytest.approx(np.exp(best.x), rel=1e-3)


def test_answers_that_are_all_right_or_all_wrong_give_a_temperature_all_the_same() -> None:
    logits, _ = drawn(1.0, 50)
    assert fitted_temperature(logits, logits.argmax(axis=1)) < 0.01 < 100 < fitted_temperature(logits, logits.argmin(axis=1))


def test_reliability_is_scikit_learn_s() -> None:
    logits, label = drawn(2.0)
    chance = probabilities(logits)
    confidence, correct = chance.max(axis=1), chance.argmax(axis=1) == label
    right, sure = calibration_curve(correct, confidence, n_bins=10)
    bins = reliability(confidence, correct)
    assert [one.accuracy for one in bins] == pytest.approx(right) and [one.confidence for one in bins] == pytest.approx(sure)
    assert sum(one.n for one in bins) == len(label)
    cold = probabilities(logits, 2.0)
    assert expected_calibration_error(cold.max(axis=1), correct) < 3 < expected_calibration_error(confidence, correct)


def test_the_calibration_error_by_hand() -> None:
    confidence, correct = np.array([0.95, 0.95, 0.55, 1.0]), np.array([True, False, False, True])
    # three in the last bin: mean 0.9667, two of three right; one in the sixth: 0.55 against 0
    assert expected_calibration_error(confidence, correct) == pytest.approx(100 * (0.75 * (2.9 / 3 - 2 / 3) + 0.25 * 0.55))


def test_strangers_are_ranked_as_by_scikit_learn_ties_too() -> None:
    generator = np.random.default_rng(1)
    members, strangers = generator.integers(2, 9, 300).astype(float), generator.integers(0, 6, 200).astype(float)
    assert auroc(members, strangers) == pytest.approx(roc_auc_score([1] * 300 + [0] * 200, np.concatenate([members, strangers])))


@pytest.mark.parametrize("false_alarm", [0.01, 0.05, 0.3])
def test_no_more_members_are_rejected_than_was_asked_and_hardly_fewer(false_alarm: float) -> None:
    members = np.random.default_rng(2).normal(size=1000)
    rejected = (members < threshold_for(members, false_alarm)).mean()
    assert false_alarm - 0.002 <= rejected <= false_alarm


def test_scores_of_membership_by_hand() -> None:
    logits = np.array([[1.0, 3.0], [0.0, 0.0]])
    assert membership(logits, 1.0, "largest logit").tolist() == [3.0, 0.0]
    assert membership(logits, 2.0, "energy") == pytest.approx([2 * np.log(np.exp(0.5) + np.exp(1.5)), 2 * np.log(2)])
    assert membership(logits, 2.0, "largest probability") == pytest.approx([1 / (1 + np.exp(-1)), 0.5])
