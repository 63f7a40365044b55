"""Merges characters that most fonts draw alike: Latin A, Greek Alpha and Cyrillic A are one class, not three.

Two characters are look-alikes when at least SHARE of the styles that have both draw them with the same pixels, and at least
MIN_COMMON styles have both. Chains count (union-find), and the first code point stands for its group.
"""

from collections import Counter, defaultdict
from itertools import combinations

import numpy as np

SHARE = 0.5
MIN_COMMON = 20

Drawings = dict[str, dict[int, np.ndarray]]  # style -> code point -> image


def pair_counts(drawings: Drawings) -> tuple[Counter, Counter]:
    """How many styles draw a pair (a < b) with the same pixels, and how many styles have both; only pairs seen alike."""
    same: Counter = Counter()
    for images in drawings.values():
        by_pixels = defaultdict(list)
        for point in sorted(images):
            by_pixels[images[point].tobytes()].append(point)
        for points in by_pixels.values():
            same.update(combinations(points, 2))
    both = Counter({(a, b): sum(a in images and b in images for images in drawings.values()) for a, b in same})
    return same, both


def groups(drawings: Drawings) -> dict[int, int]:
    """Each merged character -> the first code point of its group; characters that stand alone are absent."""
    same, both = pair_counts(drawings)
    parent: dict[int, int] = {}

    def first(point: int) -> int:
        while point in parent:
            point = parent[point]
        return point

    for a, b in sorted(same):
        if both[a, b] >= MIN_COMMON and same[a, b] >= SHARE * both[a, b]:
            low, high = sorted((first(a), first(b)))
            if low != high:
                parent[high] = low
    return {point: first(point) for point in parent}
