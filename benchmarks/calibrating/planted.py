"""Scores of every set of some sources with planted truths: values built by hand, without a learner, in milliseconds."""

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.calibrating.worlds import manifest_of
from metadash.ablation.values import Values
from metadash.specs.subsets import SourceArm

QUERIES = 10_000
Worth = Callable[[set[int]], float]


def planted(
    count: int,
    worth: Worth,
    *,
    groups: int = 28,
    per: int = 20,
    seeds: int = 2,
    spread: float = 0.5,
    noise: float = 1.0,
    own: float = 0.0,
    skewed: int = 0,
    masks: Sequence[int] | None = None,
    classes_only: bool = False,
    seed: int = 0,
) -> Values:
    """Accuracy of a set is 50 % + its ``worth`` in points + for each of its sources an effect of the group (standard deviation
    ``spread``), for each group and set one of their ``own``, and the ``noise`` of an episode.

    Effects of groups are normal, or exponential with a long tail upwards (``skewed`` 1) or downwards (−1). Groups are units, or with
    ``classes_only`` the five classes of each episode, of ``groups`` in all.
    """
    rng = np.random.default_rng(seed)
    masks = list(range(2**count)) if masks is None else list(masks)

    def effects(shape: tuple[int, int]) -> np.ndarray:
        return skewed * (rng.exponential(1.0, shape) - 1) if skewed else rng.normal(size=shape)

    bits = np.array([[mask >> s & 1 for s in range(count)] for mask in masks])
    mean = np.array([worth(members_of(mask, count)) for mask in masks])
    by_group = mean + spread * effects((groups, count)) @ bits.T + own * effects((groups, len(masks)))
    group = np.repeat(np.arange(groups), per)
    accuracy = 50 + by_group[group] + rng.normal(0, noise, (seeds, len(group), len(masks)))
    correct = np.rint(accuracy / 100 * QUERIES).astype(np.uint16).transpose(0, 2, 1)[:, :, None]
    classes = (group[:, None] + np.arange(5)) % groups if classes_only else group[:, None] * 5 + np.arange(5)
    manifest = manifest_of(classes, np.full(len(group), -1) if classes_only else group)
    return Values(tuple(SourceArm(mask) for mask in masks), (1,), tuple(range(seeds)), correct, QUERIES, manifest, ())


def members_of(mask: int, count: int) -> set[int]:
    return {s for s in range(count) if mask >> s & 1}
