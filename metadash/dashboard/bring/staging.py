"""Files on their way in: a folder for each upload under the workspace, and paths on the server where a setting allows them."""

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from metadash import settings
from metadash.errors import BadInput
from metadash.workspace import Workspace, part_of, reason, refuse_change

KEPT = 24 * 3600.0
"""Seconds that an upload nobody has imported is kept."""
FILES = "files"
"""What was uploaded lies in here; beside it stands what becomes of it (``errand``)."""
LONGEST_NAME = 120
Listing = tuple[list[tuple[str, int]], int]
"""The first few files of an upload with their bytes, and how many there are."""


class Upload(Protocol):
    """A file as the browser sent it; of a folder, ``name`` is the path inside it."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def getbuffer(self) -> memoryview: ...


def place_of(workspace: Workspace) -> Path:
    return workspace.root / "uploads"


def new_place(workspace: Workspace) -> Path:
    """An empty folder that nobody else has."""
    place = place_of(workspace) / uuid.uuid4().hex[:12]
    refuse_change(place)
    try:
        (place / FILES).mkdir(parents=True)
    except OSError as error:
        raise unwritten(error) from error
    return place


def stage(workspace: Workspace, uploads: Sequence[Upload], place: Path | None = None) -> Path:
    """Write what was uploaded into a folder of its own, or to what lies in ``place``, where a file of the same name is replaced.

    Nothing new stays where that fails. Raises BadInput.
    """
    names = [safe_name(upload.name) for upload in uploads]
    if len(set(names)) < len(names):
        twice = next(name for place_, name in enumerate(names) if name in names[:place_])
        raise BadInput(f"Two of these files are named '{twice}'; rename one of them.")
    target = place or new_place(workspace)
    refuse_change(target)
    try:
        for name, upload in zip(names, uploads, strict=True):
            write(target / FILES / name, upload.getbuffer())
    except OSError as error:
        if place is None:
            discard(target)
        raise unwritten(error) from error
    return target


def write(path: Path, content: memoryview) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def safe_name(name: str) -> PurePosixPath:
    """The path of a file inside its folder. Raises BadInput for one that would lead out of it."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or any(part in ("..", "/") or "\0" in part or part.endswith(":") for part in parts):
        raise BadInput(f"A file is named '{name[:LONGEST_NAME]}', which leads out of its folder; rename it.")
    if any(len(part.encode()) > 255 for part in parts):
        raise BadInput(f"The file name that begins with '{name[:40]}' is too long; shorten it.")
    return PurePosixPath(*parts)


def root_of(place: Path) -> Path:
    """What of an upload there is to import: its one file, the one folder, or the folder that holds several."""
    found = place / FILES
    while len(inside := [one for one in found.iterdir() if not one.name.startswith(".")]) == 1:
        found = inside[0]
        if found.is_file():
            break
    return found


def called(place: Path) -> str:
    """The file or folder that an upload is mostly about: the one it is, else the zip file, else the largest table."""
    root = root_of(place)
    if root.name != FILES:
        return root.name
    files = sorted((path for path in root.iterdir() if path.is_file()), key=lambda path: -path.stat().st_size)
    return next((path.name for path in files if path.suffix.lower() == ".zip"), files[0].name if files else "data")


def listed(place: Path, most: int = 4) -> Listing:
    files = [path for path in sorted((place / FILES).rglob("*")) if path.is_file()]
    return [(path.relative_to(place / FILES).as_posix(), path.stat().st_size) for path in files[:most]], len(files)


def unwritten(error: OSError) -> BadInput:
    return BadInput(f"What was uploaded could not be kept: {reason(error)}. Free some space, then try again.")


def discard(place: Path) -> None:
    refuse_change(place)
    shutil.rmtree(place, ignore_errors=True)


def sweep(workspace: Workspace, older: float = KEPT) -> None:
    """Uploads that nobody came back to are removed."""
    if settings.read_only():
        return
    try:
        places = list(place_of(workspace).iterdir())
    except OSError:
        return
    for place in places:
        if time.time() - last_touched(place) > older:
            discard(place)


def last_touched(place: Path) -> float:
    """When anything in a place was last written; one that is gone was touched just now."""
    try:
        return max(path.stat().st_mtime for path in (place, *place.iterdir()))
    except OSError:
        return time.time()


# --- on the server -------------------------------------------------------------------------------------------------------------


def allowed_folders() -> list[Path]:
    """Those that a page may read from, by the setting; none unless somebody has set it."""
    named = settings.IMPORT_FROM.value.split(os.pathsep)
    return [Path(name).expanduser().resolve() for name in named if name.strip()]


def allowed_around(path: Path) -> Path:
    """The allowed folder that a path lies in; its own where the setting has changed since."""
    return next((folder for folder in allowed_folders() if path.is_relative_to(folder)), path.parent)


def on_the_server(typed: str) -> Path:
    """The path that somebody typed, inside an allowed folder once links are followed; a relative one is looked for in each of them.

    Raises BadInput for one that is outside, or not there: both in the same words, so that nobody learns what else is on the server.
    """
    folders = allowed_folders()
    try:
        for folder in folders:
            path = (folder / Path(typed.strip()).expanduser()).resolve()
            if path.is_relative_to(folder) and path.exists():
                return path
    except (OSError, ValueError, RuntimeError):
        pass
    raise BadInput(
        f"This path leads to nothing in the folders that {settings.IMPORT_FROM.name} allows; check it, or upload the files."
    )
