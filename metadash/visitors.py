"""Who asks: whoever runs Python or the command line is at the machine; the dashboard knows its visitors and says so here.

Turns at what visitors share, their limits and their rights go by this, on whichever floor they are decided.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Visitor:
    """``key``: the same for all that one person asks, and no secret; empty at the machine itself. ``name``: as others may read it.

    ``editor``: may end what others asked for. ``viewer``: may start and change nothing (``why_closed`` of ``metadash/workspace.py``). Where
    people sign in each of them is one or the other; where they do not, a visitor from elsewhere is neither.
    """

    key: str
    name: str = ""
    editor: bool = False
    viewer: bool = False


AT_THE_MACHINE = Visitor("", "", True)

_found: list[Callable[[], Visitor]] = []
_by_itself: ContextVar[bool] = ContextVar("by itself", default=False)


def visitor() -> Visitor:
    """Who asks in this thread."""
    if _by_itself.get():
        return AT_THE_MACHINE
    return _found[-1]() if _found else AT_THE_MACHINE


def found_by(function: Callable[[], Visitor]) -> None:
    """Ask ``function`` from now on."""
    _found[:] = [function]


def key_of(text: str) -> str:
    """What may stand in a record that others can read: the cookie itself opens what is its owner's."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def by_itself() -> Iterator[None]:
    """What the server does of its own, whoever's visit it is: nothing that a visitor chose may be written in here."""
    before = _by_itself.set(True)
    try:
        yield
    finally:
        _by_itself.reset(before)


def is_listed(address: str, listed: Iterable[str]) -> bool:
    """Whether an e-mail address is one of those ``listed``, or of a domain among them (``@example.org``, and none below it).

    >>> is_listed("Ada@Example.org", ["@example.org"]), is_listed("ada@lab.example.org", ["@example.org"])
    (True, False)
    """
    if address.count("@") != 1 or not address.partition("@")[0]:
        return False
    domain = address[address.index("@") :]
    return any(alike(one, domain if one.startswith("@") else address) for one in listed)


def alike(one: str, other: str) -> bool:
    """In capitals or not; letters beyond ASCII must be the very same, since several of them (the Kelvin sign) have a k for their small letter."""
    return one == other or (one.isascii() and other.isascii() and one.lower() == other.lower())
