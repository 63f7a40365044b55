"""The one list of readers: each says whether a path is its own, and what it finds there.

A reader is a module with ``claims(path) -> bool`` and ``read(path, asked) -> Found``; a new one is a file beside these and a line in
``READERS``, before those that take any folder or any file of tables.
"""

import importlib
from pathlib import Path
from typing import Any, Protocol, cast

from metadash.data.importing.found import Found
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import stamp_of
from metadash.errors import BadInput


class Reader(Protocol):
    """A module that reads one way of laying out data."""

    def claims(self, path: Path) -> bool: ...

    def read(self, path: Path, asked: Asked) -> Found: ...


READERS = (
    "metadash.data.importing.formats.ours",
    "metadash.data.importing.formats.croissant",
    "metadash.data.importing.formats.frictionless",
    "metadash.data.importing.formats.coco",
    "metadash.data.importing.formats.attributes",
    "metadash.data.importing.formats.packed",
    "metadash.data.importing.formats.huggingface",
    "metadash.data.importing.formats.mentions",
    "metadash.data.importing.readers.folders",
    "metadash.data.importing.readers.files",
)
"""In the order in which they are asked; the first that claims a path reads it. By their names, since each imports from here."""


def readers() -> list[Reader]:
    return [cast(Reader, importlib.import_module(name)) for name in READERS]


def read(path: str | Path, **asked: Any) -> Found:
    """What lies at ``path``; ``asked`` as :class:`Asked`. Raises BadInput where nothing does, or nothing that any reader knows."""
    path = Path(path).expanduser()
    if not path.exists():
        raise BadInput(f"There is no file or folder '{path.name}'; name a folder, a zip file or a file of tables.")
    reader = next((one for one in readers() if one.claims(path)), None)
    if reader is None:
        raise BadInput(
            f"'{path.name}' is nothing that can be imported; that is a folder or zip file of pictures, or a table (CSV, Parquet, JSON, Excel, DuckDB)."
        )
    said = Asked(**asked)
    stamp = stamp_of(path, said.classes)
    found = reader.read(path, said)
    if said.table not in (None, found.table):
        raise BadInput(f"There is no choice of tables in '{path.name}', so that --table would be ignored; leave it out.")
    found.stamp = stamp
    return found
