"""What a search through sets of sources finds: how often a set is said to suffice, to beat all, or two to say the same, and it is not so.

The worlds are the worst there are: as many sets as possible lie exactly on the edge of the band, so that any claim about them is false.
"""

from dataclasses import dataclass

from benchmarks.calibrating.findings import Found, percent, share
from benchmarks.calibrating.planted import Worth, members_of, planted
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.record import Table
from metadash.ablation.sets import SourceSets, source_sets
from metadash.stats.verdict import ROPE

COUNT = 5
NAMES = ("a", "b", "c", "d", "e")
EDGE = ROPE - 1e-9
MOST_FALSE = 5.0


def lacking(has: set[int]) -> float:
    """Every set with the first source but not all lacks just as much as the band."""
    return 4.0 * (0 in has) + ROPE * (len(has) == COUNT)


def exceeding(has: set[int]) -> float:
    """Every set with the first source but not all is better by just as much as the band."""
    return 4.0 * (0 in has) - ROPE * (len(has) == COUNT)


def nearly_twins(has: set[int]) -> float:
    """Any two sources add the same alone, and the second of them just as much as the band."""
    return 3.0 * bool(has) + ROPE * (len(has) > 1)


def redundant(has: set[int]) -> float:
    """Two sources carry everything, and one of them has a copy."""
    return 3.0 * bool({0, 2} & has) + 1.5 * (1 in has)


WORTHS: dict[str, Worth] = {
    "lacks the band's edge": lacking,
    "exceeds by the band's edge": exceeding,
    "nearly twins": nearly_twins,
    "two carry it, one has a copy": redundant,
}


@dataclass(frozen=True)
class Case:
    """``own`` is how far sets go their own way from group to group, in points, beside what their sources do."""

    worth: str
    groups: int
    spread: float = 1.0
    own: float = 0.3
    skewed: int = 0

    @property
    def name(self) -> str:
        tail = {1: ", long tail upwards", -1: ", long tail downwards", 0: ""}[self.skewed]
        return f"{self.worth}: {self.groups} groups, spread {self.spread:g} and {self.own:g}{tail}"


CASES = (
    *(Case("lacks the band's edge", groups) for groups in (8, 11, 28)),
    Case("lacks the band's edge", 11, own=1.0, spread=0.0),
    *(Case("lacks the band's edge", groups, skewed=side) for groups in (11, 28) for side in (1, -1)),
    *(Case("exceeds by the band's edge", 11, skewed=side) for side in (0, 1, -1)),
    *(Case("nearly twins", groups, spread=0.0) for groups in (11, 28)),
    *(Case("nearly twins", 11, spread=0.0, skewed=side) for side in (1, -1)),
    *(Case("two carry it, one has a copy", groups, spread=0.0) for groups in (11, 28)),
)


@dataclass
class Counted:
    suffices: int = 0
    false_suffices: int = 0
    false_better: int = 0
    twins: int = 0
    false_twins: int = 0
    true_sets: int = 0
    gains_held: int = 0


def count_claims(case: Case, repetitions: int) -> Counted:
    found, worth = Counted(), WORTHS[case.worth]
    whole = worth(set(range(COUNT)))
    for seed in range(repetitions):
        values = planted(
            COUNT, worth, groups=case.groups, spread=case.spread, own=case.own, skewed=case.skewed, seeds=1, seed=seed
        )
        told = source_sets(values, NAMES, 1)
        assert told is not None
        tally(found, told, worth, whole)
    return found


def tally(found: Counted, told: SourceSets, worth: Worth, whole: float) -> None:
    def value(sources: tuple[str, ...]) -> float:
        return worth({NAMES.index(name) for name in sources})

    if told.smallest is not None:
        found.suffices += 1
        found.false_suffices += any(whole - value(some) >= EDGE for some in (told.smallest.sources, *told.instead))
        found.true_sets += set(told.smallest.sources) in ({"a", "b"}, {"b", "c"})
        gain, truth = told.smallest.gain, value(told.smallest.sources) - value(())
        found.gains_held += gain is None or (gain.low is not None and gain.high is not None and gain.low <= truth <= gain.high)
    if told.better is not None:
        found.false_better += value(told.better.sources) - whole <= ROPE + 1e-9
    pairs = [one.sources for one in told.twins]
    found.twins += ("a", "c") in pairs
    same = [worth(members_of(0b101, COUNT)) - worth({0}) < EDGE] if ("a", "c") in pairs else []
    found.false_twins += any(pair != ("a", "c") for pair in pairs) or not all(same)


def searching(quick: bool, workers: int) -> Found:
    repetitions, found, rows = 20 if quick else 300, Found(), []
    for case, counted in zip(CASES, side_by_side(count_claims, [(case, repetitions) for case in CASES], workers), strict=True):
        power = case.worth == "two carry it, one has a copy"
        for what, number in (
            ("set said to suffice", counted.false_suffices),
            ("set said to beat all", counted.false_better),
            ("twins", counted.false_twins),
        ):
            found.checks.append(share(f"false {what}, {case.name}", number, repetitions, most=MOST_FALSE))
        rows.append(
            [
                case.name,
                percent(counted.false_suffices / repetitions),
                percent(counted.false_better / repetitions),
                percent(counted.false_twins / repetitions),
                percent(counted.true_sets / repetitions) if power else "",
                percent(counted.twins / repetitions) if power else "",
                percent(counted.gains_held / counted.suffices) if counted.suffices else "",
            ]
        )
        print(rows[-1], flush=True)
    columns = ("world", "suffices, false", "beats all, false", "twins, false", "right set", "right twins", "gain of the set held")
    caption = f"Claims of a search through {2**COUNT - 1} sets of {COUNT} sources, {repetitions:,} repetitions, in %"
    found.tables.append(Table(caption, columns, rows))
    return found
