"""Many effects looked at together: the level that each interval needs so that all of them hold at once.

Among 63 sets of six sources some set looks good by chance. Bonferroni would ask each for 1 − 0.05/63, as if the sets had nothing in
common; but they share sources, and rise and fall with the same letters. So the largest studentised error of all is simulated with the
correlations that the units (classes or groups) show, and each interval gets the level at which that largest one stays within in 95 % of
cases: a max-t bootstrap with normal multipliers (Westfall & Young, Resampling-based multiple testing, 1993; Romano & Wolf, J. Am. Stat.
Assoc. 2005; Hothorn, Bretz & Westfall, Biometrical J. 2008). Whatever is then read off any of them, the one that looked best included,
is wrong in at most 5 % of studies. Units are few, so every draw has a spread of its own, of as many degrees of freedom as there are units.
"""

import numpy as np
from scipy.special import stdtr

from metadash.stats.intervals import Interval
from metadash.stats.scored import Scored, new_interval

DRAWS = 4000
MOST_FREEDOM = 40
"""Degrees of freedom of the simulated spread at most: beyond, Student's t is nearly normal, and fewer is the careful side."""
SMALL = 1e-9
FAR = 8
"""How slowly n skewed units earn a level beyond 95 %: a doubt of a share r of 5 % takes one of r to the power (n + 8) / n, since t distributions
of skewed groups end later than Student's, and the farther out the more."""


def simultaneous(effects: np.ndarray, scored: Scored, level: float = 0.95, one_bound: bool = False) -> list[Interval]:
    """For ``effects`` [F, E] in the unit of a gain, their intervals for what is new, all of which hold together with the chance ``level``.

    ``one_bound``: claims will be read off a single bound of a single effect, which skewed units miss more often than both together.
    """
    each = level_of_each(effects, scored, level)
    each = vouched(each, units_of(scored), level) if one_bound else each
    return [new_interval(one, scored, each) for one in effects]


def vouched(each: float, n: int, level: float = 0.95) -> float:
    """The level that n units, which may be skewed, take to hold as often as ``each`` says; that of one effect alone stays."""
    return 1 - (1 - level) * ((1 - each) / (1 - level)) ** ((n + FAR) / n)


def units_of(scored: Scored) -> int:
    return len(np.unique(scored.manifest.classes if scored.group is None else scored.group))


def level_of_each(effects: np.ndarray, scored: Scored, level: float = 0.95, seed: int = 0) -> float:
    """Between ``level`` (all effects are one) and Bonferroni's 1 − (1 − level) / F (they have nothing in common)."""
    share, freedom = shares(effects, scored)
    if len(share) < 2 or freedom < 1:
        return level
    directions, scale, _ = np.linalg.svd(share, full_matrices=False)
    kept = scale > SMALL * scale[0]
    mixing = (directions[:, kept] * scale[kept]).astype(np.float32)  # [F, R], rows of length one
    largest = largest_errors(mixing, min(freedom, MOST_FREEDOM), np.random.default_rng(seed))
    chances = 2 * stdtr(min(freedom, MOST_FREEDOM), -largest)
    return 1 - float(np.clip(np.quantile(chances, 1 - level), (1 - level) / len(effects), 1 - level))


def shares(effects: np.ndarray, scored: Scored) -> tuple[np.ndarray, int]:
    """What each unit moves each effect by leaving [F, U], centred, every row of length one, and the degrees of freedom.

    Effects that no unit moves are left out: they have no error.
    """
    members: np.ndarray = scored.manifest.classes if scored.group is None else scored.group.reshape(-1, 1)
    code = np.unique(members, return_inverse=True)[1].reshape(members.shape)
    times = np.bincount(code.ravel()).astype(float)
    if len(times) < 2 or times.max() >= len(effects[0]):
        return np.zeros((0, len(times))), 0
    centred = effects - effects.mean(axis=1, keepdims=True)
    total = np.stack([np.bincount(code.ravel(), np.repeat(row, members.shape[1]), len(times)) for row in centred])
    moved = total / (len(effects[0]) - times)
    moved -= moved.mean(axis=1, keepdims=True)
    length = np.linalg.norm(moved, axis=1)
    there = length > SMALL * (1 + np.abs(effects).max())
    effective = times.sum() ** 2 / np.square(times).sum() if scored.group is not None else len(times)
    return moved[there] / length[there, None], int(effective - 1 + SMALL)


def largest_errors(mixing: np.ndarray, freedom: int, generator: np.random.Generator) -> np.ndarray:
    """[DRAWS] the largest |t| over the effects, each with its own spread of ``freedom`` degrees."""
    rank, found, at_once = mixing.shape[1], [], 100
    for _ in range(DRAWS // at_once):
        error = generator.standard_normal((at_once, rank), np.float32) @ mixing.T
        noise = (generator.standard_normal((at_once * freedom, rank), np.float32) @ mixing.T).reshape(at_once, freedom, -1)
        squared = np.einsum("dkf,dkf->df", noise, noise) / freedom
        found.append(np.sqrt((error**2 / squared).max(axis=1)))
    return np.concatenate(found).astype(float)
