"""What a part of the calibration found: checks against the targets of issue 4, and free tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy.stats import beta

from benchmarks.record import Table, rounded


@dataclass(frozen=True)
class Check:
    """``measured`` must lie from ``least`` to ``most`` (None: no bound; both None: told, no target). ``low`` and ``high`` bound what
    was measured where it is a share of ``n`` repetitions."""

    what: str
    measured: float
    unit: str
    n: int
    least: float | None = None
    most: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.measured >= self.least) and (self.most is None or self.measured <= self.most)


@dataclass
class Found:
    checks: list[Check] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        checks = [{**rounded(asdict(check)), "reached": check.reached} for check in self.checks]
        return {"checks": checks, "tables": [asdict(table) for table in self.tables], "remarks": self.remarks}


def share(what: str, hits: int, n: int, least: float | None = None, most: float | None = None, note: str = "") -> Check:
    """A share of ``n`` repetitions in %, with its exact binomial interval (Clopper & Pearson, Biometrika 1934)."""
    low, high = exact_bounds(hits, n)
    return Check(what, 100 * hits / n, "%", n, least, most, 100 * low, 100 * high, note)


def exact_bounds(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0
    return low, float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0


def covered(truth: float, intervals: Sequence[Any] | Any) -> bool:
    """Whether an interval holds the truth; one without bounds claims nothing, and is not counted as holding it."""
    return intervals.low is not None and bool(intervals.low <= truth <= intervals.high)


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def mean_width(widths: Sequence[float]) -> str:
    return f"{np.mean(widths):.2f}"
