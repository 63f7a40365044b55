"""Large answers that all sessions of a server share, told apart by name: what is kept of them need not look through them again."""

import weakref
from typing import TypeVar

T = TypeVar("T")
NAMES: dict[int, str] = {}


def share(found: T, name: str) -> T:
    """``found``, which nobody changes and everybody gets again, under a ``name`` that says all it was read from."""
    if id(found) not in NAMES:
        NAMES[id(found)] = name
        weakref.finalize(found, NAMES.pop, id(found), None)
    return found


def name_of(found: object) -> str | None:
    """Its name; None of anything else."""
    return NAMES.get(id(found))
