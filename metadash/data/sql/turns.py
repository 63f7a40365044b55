"""Turns at a few places: at most one of them for each visitor, a short queue behind it, and the places go round among visitors."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class Full(Exception):
    """No turn: ``own`` says whether the visitor's own queue is full, or nobody's turn ended for too long."""

    def __init__(self, own: bool) -> None:
        self.own = own


@dataclass
class _Waiting:
    visitor: str
    number: int
    ready: bool = False


@dataclass
class Turns:
    """``places`` turns at once. A visitor has one of them, and ``queue`` more that wait; who was served longest ago is next.

    Whoever has no name (the empty one) is at the machine: each of his questions counts as another visitor's.
    """

    places: int
    queue: int
    patience: float
    waiting: list[_Waiting] = field(default_factory=list)
    busy: dict[str, int] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    """When the visitors who are here were last served, counted in turns."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def turn(self, visitor: str) -> Iterator[None]:
        """Wait for a turn, and have it while the block runs. Raises Full."""
        with self.changed:
            number = next(self.numbers)
            name = visitor or f"at the machine {number}"
            if visitor and sum(one.visitor == name for one in self.waiting) >= self.queue:
                raise Full(own=True)
            mine = _Waiting(name, number)
            self.waiting.append(mine)
            self._call()
            until = time.monotonic() + self.patience
            while not mine.ready:
                if not self.changed.wait(max(until - time.monotonic(), 0)) and not mine.ready:
                    self.waiting.remove(mine)
                    self._forget(name)
                    raise Full(own=False)
        try:
            yield
        finally:
            with self.changed:
                self.busy[name] -= 1
                self._call()
                self._forget(name)

    def reset(self) -> None:
        """After a fork: whoever had a turn stays in the parent."""
        self.changed = threading.Condition()
        self.waiting, self.busy, self.served = [], {}, {}

    def _call(self) -> None:
        """Give free places to those whose turn it is."""
        while sum(self.busy.values()) < self.places:
            free = [one for one in self.waiting if not self.busy.get(one.visitor)]
            if not free:
                return
            chosen = min(free, key=lambda one: (self.served.get(one.visitor, -1), one.number))
            self.waiting.remove(chosen)
            self.busy[chosen.visitor] = 1
            self.served[chosen.visitor] = next(self.numbers)
            chosen.ready = True
            self.changed.notify_all()

    def _forget(self, name: str) -> None:
        """Nothing is kept of who neither has a turn nor waits for one, where nobody else waits either."""
        if not self.busy.get(name):
            self.busy.pop(name, None)
            if not self.waiting:
                self.served = {other: at for other, at in self.served.items() if self.busy.get(other)}
