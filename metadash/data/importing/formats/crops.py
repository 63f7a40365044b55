"""Parts of photos as pictures of their own: each row the box of one annotated object, cut out when it is needed."""

import io
import threading
from collections.abc import Sequence

from PIL import Image

from metadash.data.importing.readers.pictures import Pictures
from metadash.data.importing.readers.pixels import Unreadable, decoded
from metadash.data.importing.readers.places import Place

KEPT = 4
"""Photos that stay decoded: rows come photo by photo, from a few threads."""
Box = tuple[float, float, float, float]


class Photos:
    """Decoded photos of a place, the latest few kept."""

    def __init__(self, place: Place):
        self.place, self.lock = place, threading.Lock()
        self.kept: dict[str, Image.Image | Unreadable] = {}

    def photo(self, name: str) -> Image.Image:
        """Upright, L or RGB. Raises Unreadable."""
        with self.lock:
            found = self.kept.get(name)
            if found is None:
                try:
                    found = decoded(self.place.read(name))[0]
                except Unreadable as problem:
                    found = problem
                self.kept = {**dict(list(self.kept.items())[1 - KEPT :]), name: found}
        if isinstance(found, Unreadable):
            raise Unreadable(str(found))
        return found


def crops(
    place: Place,
    names: Sequence[str | None],
    boxes: Sequence[Box | None],
    sizes: Sequence[tuple[int, int] | None],
    called: Sequence[str],
    side: int | None = None,
) -> Pictures:
    """``boxes``: left, top, width, height in pixels of a photo of ``sizes`` (width, height; None: of the file); ``called`` says each."""
    photos, known = Photos(place), place.known

    def content(row: int) -> bytes | None:
        name, box = names[row], boxes[row]
        if name is None or name not in known:
            return None
        if box is None:
            raise Unreadable("has no box")
        return as_file(cut(photos.photo(name), box, sizes[row]))

    return Pictures(content, called, side)


def cut(photo: Image.Image, box: Box, size: tuple[int, int] | None) -> Image.Image:
    """The part within a box, in the pixels of the file where that is of another size than was said. Raises Unreadable for an empty one."""
    wide, high = size or photo.size
    if photo.size == (high, wide) and wide != high:
        raise Unreadable("is turned, and its boxes are not")
    across, down = photo.width / wide, photo.height / high
    left, top = max(0, round(box[0] * across)), max(0, round(box[1] * down))
    right, bottom = min(photo.width, round((box[0] + box[2]) * across)), min(photo.height, round((box[1] + box[3]) * down))
    if right <= left or bottom <= top:
        raise Unreadable("has an empty box")
    return photo.crop((left, top, right, bottom))


def as_file(picture: Image.Image) -> bytes:
    """Unpacked, so that it costs no time."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PPM")
    return buffer.getvalue()
