"""A zip file of any of the other formats: unpacked into a folder of its own for as long as it is read, after its members were checked."""

import tempfile
from pathlib import Path
from types import ModuleType

from metadash.data.importing.formats import attributes, coco, croissant, frictionless, ours
from metadash.data.importing.formats.looking import HEAD
from metadash.data.importing.found import Found
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import Zip
from metadash.errors import BadInput
from metadash.workspace import reason

FORMATS: tuple[ModuleType, ...] = (ours, croissant, frictionless, coco, attributes)
MOST_BYTES = 8 * 2**30
"""What is unpacked here; of more, one does it oneself."""


def claims(path: Path) -> bool:
    """By the names of its members, and the beginnings of those that are JSON."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    place = Zip(path)
    folders: dict[str, set[str]] = {}
    for name in place.names:
        folder, _, bare = name.rpartition("/")
        folders.setdefault(folder, set()).add(bare)
    if any(frictionless.DOCUMENT in here or attributes.named(here) for here in folders.values()):
        return True
    documents = [
        name for name in place.names if name.lower().endswith((".json", ".jsonld")) and name.count("/") <= coco.MOST_DEEP
    ]
    return any(is_document(head_in(place, name)) for name in documents)


def is_document(head: str) -> bool:
    return croissant.is_croissant(head) or coco.is_coco(head) or ours.EXPORTED in head


def head_in(place: Zip, name: str) -> str:
    """The first letters of a member; nothing where it cannot be read."""
    try:
        with place.archive.open(name) as file:
            return file.read(HEAD).decode("utf-8-sig", errors="ignore")
    except Exception:  # whatever zipfile stumbles over: the reader of folders then says so
        return ""


def read(path: Path, asked: Asked) -> Found:
    place = Zip(path)
    size = sum(place.size(name) for name in place.names)
    if size > MOST_BYTES:
        raise BadInput(f"'{place.title}' unpacks to {size / 2**30:.1f} GB; unpack it, and import the folder.")
    held = tempfile.TemporaryDirectory(prefix="metadash-")  # gone with what was found, which reads from it
    root = Path(held.name) / path.stem
    try:
        for name in place.names:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(place.read(name))
    except (OSError, ValueError) as error:
        raise BadInput(f"'{place.title}' cannot be unpacked: {reason(error)}.") from error
    folders = [root, *sorted(one for one in root.rglob("*") if one.is_dir())]
    found = next((one.read(folder, asked) for folder in folders for one in FORMATS if one.claims(folder)), None)
    if found is None:
        raise BadInput(f"'{place.title}' holds what looks like a known format and is none; unpack it, and import what is inside.")
    found.held = held
    return found
