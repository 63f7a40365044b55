"""The authors' zip files, read in place and never unpacked: pictures as ``alphabet/character01/0709_01.png``, pen strokes as ``.txt``."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from metadash.data.omniglot.drawing import LARGEST
from metadash.data.omniglot.known import PARTS
from metadash.data.omniglot.strokes import measure, measures_of, read_strokes
from metadash.errors import BadInput

IMAGES = tuple(f"images_{part}.zip" for part in PARTS)
MEMBER = re.compile(r"(?:.*/)?(?P<alphabet>[^/]+)/character(?P<character>\d{1,3})/\d+_(?P<drawer>\d{1,3})\.(?:png|txt)")
LONGEST_STROKES = 1 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What ``zipfile`` raises for a file that is cut, altered, packed in an unknown way, or locked with a password."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Raises BadInput, whatever ``zipfile`` raises."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as problem:
        raise BadInput(f"{path.name} is damaged, or no zip file; delete it and get it again.") from problem


def drawings_in(archive: zipfile.ZipFile, path: Path, suffix: str) -> pd.DataFrame:
    """One row a drawing: alphabet, character, drawer, drawing_id and its member. Raises BadInput for a foreign or an empty archive."""
    rows = []
    for member in archive.namelist():
        name = PurePosixPath(member)
        if "__MACOSX" in name.parts or name.name.startswith(".") or name.suffix != suffix:
            continue
        found = MEMBER.fullmatch(member)
        if not found:
            raise BadInput(
                f"{path.name} holds '{name.name}' where alphabet/character/drawing{suffix} is expected; this is another archive."
            )
        identity = "/".join(name.with_suffix("").parts[-3:])
        rows.append((found["alphabet"], int(found["character"]), int(found["drawer"]), identity, member))
    if not rows:
        raise BadInput(f"{path.name} holds no {suffix} files; it is empty, or another archive.")
    return pd.DataFrame(rows, columns=["alphabet", "character", "drawer", "drawing_id", "member"]).sort_values("drawing_id")


def check_readable(path: Path) -> None:
    """Reads the whole archive once, comparing each member's checksum. Raises BadInput."""
    with opened(path) as archive:
        if archive.testzip() is not None:
            raise zipfile.BadZipFile


class ZipLayout:
    """A folder with images_background.zip and images_evaluation.zip, and any strokes_*.zip that there are."""

    def __init__(self, folder: Path):
        self.folder = folder
        frames = []
        for part, name in zip(PARTS, IMAGES, strict=True):
            with opened(folder / name) as archive:
                frames.append(drawings_in(archive, folder / name, ".png").assign(part=part, archive=name))
        self.index = pd.concat(frames, ignore_index=True)

    def pictures(self) -> Iterator[tuple[int, bytes]]:
        for name in IMAGES:
            with opened(self.folder / name) as archive:
                for row in np.flatnonzero(self.index["archive"] == name):
                    yield int(row), content_of(archive, str(self.index.at[row, "member"]), LARGEST)

    def measures(self) -> pd.DataFrame:
        """The small stroke archives overlap (Greek, Latin) and agree; the first to have a drawing counts."""
        found = {}
        for path in sorted(self.folder.glob("strokes_*.zip")):
            with opened(path) as archive:
                listed = drawings_in(archive, path, ".txt")[["alphabet", "character", "drawer", "drawing_id", "member"]]
                for alphabet, character, drawer, drawing_id, member in listed.to_numpy():
                    if (alphabet, character, drawer) not in found:
                        content = content_of(archive, member, LONGEST_STROKES)
                        found[alphabet, character, drawer] = measure(read_strokes(content, drawing_id))
        return measures_of(found)


def content_of(archive: zipfile.ZipFile, member: str, at_most: int) -> bytes:
    """One member, unless it would unpack to more than such a file can have."""
    if archive.getinfo(member).file_size > at_most:
        raise BadInput(f"'{PurePosixPath(member).name}' unpacks to more than {at_most} bytes; this is no archive of Omniglot.")
    return archive.read(member)
