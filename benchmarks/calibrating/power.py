"""How often an effect of some size is told: the verdict *helps* against effect size, episodes and groups."""

from collections import Counter
from dataclasses import replace

import numpy as np

from benchmarks.calibrating.findings import Found, exact_bounds, share
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.calibrating.worlds import World, draw_world
from benchmarks.record import Table
from metadash.stats.intervals import Interval
from metadash.stats.paired import with_intervals
from metadash.stats.shapley import alone
from metadash.stats.verdict import Verdict, decide

SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
GROUP_SPREAD = 1.5
WORLDS = (
    *(
        World(f"11 groups, {n:,} episodes", classes=12, groups=11, episodes=n, group_spread=GROUP_SPREAD)
        for n in (200, 600, 2000)
    ),
    *(
        World(f"{groups} groups, 2,000 episodes", classes=12, groups=groups, episodes=2000, group_spread=GROUP_SPREAD)
        for groups in (5, 30, 100)
    ),
    *(World(f"{classes} classes, 2,000 episodes", classes=classes, episodes=2000) for classes in (40, 150)),
)


def moved(interval: Interval, by: float) -> Interval:
    """The interval of the same world had the effect been ``by`` points larger."""
    if interval.low is None or interval.high is None:
        return replace(interval, estimate=interval.estimate + by)
    return replace(interval, estimate=interval.estimate + by, low=interval.low + by, high=interval.high + by)


def count_verdicts(world: World, repetitions: int, seed: int) -> Counter:
    """By (kind of interval, effect size, verdict). An effect is added to what was simulated without one."""
    rng, counts = np.random.default_rng([seed, 2]), Counter()
    weights = alone(1, (0, 1))
    for _ in range(repetitions):
        values = draw_world(world, rng, np.zeros(3), (0, 1)).values
        found = with_intervals(values.effects(weights, 1)[0], values, 1)
        for kind in ("new_classes", "episodes"):
            for size in SIZES:
                decision = decide(moved(getattr(found, kind), size))
                counts[kind, size, decision.verdict if decision.certain else Verdict.UNDETERMINED] += 1
    return counts


def power(quick: bool, workers: int) -> Found:
    repetitions, found = 100 if quick else 2000, Found()
    told: dict[str, list[list[str]]] = {"new_classes": [], "episodes": []}
    counted = side_by_side(count_verdicts, [(world, repetitions, number) for number, world in enumerate(WORLDS)], workers)
    for world, counts in zip(WORLDS, counted, strict=True):
        for kind, rows in told.items():
            helps = [counts[kind, size, Verdict.HELPS] for size in SIZES]
            rows.append([world.name, *(f"{100 * hits / repetitions:.1f}" for hits in helps)])
        hits = counts["new_classes", 0.0, Verdict.HELPS]
        found.checks.append(share(f'false "helps", no effect, new classes: {world.name}', hits, repetitions, most=5.0))
        print(world.name, told["new_classes"][-1][1:], flush=True)
    columns = ("simulated world", *(f"+{size:g}" for size in SIZES))
    low, high = exact_bounds(repetitions // 2, repetitions)
    known = f"{repetitions:,} repetitions a cell; 50 % would be known to {100 * low:.0f} to {100 * high:.0f}"
    found.tables += [
        Table(
            f'Verdict "helps" for new classes or groups, in %, by the true effect in points ({known})',
            columns,
            told["new_classes"],
        ),
        Table("The same by the interval for these test classes, which no card decides by", columns, told["episodes"]),
    ]
    return found
