"""The one list of readers: each says whether a path is its own, and what it finds there.

A reader is a module with ``claims(path) -> bool`` and ``read(path, asked) -> Found``; a new one is a file beside these and a line in
``READERS``, before those that take any folder or any file of tables.
"""

from pathlib import Path
from typing import Any, Protocol

from metadash.data.importing.formats import attributes, coco, croissant, frictionless, huggingface, ours
from metadash.data.importing.found import Found
from metadash.data.importing.readers import files, folders
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import stamp_of
from metadash.errors import BadInput


class Reader(Protocol):
    """A module that reads one way of laying out data."""

    def claims(self, path: Path) -> bool: ...

    def read(self, path: Path, asked: Asked) -> Found: ...


READERS: list[Reader] = [ours, croissant, frictionless, coco, attributes, huggingface, folders, files]
"""In the order in which they are asked; the first that claims a path reads it."""


def read(path: str | Path, **asked: Any) -> Found:
    """What lies at ``path``; ``asked`` as :class:`Asked`. Raises BadInput where nothing does, or nothing that any reader knows."""
    path = Path(path).expanduser()
    if not path.exists():
        raise BadInput(f"There is no file or folder '{path.name}'; name a folder, a zip file or a file of tables.")
    reader = next((one for one in READERS if one.claims(path)), None)
    if reader is None:
        raise BadInput(
            f"'{path.name}' is nothing that can be imported; that is a folder or zip file of pictures, or a table (CSV, Parquet, JSON, Excel, DuckDB)."
        )
    said = Asked(**asked)
    stamp = stamp_of(path, said.classes)
    found = reader.read(path, said)
    found.stamp = stamp
    return found
