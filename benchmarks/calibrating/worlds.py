"""Simulated ablations whose truth is known: scores of every subset of three sources, episode by episode and seed by seed.

A subset answers each of 75 queries of an episode rightly with a probability that is the sum of a base, the difficulty of the episode,
and for each of its sources a mean, the mean of the effects of the episode's classes, the effect of its group and that of the training
seed; the first two sources partly say the same. Right answers are binomial, drawn independently for every subset and seed: read off a
table of quantiles at chances a thousandth apart (rounded at random, so that the mean is exact), ten times as fast as drawing them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import binom

from metadash.ablation.values import Values
from metadash.episodes.manifest import EpisodeManifest
from metadash.specs.subsets import SourceArm

SOURCES = 3
QUERIES = 75
LEVELS, QUANTILES = 1000, 4096
BASE, DIFFICULTY = 0.70, 0.10
MEANS = np.array([3.0, 1.5, 0.0])  # points that each source adds on average, alone
OVERLAP = 1.0  # points that the first two say twice


@dataclass(frozen=True)
class World:
    """``classes`` test classes of which each episode has ``n_way``, or ``groups`` with ``classes`` each where tasks are drawn within
    groups; ``spread`` is the standard deviation in points of the effects of classes, ``group_spread`` of groups, ``seed_spread`` of
    training seeds. ``uneven`` > 0: groups appear in the episodes as often as e to the power ``uneven`` · N(0, 1). ``skewed``:
    effects of classes and groups are exponential, not normal."""

    name: str
    classes: int = 40
    groups: int = 0
    episodes: int = 600
    seeds: int = 3
    n_way: int = 5
    spread: float = 2.0
    group_spread: float = 0.0
    seed_spread: float = 0.5
    uneven: float = 0.0
    skewed: bool = False


@dataclass(frozen=True)
class Drawn:
    """One repetition: its scores, and what each source adds on average [3] for each estimand, in points."""

    values: Values
    these_classes: np.ndarray
    new_classes: np.ndarray
    training_again: np.ndarray


def draw_world(
    world: World, rng: np.random.Generator, means: np.ndarray = MEANS, masks: tuple[int, ...] = tuple(range(8))
) -> Drawn:
    per = world.classes
    n_groups = max(world.groups, 1)
    of_group = effects(world, rng, world.group_spread, n_groups)
    of_class = effects(world, rng, world.spread, n_groups * per).reshape(n_groups, per, SOURCES)
    of_seed = rng.normal(0, world.seed_spread, (world.seeds, SOURCES))
    often = np.exp(world.uneven * rng.normal(size=n_groups))
    often /= often.sum()
    group = rng.choice(n_groups, world.episodes, p=often)
    inside = rng.random((world.episodes, per)).argpartition(world.n_way - 1, axis=1)[:, : world.n_way]
    added = means + of_group[group] + of_class[group[:, None], inside].mean(axis=1)  # [E, 3]
    seeds = of_seed.mean(axis=0)
    table = value_table(masks)
    difficulty = BASE + rng.uniform(-DIFFICULTY, DIFFICULTY, world.episodes)
    points = additive(added[None] + of_seed[:, None], table)  # [S, E, M]
    chance = difficulty[None, :, None] + points / 100
    correct = right_answers(rng, chance.clip(0, 1)).transpose(0, 2, 1)[:, :, None]
    classes = group[:, None] * per + inside
    return Drawn(
        Values(
            tuple(SourceArm(mask) for mask in masks),
            (1,),
            tuple(range(world.seeds)),
            correct,
            QUERIES,
            manifest_of(classes, group if world.groups else np.full(world.episodes, -1)),
            (),
        ),
        these_classes=means + often @ (of_group + of_class.mean(axis=1)) + seeds,
        new_classes=means + seeds,
        training_again=added.mean(axis=0),
    )


@cache
def quantiles() -> np.ndarray:
    """[(LEVELS + 2) · QUANTILES] right answers of 75 at each chance, its quantiles in the order of their probability."""
    place = (np.arange(QUANTILES) + 0.5) / QUANTILES
    below = binom.cdf(np.arange(QUERIES + 1), QUERIES, (np.arange(LEVELS + 2)[:, None] / LEVELS).clip(0, 1))
    return np.concatenate([np.searchsorted(row, place) for row in below]).astype(np.uint8)


def right_answers(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """Of 75 queries, each answered rightly with ``chance`` [...]."""
    drawn = rng.integers(0, 2**32, chance.shape, dtype=np.uint32)
    level = (chance * LEVELS + (drawn >> 12) / 2**20).astype(np.uint32)
    return quantiles()[level * np.uint32(QUANTILES) + (drawn & np.uint32(QUANTILES - 1))]


def effects(world: World, rng: np.random.Generator, spread: float, n: int) -> np.ndarray:
    """[n, 3] with mean 0."""
    if world.skewed:
        return spread * (rng.exponential(1.0, (n, SOURCES)) - 1)
    return rng.normal(0, 1, (n, SOURCES)) * spread


def value_table(masks: tuple[int, ...]) -> np.ndarray:
    """[4, M]: which of the sources, and of the overlap, each subset has."""
    bits = np.array([[mask >> s & 1 for mask in masks] for s in range(SOURCES)], float)
    return np.vstack([bits, bits[0] * bits[1]])


def additive(added: np.ndarray, table: np.ndarray) -> np.ndarray:
    """What the sources add, [..., 3] in points, to the value of each subset [..., M] above that of none."""
    return added @ table[:SOURCES] - OVERLAP * table[SOURCES]


def manifest_of(classes: np.ndarray, group: np.ndarray) -> EpisodeManifest:
    """Episodes of which only classes and groups are known: all that an interval looks at."""
    no_rows = np.zeros((*classes.shape, 0), dtype=np.int64)
    names = tuple(f"group {g}" for g in range(int(group.max()) + 1))
    return EpisodeManifest(classes, no_rows, no_rows, group, names, "simulated")
