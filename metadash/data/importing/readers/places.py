"""Where files lie: a folder, or a zip file that is read without being unpacked, so that nothing in it can be written anywhere."""

import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from metadash.errors import BadInput
from metadash.workspace import reason

MOST_FILES = 2_000_000
MOST_BYTES = 64 * 2**30
"""Of a zip file, unpacked."""
MOST_RATIO, RATIO_FROM = 200, 64 * 2**20
"""Unpacked size over packed size from which on a zip file that unpacks to more than ``RATIO_FROM`` is none that a person would make."""
SKIPPED = ("__MACOSX", "Thumbs.db", "desktop.ini")


def is_skipped(name: str) -> bool:
    """What systems leave in folders, and what is hidden."""
    return any(part.startswith(".") or part in SKIPPED for part in name.split("/"))


class Place(ABC):
    """Files by their names below one folder, with ``/`` between parts, sorted."""

    title: str
    """What it is called in sentences: the name of the folder or of the zip file."""
    names: list[str]

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The whole content. Raises OSError or ValueError, in the words of whoever noticed."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes."""

    @cached_property
    def known(self) -> set[str]:
        return set(self.names)

    @cached_property
    def top(self) -> str:
        """The one folder that holds everything, with a ``/`` behind it, or nothing: zip files are often made of a folder."""
        top = ""
        names = self.names
        while names and all("/" in name[len(top) :] for name in names):
            firsts = {name[len(top) :].split("/", 1)[0] for name in names}
            if len(firsts) > 1:
                break
            top += firsts.pop() + "/"
        return top


class Folder(Place):
    """A folder on disk; links out of it are not followed."""

    def __init__(self, path: Path):
        self.path, self.title = path, path.name or str(path)
        try:
            self.names = sorted(self.walk())
        except OSError as error:
            raise BadInput(f"The folder '{self.title}' cannot be read: {reason(error)}.") from error

    def walk(self) -> Iterator[str]:
        for folder, below, files in os.walk(self.path):
            below[:] = [name for name in below if not is_skipped(name)]
            inside = os.path.relpath(folder, self.path).replace(os.sep, "/")
            for name in files:
                if not is_skipped(name):
                    yield name if inside == "." else f"{inside}/{name}"

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size


class Zip(Place):
    """A zip file; read member by member. Raises BadInput for what is none, for names that lead out of it, and for one that unpacks to more
    than anybody packs."""

    def __init__(self, path: Path):
        self.path, self.title = path, path.name
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise BadInput(f"'{self.title}' cannot be read as a zip file ({error}); pack it again.") from error
        members = [member for member in self.archive.infolist() if not member.is_dir()]
        check_members(self.title, members)
        self.members = {member.filename: member for member in members if not is_skipped(member.filename)}
        self.names = sorted(self.members)

    def read(self, name: str) -> bytes:
        member = self.members[name]
        try:
            with self.archive.open(member) as file:
                content = file.read(member.file_size + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:  # RuntimeError: a password
            raise ValueError(str(error)) from error
        if len(content) != member.file_size:
            raise ValueError("is not as long as the zip file says")
        return content

    def size(self, name: str) -> int:
        return self.members[name].file_size


def check_members(title: str, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in (parts[0] if parts else ""):
            raise BadInput(
                f"The zip file '{title}' names a file outside of itself ('{member.filename[:60]}'); nothing of it was read: pack it again."
            )
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_FILES or unpacked > MOST_BYTES or unpacked > max(RATIO_FROM, MOST_RATIO * packed):
        raise BadInput(
            f"The zip file '{title}' would unpack to {unpacked / 2**30:.1f} GB in {len(members)} files, from {packed / 2**20:.1f} MB, as "
            "no data set does; nothing of it was read."
        )


class Together(Place):
    """A folder with zip files in it, as one place: tables that lie beside a zip of pictures are about them.

    What lies in the one zip file stands beside the folder's own files, without the folder that holds all of it; of several, what lies in
    each stands in a folder of its name. A file of the folder goes before one of the same name in a zip.
    """

    def __init__(self, folder: Folder, zips: list[str]):
        self.folder, self.path, self.title = folder, folder.path, folder.title
        self.inside: dict[str, tuple[Zip, str]] = {}
        for name in zips:
            archive = Zip(folder.path / name)
            under = "" if len(zips) == 1 else f"{Path(name).stem}/"
            self.inside |= {under + inner[len(archive.top) :]: (archive, inner) for inner in archive.names}
        beside = [name for name in folder.names if name not in zips]
        for name in beside:
            self.inside.pop(name, None)
        self.names = sorted([*beside, *self.inside])

    def read(self, name: str) -> bytes:
        archive, inner = self.inside.get(name, (None, name))
        return self.folder.read(name) if archive is None else archive.read(inner)

    def size(self, name: str) -> int:
        archive, inner = self.inside.get(name, (None, name))
        return self.folder.size(name) if archive is None else archive.size(inner)

    @cached_property
    def top(self) -> str:
        """None is taken off: that of each zip file is already."""
        return ""


def place_at(path: Path) -> Place:
    """A folder, with what lies in its zip files where it has some, or a zip file by its ending. Raises BadInput for what cannot be read."""
    if not path.is_dir():
        return Zip(path)
    folder = Folder(path)
    zips = [name for name in folder.names if name.lower().endswith(".zip")]
    return Together(folder, zips) if zips else folder


def stamp_of(*paths: Path | None) -> list[tuple[int, int, int]]:
    """Changes when a file does, or one comes or goes."""
    return [stamp_of_files(path.expanduser()) for path in paths if path is not None]


def stamp_of_files(path: Path) -> tuple[int, int, int]:
    """(how many, bytes of all, the latest change)."""
    found = (0, 0, 0)
    try:
        files = list(path.iterdir()) if path.is_dir() else [path]
        for one in files:
            if one.is_dir() and not one.is_symlink():
                about = stamp_of_files(one)
            else:
                stat = one.stat()
                about = (1, stat.st_size, stat.st_mtime_ns)
            found = (found[0] + about[0], found[1] + about[1], max(found[2], about[2]))
    except OSError:
        return (*found[:2], -1)
    return found
