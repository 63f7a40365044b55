"""Accuracy curves as they might be over classes (or groups) drawn afresh: what an interval for new classes of anything read off curves needs."""

from dataclasses import dataclass

import numpy as np

from metadash.stats.intervals import CLASSES_PER_WAY

Array = np.ndarray


@dataclass(frozen=True)
class Afresh:
    """``draws`` [R, F] of F means, over ``n`` new ``unit`` (group or class)."""

    draws: Array
    unit: str
    n: int


def drawn_afresh(
    values: Array, classes: Array, group: Array | None, rng: np.random.Generator, resamples: int = 1000
) -> Afresh | None:
    """Draws of the means of F measures ``values`` [F, E] taken on the same episodes; None where there are too few units for an interval.

    Multivariate t around the means, with the jackknife's covariance: over groups [E] where tasks are drawn within groups, else over
    ``classes`` [E, N]. A bootstrap of eleven groups would be too narrow (it knows no t), and cannot leave single classes out of episodes.
    """
    covariance, df, n = _of_groups(values, group) if group is not None else _of_classes(values, classes)
    if covariance is None:
        return None
    size, turned = np.linalg.eigh(covariance)
    root = turned * np.sqrt(np.maximum(size, 0.0))
    noise = rng.standard_normal((resamples, len(values))) @ root.T
    stretched = noise * np.sqrt(df / rng.chisquare(df, resamples))[:, None]
    return Afresh(values.mean(axis=1) + stretched, "group" if group is not None else "class", n)


def _of_groups(values: Array, group: Array) -> tuple[Array | None, float, int]:
    """The covariance [F, F] of :func:`metadash.stats.intervals.group_jackknife`, its degrees of freedom and the number of groups."""
    _, code = np.unique(group, return_inverse=True)
    size = np.bincount(code).astype(float)
    if len(size) < 2:
        return None, 0.0, len(size)
    moved = _sums(values - values.mean(axis=1, keepdims=True), code, len(size)) / (values.shape[1] - size)
    moved -= moved.mean(axis=1, keepdims=True)
    df = max(values.shape[1] ** 2 / np.square(size).sum() - 1, 1.0)
    return (len(size) - 1) / len(size) * moved @ moved.T, float(df), len(size)


def _of_classes(values: Array, classes: Array) -> tuple[Array | None, float, int]:
    """The same of :func:`metadash.stats.intervals.class_jackknife`: variances by the squares there, covariances by products."""
    episodes, n_way = classes.shape
    names, code = np.unique(classes, return_inverse=True)
    code, count = code.reshape(episodes, n_way), len(names)
    times = np.bincount(code.ravel(), minlength=count).astype(float)
    if count < CLASSES_PER_WAY * n_way or times.max() == episodes:
        return None, 0.0, count
    centred = values - values.mean(axis=1, keepdims=True)
    total = np.sum([_sums(centred, code[:, place], count) for place in range(n_way)], axis=0)
    moved = total / (episodes - times)
    moved = moved - moved.mean(axis=1, keepdims=True)
    jackknife = (count - 1) / count * moved @ moved.T
    within = n_way * centred @ centred.T - (total / times) @ total.T
    within /= max(n_way * episodes - count, 1)
    echo = (count - 1) / count * within * (times / (episodes * (episodes - times))).sum()
    size, turned = np.linalg.eigh(jackknife - echo)
    between = (turned * np.maximum(size, 0.0)) @ turned.T
    return between + centred @ centred.T / (episodes - 1) / episodes, count - 1.0, count


def _sums(values: Array, code: Array, count: int) -> Array:
    """[F, E] to the sums [F, C] by code."""
    return np.stack([np.bincount(code, weights=row, minlength=count) for row in values])
