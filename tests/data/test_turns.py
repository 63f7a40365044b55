"""Turns at a few places: one for each visitor, round among them, and a short queue."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from metadash.data.sql.turns import Full, Turns


class Row:
    """People who each want turns, and the order in which they got them; a turn lasts until it is ended."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.order = turns, []
        self.ends: dict[str, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def ask(self, visitor: str, what: str) -> None:
        self.ends[what] = threading.Event()
        before = len(self.turns.waiting) + len(self.order)
        self.threads.append(threading.Thread(target=self._have, args=(visitor, what), daemon=True))
        self.threads[-1].start()
        self.wait(lambda: len(self.turns.waiting) + len(self.order) > before)

    def _have(self, visitor: str, what: str) -> None:
        with self.turns.turn(visitor):
            self.order.append(what)
            self.ends[what].wait(30)

    def end(self, what: str, then: int) -> None:
        """End a turn and wait until ``then`` turns have begun in all."""
        self.ends[what].set()
        self.wait(lambda: len(self.order) >= then)

    def wait(self, ready) -> None:
        for _ in range(3000):
            if ready():
                return
            time.sleep(0.01)
        raise AssertionError("nothing happened")


@contextmanager
def row(places: int, queue: int = 9) -> Iterator[Row]:
    found = Row(Turns(places, queue=queue, patience=30))
    yield found
    for end in found.ends.values():
        end.set()
    for thread in found.threads:
        thread.join(30)
    assert not found.turns.waiting and not any(found.turns.busy.values()) and not found.turns.served


def test_a_visitor_has_one_place_whatever_is_free() -> None:
    with row(3) as asked:
        for what in ("a1", "a2", "a3"):
            asked.ask("a", what)
        asked.ask("b", "b1")
        assert asked.order == ["a1", "b1"]


def test_a_newcomer_is_served_before_the_rest_of_who_had_a_turn() -> None:
    with row(1) as asked:
        for what in ("a1", "a2", "a3"):
            asked.ask("a", what)
        asked.ask("b", "b1")
        asked.ask("b", "b2")
        for count, what in enumerate(("a1", "b1", "a2", "b2"), start=2):
            asked.end(what, count)
        assert asked.order == ["a1", "b1", "a2", "b2", "a3"]


def test_whoever_is_at_the_machine_has_as_many_as_there_are_places() -> None:
    with row(3) as asked:
        for what in ("1", "2", "3", "4"):
            asked.ask("", what)
        assert asked.order == ["1", "2", "3"]


def test_who_has_more_than_the_queue_holds_is_told_at_once() -> None:
    with row(1, queue=1) as asked:
        asked.ask("a", "a1")
        asked.ask("a", "a2")
        with pytest.raises(Full) as caught, asked.turns.turn("a"):
            pass
        assert caught.value.own
        asked.ask("b", "b1")


def test_who_waited_too_long_leaves_nothing_behind() -> None:
    with row(1) as asked:
        asked.ask("a", "a1")
        asked.turns.patience = 0.05
        with pytest.raises(Full) as caught, asked.turns.turn("b"):
            pass
        assert not caught.value.own and not asked.turns.waiting
