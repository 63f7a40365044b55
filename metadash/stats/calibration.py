"""How far probabilities can be believed, and when an answer is none: temperature, reliability, thresholds. Numbers in, numbers out.

Temperature and the expected calibration error are those of Guo, Pleiss, Sun & Weinberger (2017, "On calibration of modern neural
networks"); the scores by which strangers are told from members are the largest logit, the largest probability (Hendrycks & Gimpel 2017)
and the free energy (Liu, Wang, Owens & Li 2020).
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

BINS = 10
STEEPEST, FLATTEST = 1e3, 1e-4
"""What logits are multiplied by at most and at least: beyond, answers are certain, or all alike."""

SCORES = ("largest logit", "largest probability", "energy")


def probabilities(logits: Array, temperature: float = 1.0) -> Array:
    """Logits [..., N] over the temperature, as probabilities that sum to one."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    risen = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return risen / risen.sum(axis=-1, keepdims=True)


def fitted_temperature(logits: Array, label: Array, steps: int = 60) -> float:
    """The temperature at which logits [n, N] make the labels [n] most likely.

    The likelihood is concave in what logits are multiplied by, so bisection of its slope finds the one maximum; where answers are all right
    or no better than chance it lies at an end.
    """
    logits = np.asarray(logits, dtype=np.float64)
    own = logits[np.arange(len(label)), label]
    low, high = np.log(FLATTEST), np.log(STEEPEST)
    for _ in range(steps):
        middle = (low + high) / 2
        expected = (probabilities(logits, np.exp(-middle)) * logits).sum(axis=1)
        low, high = (middle, high) if (own - expected).mean() > 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def log_loss(found: Array, label: Array) -> float:
    """The mean negative log-likelihood of labels [n] under probabilities [n, N]."""
    return float(-np.log(np.maximum(found[np.arange(len(label)), label], 1e-300)).mean())


@dataclass(frozen=True)
class Bin:
    """Answers whose probability lies from ``low`` up to ``high``: how many, their mean probability and the share of right ones."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(confidence: Array, correct: Array, bins: int = BINS) -> list[Bin]:
    """Of answers with probability ``confidence`` [n] that are ``correct`` [n] or not: ``bins`` equal parts of 0 to 1, without the empty ones.
    Each holds its lower end; the last one holds 1 too."""
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(confidence, edges[1:-1]), 0, bins - 1)
    found = []
    for b in np.unique(place):
        there = place == b
        found.append(Bin(edges[b], edges[b + 1], int(there.sum()), float(confidence[there].mean()), float(correct[there].mean())))
    return found


def expected_calibration_error(confidence: Array, correct: Array, bins: int = BINS) -> float:
    """The mean distance, in percentage points, between how sure answers are and how many are right, over the bins of ``reliability`` by
    their size. Falls with better calibration; of few answers it is above zero by chance alone."""
    total = len(confidence)
    return 100 * sum(one.n / total * abs(one.confidence - one.accuracy) for one in reliability(confidence, correct, bins))


def membership(logits: Array, temperature: float, score: str) -> Array:
    """How much an input with logits [..., N] looks like a member of any class: the higher, the more. ``score`` is one of ``SCORES``."""
    logits = np.asarray(logits, dtype=np.float64)
    if score == "largest logit":
        return logits.max(axis=-1)
    if score == "largest probability":
        return probabilities(logits, temperature).max(axis=-1)
    if score != "energy":
        raise ValueError(f"There is no score '{score}'.")
    most = logits.max(axis=-1, keepdims=True)
    return (most + temperature * np.log(np.exp((logits - most) / temperature).sum(axis=-1, keepdims=True)))[..., 0]


def auroc(members: Array, strangers: Array) -> float:
    """The chance that a member scores higher than a stranger; ties count half."""
    both = np.concatenate([members, strangers])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = len(members), len(strangers)
    return float((rank[:n].sum() - n * (n + 1) / 2) / (n * m))


def threshold_for(members: Array, false_alarm: float) -> float:
    """The score below which an input is *none of these*, so that at most a share ``false_alarm`` of these members is: a member's own score."""
    kept = np.sort(members)
    return float(kept[min(int(np.floor(false_alarm * len(kept) + 1e-9)), len(kept) - 1)])
