"""A progress bar for who waits for runs: on the standard error of a terminal, as a widget or a line in a notebook, or none."""

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import TqdmWarning, tqdm

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
def bar(runs: int, progress: bool = True) -> Iterator[Bar]:
    """One bar over so many pieces of work. Without ``progress``, and in a terminal's pipe, nothing is shown."""
    shape = "{desc} {percentage:3.0f}%|{bar:20}| {elapsed} {postfix}"
    kind, shown_where = tqdm, {"file": sys.stderr, "disable": None if progress else True}
    if progress and in_notebook():
        kind, shown_where = notebook_bar(), {"disable": False}
        shape = shape.replace("{bar:20}", "{bar}")  # the widget fills its own
    with kind(total=runs, bar_format=shape, mininterval=0.3, leave=False, dynamic_ncols=True, **shown_where) as shown:
        yield Bar(shown)


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this: its standard error is no terminal, and somebody reads it all the same."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


def notebook_bar() -> type[tqdm]:
    """A widget where ipywidgets are installed, else a line of text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm as auto
    return auto
