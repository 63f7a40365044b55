"""How often the 95 % intervals hold the truth, each its own, for a paired difference, a leave-one-out and a Shapley value."""

from collections import Counter

import numpy as np

from benchmarks.calibrating.findings import Found, covered, exact_bounds, share
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.calibrating.worlds import World, additive, draw_world, value_table
from benchmarks.record import Table
from metadash.stats.paired import with_intervals
from metadash.stats.shapley import leave_one_out, shapley, together

MASKS = tuple(range(8))
EFFECTS = {
    "paired difference": together(3, MASKS)[0],
    "leave-one-out": leave_one_out(3, MASKS)[0],
    "Shapley φ": shapley(3, MASKS)[0],
}
FEW = 15
KINDS = ("episodes", "new_classes", "seeds")
WORLDS = (
    World("40 classes, 600 episodes"),
    World("40 classes, 1,200 episodes", episodes=1200),
    World("100 classes, 200 episodes", classes=100, episodes=200, spread=4),
    World("15 classes (the fewest), 600 episodes", classes=15),
    World("40 classes, skewed effects", skewed=True, spread=3),
    World("11 groups of 12 (as glyphs), 2,000 episodes", classes=12, groups=11, episodes=2000, group_spread=2),
    World("11 groups, 600 episodes, 10 seeds", classes=12, groups=11, seeds=10, group_spread=2),
    World("11 groups, uneven", classes=12, groups=11, group_spread=2, uneven=1.0),
    World("30 groups, uneven", classes=8, groups=30, group_spread=2, uneven=1.0),
    World("5 groups", classes=12, groups=5, group_spread=2),
    World("11 groups, skewed effects", classes=12, groups=11, group_spread=3, skewed=True),
)
ALIKE = (
    World("40 classes all alike", spread=0),
    World("11 groups all alike", classes=12, groups=11, spread=0),
)
"""The corner where nothing differs between classes: reported, with no upper target."""


def count_coverage(world: World, repetitions: int, seed: int) -> tuple[Counter, dict[tuple[str, str], float]]:
    """Hits by (effect, kind), and the mean half-width in points."""
    rng, hits = np.random.default_rng([seed, 1]), Counter()
    widths = dict.fromkeys([(effect, kind) for effect in EFFECTS for kind in KINDS], 0.0)
    weights, table = np.stack(list(EFFECTS.values())), value_table(MASKS)
    for _ in range(repetitions):
        drawn = draw_world(world, rng)
        truths = [
            weights @ additive(truth, table) for truth in (drawn.these_classes, drawn.new_classes, drawn.training_again)
        ]  # kinds × effects
        for e, (effect, points) in enumerate(zip(EFFECTS, drawn.values.effects(weights, 1), strict=True)):
            found = with_intervals(points, drawn.values, 1)
            for k, kind in enumerate(KINDS):
                interval = getattr(found, kind)
                hits[effect, kind] += covered(truths[k][e], interval)
                if interval.low is not None:
                    widths[effect, kind] += (interval.high - interval.low) / 2 / repetitions
    return hits, widths


def coverage(quick: bool, workers: int) -> Found:
    repetitions, found, rows = 100 if quick else 2000, Found(), []
    worlds = WORLDS + ALIKE
    counted = side_by_side(count_coverage, [(world, repetitions, number) for number, world in enumerate(worlds)], workers)
    for world, (hits, widths) in zip(worlds, counted, strict=True):
        unit = "groups" if world.groups else "classes"
        names = {"episodes": "these classes (episodes)", "new_classes": f"new {unit}", "seeds": "training again (seeds)"}
        for kind in KINDS:
            shares = [100 * hits[effect, kind] / repetitions for effect in EFFECTS]
            rows.append([world.name, names[kind], *(f"{value:.1f}" for value in shares), f"{widths['Shapley φ', kind]:.2f}"])
            for effect in EFFECTS:
                corner = world in ALIKE and kind == "new_classes"
                few = kind == "new_classes" and 0 < world.groups < FEW  # wide is the price of skewness that so few do not show
                most = None if corner else 97.5 if few else 97.0
                what = f"coverage, {effect}, {names[kind]}: {world.name}"
                note = "a corner: wide is right" if corner else ""
                found.checks.append(share(what, hits[effect, kind], repetitions, 93.0, most, note))
        print(world.name, [row[2:] for row in rows[-3:]], flush=True)
    low, high = exact_bounds(round(0.95 * repetitions), repetitions)
    columns = ("simulated world", "interval for", *EFFECTS, "half-width of φ, points")
    caption = f"How many of {repetitions:,} intervals of 95 % hold the truth, in % (95.0 % would be known to {100 * low:.1f} to {100 * high:.1f})"
    found.tables.append(Table(caption, columns, rows))
    return found
