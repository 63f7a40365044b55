"""Pictures that lie in files, or in a column of bytes: looked at once, for what cannot be read and what they have in common, then read in
pieces, all of one size."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from metadash.data.importing.readers.pixels import Looked, Unreadable, decoded, fitted
from metadash.data.importing.readers.places import Place
from metadash.data.modality import LARGEST_SIDE
from metadash.workspace import reason

SIDES = (256, 224, 192, 160, 128, 96, 64)
MOST_BYTES = 4 * 2**30
"""Of all pictures together, beyond which they are stored smaller."""
AT_ONCE = 256
THREADS = 2
"""Pillow decodes outside of Python's lock."""


class Pictures:
    """``InputsFound`` of pictures. ``content(row)`` is a file's bytes (None: there is none), ``names`` says each in sentences. ``side``:
    the pixels of a side that are asked for; None: their own where all are alike and small enough, else as many as fit."""

    modality = "image"

    def __init__(self, content: Callable[[int], bytes | None], names: Sequence[str], side: int | None = None):
        self.content, self.names, self.side = content, names, side
        self.looked: list[Looked | str] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def look(self, row: int) -> Looked | str:
        try:
            content = self.content(row)
            if content is None:
                return "is not there"
            return decoded(content, LARGEST_SIDE)[1]
        except Unreadable as problem:
            return str(problem)
        except OSError as problem:
            return f"cannot be read: {reason(problem)}"
        except ValueError as problem:
            return f"cannot be read: {problem}"

    def look_at_all(self, heard: Callable[[float], None] = lambda share: None) -> list[Looked | str]:
        """What was seen of each, or why it cannot be read. ``heard`` is told how far it is, and may raise to end it."""
        if self.looked is None:
            found: list[Looked | str] = []
            with ThreadPoolExecutor(THREADS) as pool:
                for start in range(0, len(self), AT_ONCE):
                    heard(start / len(self))
                    found += pool.map(self.look, range(start, min(start + AT_ONCE, len(self))))
            self.looked = found
        return self.looked

    def faults(self) -> Mapping[int, str]:
        return {row: one for row, one in enumerate(self.look_at_all()) if isinstance(one, str)}

    @property
    def seen(self) -> list[Looked]:
        return [one for one in self.look_at_all() if isinstance(one, Looked)]

    @property
    def colour(self) -> bool:
        """Of the whole set: one picture with a colour in it makes all of them colour pictures."""
        return any(one.colour for one in self.seen)

    @property
    def stored_side(self) -> int | None:
        """Of the square that each is fitted into; None: all are stored as they are."""
        sizes = {one.size for one in self.seen}
        if self.side is not None:
            return None if sizes == {(self.side, self.side)} else self.side
        if len(sizes) == 1 and max(next(iter(sizes))) <= LARGEST_SIDE:
            return None
        longest = int(np.median([max(one.size) for one in self.seen])) if sizes else 1
        planes = 3 if self.colour else 1
        side = next((side for side in SIDES if len(self.seen) * side * side * planes <= MOST_BYTES), SIDES[-1])
        return min(side, longest)

    def notes(self) -> list[str]:
        """A sentence for each thing that storing them changes."""
        if not self.seen:
            return []
        found = []
        sizes = Counter(one.size for one in self.seen)
        side = self.stored_side
        if side is not None:
            widths, heights = zip(*sizes, strict=True)
            ranges = (
                f"{min(widths)} × {min(heights)} to {max(widths)} × {max(heights)}"
                if len(sizes) > 1
                else f"{widths[0]} × {heights[0]}"
            )
            found.append(
                f"The pictures have {ranges} pixels; each is scaled to fit {side} × {side}, the rest in the colour of its border "
                "(another side: --side)."
            )
        changed = Counter(what for one in self.seen for what in one.changed)
        say = {
            "animated": "animated: the first frame is taken",
            "16-bit": "deeper than a byte: 0 to 255 is what is kept",
            "transparent": "transparent: what is behind is white",
        }
        found += [
            f"{count} of the pictures {'is' if count == 1 else 'are'} {say[what]}." for what, count in sorted(changed.items())
        ]
        return found

    def pieces(self, rows: Sequence[int]) -> Iterator[Any]:
        side, colour = self.stored_side, self.colour

        def read(row: int) -> np.ndarray:
            try:
                content = self.content(int(row))
            except OSError as problem:
                raise Unreadable("is gone") from problem
            if content is None:
                raise Unreadable("is gone")
            return fitted(decoded(content, side or LARGEST_SIDE)[0], side, colour)

        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(rows), AT_ONCE):
                yield np.stack(list(pool.map(read, rows[start : start + AT_ONCE])))


def pictures_in(place: Place, names: Sequence[str | None], side: int | None = None) -> Pictures:
    """Those files of a place; None, or a name that it does not have, is a picture that is not there."""
    known = place.known

    def content(row: int) -> bytes | None:
        name = names[row]
        return place.read(name) if name is not None and name in known else None

    return Pictures(content, [str(name) for name in names], side)


def pictures_of(column: Sequence[bytes | None], side: int | None = None) -> Pictures:
    """A column of bytes."""
    return Pictures(lambda row: column[row], [f"the picture in row {row + 1}" for row in range(len(column))], side)
