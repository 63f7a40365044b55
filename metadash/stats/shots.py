"""Worth in shots: how many more labelled examples per class replace a metadata source.

    accuracy                    with
      |              ____-------
      |      with(at) o------------>x      the horizontal arrow, value = x - at
      |        /              __---  without
      |       /        __-----
      +------1--------2--------5------10   shots per class

Both curves are read between the measured points on a scale that is logarithmic from one shot up and linear below (so that zero
shots have a place), after isotonic regression: more examples do not make a learner worse, noise does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from metadash.stats.afresh import drawn_afresh

Array = np.ndarray
BLOCK = 2_000_000  # bootstrap weights held at once: 16 MB

Censored = Literal["", "above", "below"]


def fewest_shots(shots: Sequence[int]) -> int:
    """The number of shots that a headline is about: of some that rise, the fewest with an example at all; 0 where there is no other."""
    return next((shot for shot in shots if shot), shots[0])


@dataclass(frozen=True)
class WorthInShots:
    """``value`` labelled examples per class more, beside ``at``, make the learner without the source as good as the one with it.

    Negative when the source hurts. ``censored`` "above": even at the last measured shot the learner without is behind, so the
    worth is at least ``value``; "below": even at the first it is ahead, so the worth is at most ``value``. ``low`` and ``high``
    bound the value at ``level`` over episodes, for *these test classes*; None where that bound lies beyond the measured shots (or
    where there was no resampling: ``resamples`` 0). ``new_low`` and ``new_high`` bound it for *new classes*, over ``new_n`` of the unit that
    would be new ("group", "class"); ``new_unit`` is empty where nothing can be said of new ones.
    """

    value: float
    at: float
    censored: Censored = ""
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    resamples: int = 0
    new_low: float | None = None
    new_high: float | None = None
    new_unit: str = ""
    new_n: int = 0

    @property
    def shot(self) -> float:
        """As that of a difference: the number of examples that it is told at."""
        return self.at


def worth_in_shots(shots: Sequence[float] | Array, with_curve: Array, without_curve: Array, at: float) -> WorthInShots:
    """Horizontal distance between two curves [K] (of any one unit, higher for the better) over the same increasing ``shots`` [K].

    ``at`` is the number of examples per class one has, within the measured range. Where the plain curve is flat the shorter
    distance is taken: a source is not credited with examples that would change nothing. Raises ValueError on shapes or shots
    that cannot be.
    """
    scale = _scale_of(shots, at)
    curves = [np.asarray(curve, float)[None] for curve in (with_curve, without_curve)]
    if any(curve.shape[1:] != scale.shape or not np.isfinite(curve).all() for curve in curves):
        raise ValueError(f"Each curve needs one finite value for each of the {len(scale)} shots.")
    value, censored = _distance(scale, _isotonic(curves[0]), _isotonic(curves[1]), at)
    return WorthInShots(float(value[0]), float(at), _name(censored[0]))


def worth_in_shots_interval(
    shots: Sequence[float] | Array,
    with_scores: Array,
    without_scores: Array,
    at: float,
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
    classes: Array | None = None,
    group: Array | None = None,
) -> WorthInShots:
    """:func:`worth_in_shots` of the mean curves, with a percentile bootstrap over episodes (Efron 1979).

    ``with_scores`` and ``without_scores`` [K, E]: K shots, the same E episodes for both learners. Episodes are drawn with all
    their shots and both learners at once, so the pairing carries over: the interval about *these test classes*. That about *new classes*
    is read off curves drawn afresh, where ``classes`` [E, N] (and ``group`` [E]) say what each episode was made of. A quantile
    that falls on a censored resample is a bound beyond the measured shots and is given as None.
    """
    scale = _scale_of(shots, at)
    scores = np.stack([np.asarray(with_scores, float), np.asarray(without_scores, float)])  # [2, K, E]
    if scores.ndim != 3 or scores.shape[1] != len(scale) or not scores.shape[2] or not np.isfinite(scores).all():
        raise ValueError(f"Scores must be finite and of shape [{len(scale)}, E] for both learners; got {scores.shape[1:]}.")
    draws = resampled_means(scores, rng, resamples)
    means = scores.mean(axis=2)
    new = None if classes is None else drawn_afresh(scores.reshape(-1, scores.shape[2]), classes, group, rng, resamples)
    found = worth_of_resampled(shots, (means[0], means[1]), (draws[:, 0], draws[:, 1]), at, level)
    if new is None:
        return found
    curves = new.draws.reshape(resamples, 2, len(scale))
    return with_new(found, shots, (curves[:, 0], curves[:, 1]), new.unit, new.n)


def resampled_means(scores: Array, rng: np.random.Generator, resamples: int = 1000) -> Array:
    """[..., E] to the means [R, ...] over ``resamples`` draws of E episodes: every curve of a draw is over the same episodes."""
    episodes = scores.shape[-1]
    flat = scores.reshape(-1, episodes).T  # [E, curves]
    size = max(1, BLOCK // episodes)
    draws = []
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        chosen = rng.integers(0, episodes, (rows, episodes)) + episodes * np.arange(rows)[:, None]
        times = np.bincount(chosen.ravel(), minlength=rows * episodes).reshape(rows, episodes)
        draws.append(times @ flat / episodes)
    return np.concatenate(draws).reshape(resamples, *scores.shape[:-1])


def worth_of_resampled(
    shots: Sequence[float] | Array, curves: tuple[Array, Array], draws: tuple[Array, Array], at: float, level: float = 0.95
) -> WorthInShots:
    """:func:`worth_in_shots` of the curve [K] with and that without, and its interval from their resampled means [R, K]."""
    scale = _scale_of(shots, at)
    centre = worth_in_shots(shots, *curves, at)
    low, high = _bounds(*_distance(scale, _isotonic(draws[0]), _isotonic(draws[1]), at), level)
    return WorthInShots(centre.value, centre.at, centre.censored, low, high, level, len(draws[0]))


def with_new(found: WorthInShots, shots: Sequence[float] | Array, draws: tuple[Array, Array], unit: str, n: int) -> WorthInShots:
    """With the interval for new classes, from curves [R, K] with and without as they might be over ``n`` other ``unit``."""
    distances = _distance(_scale_of(shots, found.at), _isotonic(draws[0]), _isotonic(draws[1]), found.at)
    low, high = _bounds(*distances, found.level)
    return replace(found, new_low=low, new_high=high, new_unit=unit, new_n=n)


def _bounds(value: Array, censored: Array, level: float) -> tuple[float | None, float | None]:
    """Percentiles of the resampled values; None where one falls on what lies beyond the measured shots."""
    tail = 0.5 - level / 2
    low, high = np.quantile(value, [tail, 1 - tail])
    return None if (censored < 0).mean() > tail else float(low), None if (censored > 0).mean() > tail else float(high)


def _scale_of(shots: Sequence[float] | Array, at: float) -> Array:
    shots = np.asarray(shots, float)
    if shots.ndim != 1 or len(shots) < 2 or shots[0] < 0 or not (np.diff(shots) > 0).all():
        raise ValueError(f"Shots must be two or more increasing numbers, 0 or more; got {shots}.")
    if not shots[0] <= at <= shots[-1]:
        raise ValueError(f"{at} shots lie outside the measured range {shots[0]:g} to {shots[-1]:g}.")
    return stretch(shots)


def stretch(shots: Sequence[float] | Array) -> Array:
    """Logarithm from one shot up, its tangent below: log(s) and s - 1 meet at s = 1 with the same slope."""
    shots = np.asarray(shots, float)
    return np.where(shots < 1, shots - 1, np.log(np.maximum(shots, 1)))


def _unstretch(scale: Array) -> Array:
    return np.where(scale < 0, 1 + scale, np.exp(np.maximum(scale, 0)))


def _isotonic(curves: Array) -> Array:
    """Least-squares non-decreasing fit of each row of [B, K], by the max-min formula (Robertson, Wright & Dykstra 1988).

    fit_i = max over j <= i of min over k >= i of mean(curve_j..curve_k); K is a handful, so K^3 small steps do.
    """
    size = curves.shape[1]
    sums = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(curves, axis=1)], axis=1)
    fit = np.full_like(curves, -np.inf)
    for first in range(size):
        means = np.stack([(sums[:, last + 1] - sums[:, first]) / (last + 1 - first) for last in range(first, size)], axis=1)
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]  # min over last >= i
        fit[:, first:] = np.maximum(fit[:, first:], least)
    return fit


def _distance(scale: Array, with_curves: Array, without_curves: Array, at: float) -> tuple[Array, Array]:
    """For each row of two non-decreasing [B, K]: shots to move right (left if negative), and +1 / −1 where the curve ran out."""
    here = float(stretch(np.array(at)))
    level = _read(scale, with_curves, here)
    plain = _read(scale, without_curves, here)
    ahead = level >= plain
    # insert the point `at` itself, so that equal curves are exactly 0 apart and the search starts there
    place = int(np.searchsorted(scale, here))
    right_x, right_y = np.concatenate([[here], scale[place:]]), np.column_stack([plain, without_curves[:, place:]])
    left_x, left_y = (
        np.concatenate([[-here], -scale[:place][::-1]]),
        -np.column_stack([plain, without_curves[:, :place][:, ::-1]]),
    )
    target_right, out_right = _first_reach(right_x, right_y, level)
    target_left, out_left = _first_reach(left_x, left_y, -level)
    target = np.where(ahead, target_right, -target_left)
    return _unstretch(target) - at, np.where(ahead, out_right, -out_left.astype(int)).astype(int)


def _read(scale: Array, curves: Array, here: float) -> Array:
    after = int(np.clip(np.searchsorted(scale, here), 1, len(scale) - 1))
    share = (here - scale[after - 1]) / (scale[after] - scale[after - 1])
    return (1 - share) * curves[:, after - 1] + share * curves[:, after]


def _first_reach(x: Array, curves: Array, level: Array) -> tuple[Array, Array]:
    """The first x where each non-decreasing row reaches its level, linear between points; the last x and True where none does."""
    reached = curves >= level[:, None] - 1e-12
    out: Array = np.max(curves, axis=1) < level - 1e-12
    index = np.where(out, curves.shape[1] - 1, reached.argmax(axis=1))
    rows, before = np.arange(len(curves)), np.maximum(index - 1, 0)
    rise = curves[rows, index] - curves[rows, before]
    share = np.where(rise > 0, (level - curves[rows, before]) / np.where(rise > 0, rise, 1), 1)
    return np.where(out, x[-1], x[before] + np.clip(share, 0, 1) * (x[index] - x[before])), out


def _name(censored: int) -> Censored:
    return "above" if censored > 0 else "below" if censored < 0 else ""
