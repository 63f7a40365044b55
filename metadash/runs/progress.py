"""The one callback of everything that takes time: it shows progress, feeds live curves, and may answer *stop*."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Report = Callable[[int, dict[str, Any]], bool]
"""``report(step, metrics) -> stop?``. ``metrics`` has ``phase`` (words), ``fraction`` (0..1 of the whole run) and what was measured."""

SCORING = "scoring the test episodes"
"""The phase in which a learner is scored; what it takes is stored with the run."""


class Stopped(Exception):
    """Somebody answered *stop*; nothing was kept of the run."""


def silent(step: int, metrics: dict[str, Any]) -> bool:
    return False


class History:
    """Collects what a run reports as rows and passes it on; raises Stopped when the listener says stop."""

    def __init__(self, report: Report = silent):
        self.report = report
        self.rows: list[dict[str, Any]] = []
        self.started = time.monotonic()
        self.began: dict[str, float] = {}

    def __call__(self, step: int, phase: str, fraction: float, **measured: float) -> None:
        self.began.setdefault(phase, time.monotonic())
        if measured:
            self.rows.append({"phase": phase, "step": step, "seconds": round(time.monotonic() - self.started, 3), **measured})
        if self.report(step, {"phase": phase, "fraction": fraction, **measured}):
            raise Stopped

    def frame(self) -> "pd.DataFrame":
        """The rows as a run stores them: never none."""
        import pandas as pd

        return pd.DataFrame(self.rows or [{"phase": "scoring", "step": 0, "seconds": 0.0}])

    def since(self, phase: str) -> float | None:
        """Seconds since ``phase`` was first reported; None for a run that never came to it."""
        return time.monotonic() - self.began[phase] if phase in self.began else None
