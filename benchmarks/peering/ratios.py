"""From windows to figures: medians, ratios to the best peer, and whether a target is met."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.record import rounded

OURS = "MetaDash"
TOLERANCE = 2e-3
"""Relative difference of a loss or a gradient's norm that single precision explains."""


@dataclass(frozen=True)
class Ratio:
    """``value`` against a target that is to be reached from above (*at least*) or, with ``at_most``, from below."""

    what: str
    value: float
    target: float
    against: str = ""
    by_wall: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target

    def as_json(self) -> dict[str, Any]:
        return {**rounded(asdict(self)), "met": self.met}


def rates(windows: Sequence[dict[str, Any]], tasks: int, clock: str = "processor") -> list[float]:
    """Tasks a second of each window, by the thread's processor time or by the wall clock."""
    return [window["steps"] * tasks / window[clock] for window in windows]


def summary(windows: Sequence[dict[str, Any]], tasks: int) -> dict[str, Any]:
    """Median, smallest and largest rate of one implementation."""
    by_processor, by_wall = rates(windows, tasks), rates(windows, tasks, "wall")
    return rounded(
        {
            "n": len(windows),
            "rate": median(by_processor),
            "low": min(by_processor),
            "high": max(by_processor),
            "rate_by_wall": median(by_wall),
        }
    )


def best_peer(found: dict[str, dict[str, Any]], measure: str = "rate", least: bool = False) -> str | None:
    """Of the libraries, not of us and not of the plain loop; None where no library can do it."""
    peers = {name: row[measure] for name, row in found.items() if name not in (OURS, "plain loop")}
    if not peers:
        return None
    return (min if least else max)(peers, key=peers.__getitem__)


def ratio_to_best(
    what: str, found: dict[str, dict[str, Any]], target: float, clock: str = "rate", note: str = ""
) -> Ratio | None:
    """Our median rate over the best peer's; the best is chosen by the clock that decides."""
    best = best_peer(found, clock)
    if best is None or OURS not in found:
        return None
    by_wall = found[OURS]["rate_by_wall"] / found[best]["rate_by_wall"]
    return Ratio(what, found[OURS][clock] / found[best][clock], target, best, by_wall, note=note)


def agree(found: dict[str, Any], reference: dict[str, Any]) -> bool:
    """Whether an implementation's loss and gradient are those of the plain loop that computes the same thing."""
    for name, expected in reference.items():
        if expected is not None and (found[name] is None or not abs(found[name] - expected) <= TOLERANCE * abs(expected)):
            return False
    return True


def fair_share(cores: int, busy: int) -> float:
    """Of the machine's cores, for one thread beside ``busy`` others; as a part of one core."""
    return min(1.0, cores / (busy + 1))
