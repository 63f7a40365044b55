"""The line that repeats an import in a terminal, whatever its files and columns are called."""

import shlex
from collections.abc import Iterable

from metadash.data.library import OBTAINABLE


def command(path: str, options: Iterable[tuple[str, str]] = ()) -> str:
    """``options``: names and values. A path that would be read as an option, or as the name of a known data set, is said from here."""
    if path.startswith("-") or path in OBTAINABLE:
        path = f"./{path}"
    said = [f"--{name}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}" for name, value in options]
    return " ".join(["python -m metadash datasets import", shlex.quote(path), *said])
