"""What a workspace of prepared answers says of itself: by which code they were made, and when."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from metadash.checksums import is_sealed
from metadash.workspace import read_json

RECORD = "prepared.json"
ARCHIVE = Path(__file__).with_name("data") / "glyphs" / "prepared.tar.xz"
"""The answers on glyphs that come with the package; made by ``python -m benchmarks.demo``."""


@dataclass(frozen=True)
class Prepared:
    """``code`` is the version of the computing code (``metadash.runs.version``), ``version`` that of the package, ``made`` seconds since
    1970, ``archive`` the SHA-256 of what it was unpacked from, ``fingerprints`` those of its data sets by name, ``roads`` what there is to
    look at: a title, a page, and what is chosen on it."""

    code: str
    version: str
    made: float
    archive: str
    fingerprints: dict[str, str]
    roads: tuple[tuple[str, str, dict[str, str]], ...] = ()


def prepared(root: Path) -> Prepared | None:
    """None where the workspace holds no prepared answers, or what it says of them is not as it was written."""
    file = root / RECORD
    try:
        return _read(file, file.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4)
def _read(file: Path, modified: int) -> Prepared | None:
    record = read_json(file)
    if not isinstance(record, dict) or not is_sealed(record):
        return None
    try:
        return read(record)
    except TypeError:
        return None


def read(record: dict[str, Any]) -> Prepared:
    """Raises TypeError for a record of another version."""
    values = {name: value for name, value in record.items() if name != "checksum"}
    return Prepared(**values | {"roads": tuple(tuple(road) for road in values.get("roads", ()))})
