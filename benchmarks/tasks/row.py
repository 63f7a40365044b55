"""One line of the table that ``python -m benchmarks.tasks`` prints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``wanted`` is what was measured beforehand or is asked for, ``found`` what came out here, with its 95 % interval where it has one."""

    what: str
    wanted: str
    found: str
