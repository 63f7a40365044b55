"""What a file is known to hold: its SHA-256, worked out once a process for as long as the file stays as it is."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Stamp = tuple[int, int, int, int]
"""Modified, changed (both in ns), size, inode: while these stay, so does the content."""

SETTLED = 2 * 10**9
"""Nanoseconds: the coarsest clock of a file system. A file that is younger could change again without a new time."""


def stamp_of(path: Path) -> Stamp:
    """Raises OSError where there is no such file, and ValueError for what can be no path."""
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


class Kept(Generic[T]):
    """What ``read`` makes of a file, kept until the file changes; one look at its times is all that a later call costs."""

    def __init__(self, read: Callable[[Path], T]):
        self.read = read
        self.known: dict[str, tuple[Stamp, T]] = {}

    def __call__(self, path: Path) -> T:
        """Raises what ``stamp_of`` and ``read`` raise."""
        stamp, known = stamp_of(path), self.known.get(str(path))
        if known is not None and known[0] == stamp:
            return known[1]
        found = self.read(path)
        if time.time_ns() - max(stamp[:2]) > SETTLED:
            self.known[str(path)] = stamp, found
        return found


def hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # a piece at a time


sha256_of = Kept(hashed)


def sums_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder, by name."""
    return {path.name: hashed(path) for path in sorted(folder.iterdir())}


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file holds what it held when its sum was taken. Raises OSError where it is there and cannot be read."""
    try:
        return sha256_of(path) == sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as JSON will give it back, with a checksum over all the rest of it."""
    content = json.loads(json.dumps(record, ensure_ascii=False))
    return {**content, "checksum": checksum_of(content)}


def is_sealed(record: Mapping[str, Any]) -> bool:
    """Whether a record is, value for value, the one that was sealed; how it is laid out does not count."""
    return record.get("checksum") == checksum_of(record)


def checksum_of(record: Mapping[str, Any]) -> str:
    content = {key: value for key, value in record.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
