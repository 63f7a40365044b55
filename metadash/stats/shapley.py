"""What each source adds, from the value v(S) of subsets S of the sources: every effect is linear in v, so it is a matrix of weights.

A subset is a whole number, bit s set where source s is in it; ``arms`` lists the subsets that were scored, and a matrix [effects, arms]
times their scores gives the effects, for each episode and seed by itself: intervals over episodes, classes and seeds follow from those
as from any paired difference.

    leave-one-out     Δ_s = v(N) − v(N∖s)
    alone             v({s}) − v(∅)
    Shapley           φ_s = Σ_{S ∌ s} |S|! (n−|S|−1)! / n! · [v(S∪s) − v(S)]
    interaction       I_st = Σ_{S ∌ s,t} |S|! (n−|S|−2)! / (n−1)! · [v(S∪st) − v(S∪s) − v(S∪t) + v(S)]

φ is the only rule with Σφ = v(N) − v(∅), equal shares for interchangeable sources, nothing for one that never changes v, and linear in v
(Shapley, Contributions to the Theory of Games II, 1953). I_st is positive where two sources complement each other, negative where they say
the same (Grabisch & Roubens, Int. J. Game Theory 1999).
"""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np


def leave_one_out(count: int, arms: Sequence[int]) -> np.ndarray:
    """[count, arms]. Raises KeyError when a subset it needs was not scored, as all functions here do."""
    full = 2**count - 1
    return weights_of(arms, [{full: 1.0, full & ~(1 << s): -1.0} for s in range(count)])


def alone(count: int, arms: Sequence[int]) -> np.ndarray:
    """[count, arms]: one source against none."""
    return weights_of(arms, [{1 << s: 1.0, 0: -1.0} for s in range(count)])


def together(count: int, arms: Sequence[int]) -> np.ndarray:
    """[1, arms]: all sources against none."""
    return weights_of(arms, [_sum([(2**count - 1, 1.0), (0, -1.0)])])


def shapley(count: int, arms: Sequence[int]) -> np.ndarray:
    """[count, arms], exact; needs every subset."""
    rows = []
    for s in range(count):
        others = [subset for subset in range(2**count) if not subset >> s & 1]
        weights = [1 / (count * comb(count - 1, subset.bit_count())) for subset in others]
        rows.append(
            _sum([(o | 1 << s, w) for o, w in zip(others, weights, strict=True)])
            | _sum([(o, -w) for o, w in zip(others, weights, strict=True)])
        )
    return weights_of(arms, rows)


def interactions(count: int, arms: Sequence[int]) -> tuple[list[tuple[int, int]], np.ndarray]:
    """The pairs of sources, and [pairs, arms]; needs every subset."""
    pairs, rows = list(combinations(range(count), 2)), []
    for s, t in pairs:
        both = 1 << s | 1 << t
        row: list[tuple[int, float]] = []
        for subset in range(2**count):
            if subset & both:
                continue
            weight = 1 / ((count - 1) * comb(count - 2, subset.bit_count()))
            row += [(subset | both, weight), (subset, weight), (subset | 1 << s, -weight), (subset | 1 << t, -weight)]
        rows.append(_sum(row))
    return pairs, weights_of(arms, rows)


def sampled_shapley(orders: np.ndarray, arms: Sequence[int]) -> np.ndarray:
    """[P/2, count, arms] from random orders [P, count], each followed by its reverse: one estimate of φ a pair of orders.

    Their mean is the estimate, their spread tells its sampling error. Σφ = v(N) − v(∅) holds exactly in every one.
    """
    column = {subset: index for index, subset in enumerate(arms)}
    found = np.zeros((*orders.shape, len(column)))
    for order, row in zip(orders, found, strict=True):
        before = 0
        for s in map(int, order):
            row[s, column[before | 1 << s]] += 1
            row[s, column[before]] -= 1
            before |= 1 << s
    return found.reshape(-1, 2, *found.shape[1:]).mean(axis=1)


def _sum(terms: Sequence[tuple[int, float]]) -> dict[int, float]:
    row: dict[int, float] = {}
    for subset, weight in terms:
        row[subset] = row.get(subset, 0.0) + weight
    return row


def weights_of(arms: Sequence[int], rows: Sequence[dict[int, float]]) -> np.ndarray:
    """[rows, arms] from rows of (subset, its weight). Raises KeyError when a subset was not scored."""
    column = {subset: index for index, subset in enumerate(arms)}
    matrix = np.zeros((len(rows), len(column)))
    for row, weights in zip(matrix, rows, strict=True):
        for subset, weight in weights.items():
            row[column[subset]] += weight
    return matrix
