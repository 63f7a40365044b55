"""What comes of asking the same test classes again and again: a false *helps* somewhere, before and after the ledger's correction.

A true effect on the very edge of the band, letters that differ, and ten splits that each test 11 of the same 28 letters.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.calibrating.findings import Found, percent, share
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.record import Table
from metadash.stats.intervals import Interval, group_jackknife
from metadash.stats.verdict import ROPE, Grade, grade_of_p, p_claim

LETTERS, TESTED, EPISODES = 28, 11, 20
SPREAD, NOISE = 2.0, 4.0
LOOKS = (1, 2, 5, 10)
SHAPES = {"normal": 0, "long tail upwards": 1, "long tail downwards": -1}


@dataclass(frozen=True)
class Tally:
    """Of the repetitions, how many had a false *helps* among the first n looks: each by itself, and corrected for n."""

    alone: dict[int, int]
    corrected: dict[int, int]


def ten_splits(shape: int, rng: np.random.Generator) -> list[Interval]:
    effects = rng.normal(size=LETTERS) if not shape else shape * (rng.exponential(1.0, LETTERS) - 1)
    letters = ROPE + SPREAD * effects
    found = []
    for _ in range(max(LOOKS)):
        group = np.repeat(rng.choice(LETTERS, TESTED, replace=False), EPISODES)
        found.append(group_jackknife(letters[group] + rng.normal(0, NOISE, len(group)), group))
    return found


def p_of(interval: Interval) -> float:
    p = p_claim(interval)
    return 1.0 if p is None else p


def count_false(shape: int, repetitions: int) -> Tally:
    rng, alone, corrected = np.random.default_rng([shape + 1, 9]), dict.fromkeys(LOOKS, 0), dict.fromkeys(LOOKS, 0)
    for _ in range(repetitions):
        found = ten_splits(shape, rng)
        for looks in LOOKS:
            first = found[:looks]
            alone[looks] += any(one.estimate > ROPE and grade_of_p(p_of(one)) is Grade.CERTAIN for one in first)
            corrected[looks] += any(one.estimate > ROPE and grade_of_p(p_of(one) * looks) is Grade.CERTAIN for one in first)
    return Tally(alone, corrected)


def looking(quick: bool, workers: int) -> Found:
    repetitions, found, rows = 50 if quick else 4000, Found(), []
    for name, counted in zip(
        SHAPES, side_by_side(count_false, [(shape, repetitions) for shape in SHAPES.values()], workers), strict=True
    ):
        for looks in LOOKS:
            row = (counted.alone[looks] / repetitions, counted.corrected[looks] / repetitions)
            rows.append([name, str(looks), *map(percent, row)])
            if looks > 1 and name == "normal":
                what = f"false helps among {looks} splits, corrected for them, {name}"
                found.checks.append(share(what, counted.corrected[looks], repetitions, most=5.0))
    columns = ("effects of letters", "splits tried", "each by itself", "corrected for all")
    caption = f"A false *helps* somewhere, true effect {ROPE:g} points, {TESTED} of {LETTERS} letters in each split, {repetitions:,} repetitions, in %"
    found.tables.append(Table(caption, columns, rows))
    return found
