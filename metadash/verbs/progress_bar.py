"""A progress bar on the standard error for runs trained in this process."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from metadash.runs.progress import Report
from metadash.runs.queue.outlook import steady
from metadash.stats import words


class Bar:
    """One bar over several pieces of work; each one's own fraction moves it a part of the way, and its outlook tells what is left."""

    def __init__(self, bar: tqdm):
        self.bar = bar
        self.begun = 0

    def part(self, title: str) -> Report:
        """The callback of the next run."""
        start, shown, since = self.begun, None, 0.0
        self.begun += 1
        self.bar.update(start - self.bar.n)
        self.bar.set_description_str(title)

        def report(step: int, metrics: dict[str, Any]) -> bool:
            nonlocal shown, since
            said = metrics["phase"]
            if (seen := metrics.get("outlook")) is not None:
                now = steady(shown, (seen.low, seen.high), time.monotonic() - since)
                if now is not shown:
                    shown, since = words.span(*now), time.monotonic()
                said = f"{words.silent(seen.silent) if seen.silent else words.left(*shown)} · {said}"
                said += f" · {words.busy(seen.slower)}" if seen.busy else ""
            self.bar.set_postfix_str(said, refresh=False)
            self.bar.update(max(0.0, start + min(metrics["fraction"], 1.0) - self.bar.n))
            return False

        return report


@contextmanager
def bar(runs: int) -> Iterator[Bar]:
    shape = "{desc} {percentage:3.0f}%|{bar:20}| {elapsed} {postfix}"
    with tqdm(
        total=runs, file=sys.stderr, bar_format=shape, mininterval=0.3, leave=False, dynamic_ncols=True, disable=None
    ) as shown:
        yield Bar(shown)
