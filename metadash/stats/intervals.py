"""Intervals for a mean difference between two learners, each named by what would be drawn afresh if the study were repeated.

The headline number is always the same: the mean of the paired differences over the episodes of one manifest, in what the metric
counts a gain in (percentage points of accuracy). What changes is the question its interval answers:

=================  =============================================  ==============================
function           drawn afresh                                   estimand (what is covered)
=================  =============================================  ==============================
episode_interval   episodes, from these very test classes         mean over all tasks of these classes
class_jackknife    the test classes, and episodes from them       mean over tasks of classes like these
group_jackknife    whole groups, with the tasks inside them       mean over tasks of groups like these
seed_interval      the training seed                              mean over training runs
=================  =============================================  ==============================

Where an interval cannot honestly be given, its bounds are None and its ``note`` says what is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from metadash.stats.metric import ACCURACY, Metric
from metadash.stats.words import bracket, points

CLASSES_PER_WAY = 3  # fewer test classes than 3 N: leaving one class out changes nearly every task, the jackknife breaks down
UNSEEN = 12
"""Few groups show less skewness than they come from, since the far ones are those not drawn: what n show is multiplied by 1 + 12 / n, and moves a
bound at most so many times as far as Student's t, since one group far off would else decide alone. Measured on means of exponential groups
(docs/calibration.md): the bound on the side of the long tail is missed in 3 to 4 % from 8 groups up (by Student's t in 6 to 10 %), and with 6 in
5 %; bounds of normal groups are missed in 1.5 to 2.5 %."""
FARTHEST_SEEDS = 1.15
"""The same for seeds, whose own skewness is taken as it is: no verdict rests on them, and five of them show little."""
Array = np.ndarray


@dataclass(frozen=True)
class Interval:
    """A mean difference and its interval at ``level``: ``estimate``, ``low``, ``high`` and ``se`` in ``counted_in``.

    ``n`` counts the ``unit`` that would be drawn afresh ("episode", "class", "group", "seed"); ``df`` are the degrees of freedom
    of the t quantile. ``low``, ``high``, ``se`` and ``df`` are None when there are too few units; ``needed`` then says how many
    units it takes in all, and ``note`` says it in words. ``skew`` is the skewness of what the units say over the square root of how
    many there are (0 where it is not looked at), and ``farthest`` how many times as far as Student's t that may move a bound: see :meth:`t`.
    """

    estimate: float
    low: float | None
    high: float | None
    n: int
    method: str
    unit: str
    level: float = 0.95
    se: float | None = None
    df: float | None = None
    needed: int | None = None
    note: str = ""
    skew: float = 0.0
    farthest: float = 1.0
    counted_in: str = ACCURACY.gain

    @property
    def words(self) -> str:
        """``+2.6 points [1.9, 3.3]``"""
        return points(self.estimate, self.low, self.high, self.counted_in)

    @property
    def centre(self) -> str:
        """``+2.6 points``"""
        return points(self.estimate, unit=self.counted_in)

    @property
    def signed(self) -> str:
        """``+2.6``"""
        return points(self.estimate, unit="")

    @property
    def bare(self) -> str:
        """``+2.6 [1.9, 3.3]``, where the unit stands elsewhere."""
        return points(self.estimate, self.low, self.high, unit="")

    @property
    def bracket(self) -> str:
        """``[1.9, 3.3]``"""
        return bracket(self.estimate, self.low, self.high)

    @property
    def turned(self) -> "Interval":
        """Of the opposite: the second less the first, where this is of the first less the second."""
        low, high = (None if bound is None else -bound for bound in (self.high, self.low))
        return replace(self, estimate=-self.estimate, low=low, high=high, skew=-self.skew)

    def t(self, against: float) -> float | None:
        """The studentised distance of the estimate from ``against``, to be read off Student's t; None without bounds.

        With a skew, that of Student or that of Hall (1992), whichever claims less, within ``farthest``: ``against`` lies outside the
        interval exactly where this is beyond the t quantile.
        """
        if self.se is None or self.df is None:
            return None
        distance = self.estimate - against
        if self.se == 0:
            return float(np.sign(distance) * np.inf) if distance else 0.0
        plain = distance / self.se
        side = np.sign(plain)
        corrected = max(side * skew_corrected(plain, self.skew), abs(plain) / self.farthest)
        return float(side * min(abs(plain), corrected))


def paired_differences(with_scores: Array, without_scores: Array, metric: Metric = ACCURACY) -> Array:
    """Two learners on the same manifest: values of ``metric``, each [S, E] (seeds, episodes) or [E], to gains [S, E] in its unit.

    The one place where stored values become differences in a unit, more for the better. Seed s of one learner is matched with seed s of
    the other, episode e with episode e. Raises ValueError when the shapes differ (then nothing is paired) or the scores are no such values.
    """
    first, second = np.atleast_2d(with_scores).astype(float), np.atleast_2d(without_scores).astype(float)
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"Paired scores need one shape [S, E]; got {np.shape(with_scores)} and {np.shape(without_scores)}.")
    metric.check(first)
    metric.check(second)
    return metric.per_value * (first - second)


def mean_over_seeds(differences: Array) -> Array:
    """[S, E] to [E]: one difference per episode, which the intervals over episodes, classes and groups start from."""
    return np.atleast_2d(differences).mean(axis=0)


def mean_over_episodes(differences: Array) -> Array:
    """[S, E] to [S]: one difference per matched seed, which the interval over seeds starts from."""
    return np.atleast_2d(differences).mean(axis=1)


def episode_interval(differences: Array, level: float = 0.95) -> Interval:
    """*These test classes*: Student's t over the episodes, ``differences`` [E].

    Covers the mean over all the tasks that could be drawn from these very classes. It says nothing about other classes
    (Lafargue et al., TMLR 2024): with enough episodes it shrinks to nothing, however few classes there are.
    """
    values = _vector(differences)
    return _t_interval(values, "episode", "t over episodes", level)


def seed_interval(per_seed_differences: Array, level: float = 0.95) -> Interval:
    """*Training again*: Student's t over matched-seed differences [S], on the test classes and episodes at hand.

    Seeds are few, and some train worse than most: bounds move outwards for the skewness they show, as in :func:`group_jackknife`.
    """
    values = _vector(per_seed_differences)
    return _t_interval(values, "seed", "t over matched seeds", level, skewness(values) / np.sqrt(len(values)), FARTHEST_SEEDS)


def class_jackknife(differences: Array, classes: Array, level: float = 0.95) -> Interval:
    """*New classes*: delete one class, ``differences`` [E] and ``classes`` [E, N], the classes of each episode.

    Law of total variance, with the classes as what is drawn first:

        variance of the mean = variance between class draws + variance of the episodes given the classes
                             = (J - B)                      + s^2 / E

    J = (C-1)/C * sum_c (theta_(-c) - mean)^2, theta_(-c) the mean over the episodes without class c, is the textbook jackknife,
    and by itself it is too wide here: an episode belongs to N classes, so its own noise enters N of the theta_(-c) and is
    counted N times (with 600 five-way episodes over 40 classes, class spread 2 and episode noise 5 points, J is 2.3 times the
    true variance, and its "95 %" interval covers 99.4 %). B is exactly that echo: leaving out the m_c episodes of class c moves
    theta_(-c) by episode noise of variance w^2 m_c / (E (E - m_c)), w^2 being the variance within a class (episodes sharing the
    class). J - B then estimates the class part alone, without bias for additive class effects; effects of class pairs are counted
    up to twice, which errs towards wide. A negative J - B (classes too alike to tell) counts as zero, so the interval is never
    narrower than that of these test classes but for its t quantile.

    A difference of variances is less certain than a variance, so C - 1 degrees of freedom would be too many when B is a large
    part of J; they are scaled by (J - B + s^2/E) / (J + s^2/E), which tends to C - 1 as episodes are added. Simulated coverage
    (tests/stats/test_intervals.py): 94 to 97 % from 40 classes up; up to 99 % when all classes are truly alike.

    As over groups, each bound is the outer one of Student's t and of Hall's t for the skewness that the classes show: with 15 classes whose effects
    are exponential Student's t covers 92 %, this 93 to 94 %.

    Fewer than 3 N classes: bounds None, note "class-limited". Classes that appear in no episode do not count.
    """
    values, classes = _vector(differences), np.asarray(classes)
    if classes.ndim != 2 or len(classes) != len(values):
        raise ValueError(f"classes must be [E, N] with E = {len(values)}; got {classes.shape}.")
    episodes, n_way = classes.shape
    names, code = np.unique(classes, return_inverse=True)
    count = len(names)
    method = "delete-one-class jackknife"
    if count < CLASSES_PER_WAY * n_way:
        return _too_few(values, count, "class", method, level, CLASSES_PER_WAY * n_way, "test classes")
    code = code.reshape(episodes, n_way)
    times = np.bincount(code.ravel(), minlength=count).astype(float)  # m_c, the episodes of each class
    if times.max() == episodes:
        note = f"class-limited: class {names[times.argmax()]} is in every episode, so it cannot be left out"
        return Interval(float(values.mean()), None, None, count, method, "class", level, note=note)

    centred = values - values.mean()
    total = np.bincount(code.ravel(), weights=np.repeat(centred, n_way), minlength=count)
    moved = -total / (episodes - times)  # theta_(-c) minus theta
    jackknife = (count - 1) / count * np.square(moved - moved.mean()).sum()

    within = n_way * np.square(centred).sum() - (total**2 / times).sum()
    within /= max(n_way * episodes - count, 1)
    echo = (count - 1) / count * within * (times / (episodes * (episodes - times))).sum()

    given_classes = values.var(ddof=1) / episodes
    variance = max(jackknife - echo, 0.0) + given_classes
    df = (count - 1) * variance / (jackknife + given_classes) if variance > 0 else count - 1.0
    third = -(((count - 1) / count * (moved - moved.mean())) ** 3).sum()  # of the mean; to it the noise of episodes adds none
    skew = third / (jackknife + given_classes) ** 1.5 if variance > 0 else 0.0
    se = float(np.sqrt(variance))
    return _around(float(values.mean()), se, max(float(df), 1.0), count, "class", method, level, float(skew), unseen(count))


def group_jackknife(differences: Array, group: Array, level: float = 0.95) -> Interval:
    """*New groups*: delete one group, ``differences`` [E], ``group`` [E] the group each task was drawn within.

    Estimand: the mean over tasks of groups like these, every task weighing the same, so a group weighs as often as the manifest
    drew it. That keeps one headline number; when groups are drawn evenly it is also the plain mean over groups.

        SE^2 = (G-1)/G * sum_g (theta_(-g) - mean)^2,    df = E^2 / sum_g E_g^2 - 1

    (the CV3 cluster variance: MacKinnon, Nielsen & Webb, J. Appl. Econometrics 2023). An episode lies in one group only, so
    unlike :func:`class_jackknife` nothing is counted twice. ``df`` is the effective number of groups less one: G - 1 when the
    groups have equally many episodes; when their sizes differ by a factor of e either way, G - 1 would cover 91 %, not 95 %.

    Groups are few, and some gain (or lose) a lot where most gain a little: then the mean and its error rise and fall together, and Student's
    t claims too much as often as 11 times in 100. So each bound is the outer one of Student's t and of Hall's t, which corrects for the
    skewness that the groups show and for what so few do not show (``UNSEEN``).

    Fewer than two groups: bounds None, note "group-limited".
    """
    values = _vector(differences)
    names, code = np.unique(np.asarray(group), return_inverse=True)
    if code.shape != values.shape:
        raise ValueError(f"group must be [E] with E = {len(values)}; got {np.shape(group)}.")
    count, method = len(names), "delete-one-group jackknife"
    if count < 2:
        return _too_few(values, count, "group", method, level, 2, "groups")
    size = np.bincount(code).astype(float)
    moved = -np.bincount(code, weights=values - values.mean()) / (len(values) - size)
    se = np.sqrt((count - 1) / count * np.square(moved - moved.mean()).sum())
    df = max(len(values) ** 2 / np.square(size).sum() - 1, 1.0)
    skew = -skewness(moved) / np.sqrt(df + 1) * unseen(df + 1)  # a group that is high lowers the mean by leaving
    return _around(float(values.mean()), float(se), float(df), count, "group", method, level, float(skew), unseen(df + 1))


def unseen(n: float) -> float:
    return float(1 + UNSEEN / n)


def skewness(values: Array) -> float:
    """Third moment over the spread cubed of a few numbers; 0 where they do not differ."""
    centred = values - values.mean()
    spread = np.sqrt(np.square(centred).mean())
    return float((centred**3).mean() / spread**3) if spread > 1e-12 * (1 + abs(values).max()) else 0.0


def skew_corrected(t: float, skew: float) -> float:
    """Hall's transformation of a t whose units have ``skew`` (skewness over sqrt(n)): increasing, and free of the skew's first effect.

    P. Hall. On the removal of skewness by transformation. J. R. Statist. Soc. B, 1992: g(t) = t + s t^2 / 3 + s^2 t^3 / 27 + s / 6.
    """
    return t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6


def skew_uncorrected(g: float, skew: float) -> float:
    """The t whose transformation is ``g``."""
    return g if abs(skew) < 1e-9 else float(3 / skew * (np.cbrt(1 + skew * (g - skew / 6)) - 1))


def new_classes_interval(
    differences: Array, classes: Array, group: Array | Sequence[str] | None = None, level: float = 0.95
) -> Interval:
    """*New classes* in the unit that would be new: the group where tasks are drawn within groups, else the class.

    ``differences`` [E], ``classes`` [E, N], ``group`` [E] or None.
    """
    if group is not None:
        return group_jackknife(differences, np.asarray(group), level)
    return class_jackknife(differences, classes, level)


def _vector(values: Array) -> Array:
    values = np.asarray(values, float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"Differences must be one row of finite numbers; got shape {values.shape}.")
    return values


def _t_interval(values: Array, unit: str, method: str, level: float, skew: float = 0.0, farthest: float = 1.0) -> Interval:
    if len(values) < 2:
        return _too_few(values, len(values), unit, method, level, 2, f"{unit}s")
    se = values.std(ddof=1) / np.sqrt(len(values))
    return _around(float(values.mean()), float(se), len(values) - 1.0, len(values), unit, method, level, skew, farthest)


def _around(
    estimate: float,
    se: float,
    df: float,
    n: int,
    unit: str,
    method: str,
    level: float,
    skew: float = 0.0,
    farthest: float = 1.0,
) -> Interval:
    quantile = float(stdtrit(df, 0.5 + level / 2))
    above, below = (
        side * float(np.clip(side * skew_uncorrected(side * quantile, skew), quantile, farthest * quantile)) for side in (1, -1)
    )
    low, high = estimate - above * se, estimate - below * se
    return Interval(estimate, low, high, n, method, unit, level, se, df, skew=skew, farthest=farthest)


def _too_few(values: Array, n: int, unit: str, method: str, level: float, needed: int, plural: str) -> Interval:
    note = f"{unit}-limited: {n} {plural if n != 1 else plural.removesuffix('es' if unit == 'class' else 's')}, {needed} needed"
    return Interval(float(values.mean()), None, None, n, method, unit, level, needed=needed, note=note)
