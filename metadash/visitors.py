"""Who asks: whoever runs Python or the command line is at the machine; the dashboard knows its visitors and says so here.

Turns at what visitors share, their limits and their rights go by this, on whichever floor they are decided.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Visitor:
    """``key``: the same for all that one person asks, and no secret; empty at the machine itself. ``name``: as others may read it.

    ``editor``: may end what others asked for.
    """

    key: str
    name: str = ""
    editor: bool = False


AT_THE_MACHINE = Visitor("", "", True)

_found: list[Callable[[], Visitor]] = []


def visitor() -> Visitor:
    """Who asks in this thread."""
    return _found[-1]() if _found else AT_THE_MACHINE


def found_by(function: Callable[[], Visitor]) -> None:
    """Ask ``function`` from now on."""
    _found[:] = [function]
