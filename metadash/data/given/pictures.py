"""Pictures of any size, as a data set's own: scaled, and in as many colours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from metadash.data.importing.readers.pixels import fitted, on_white
from metadash.errors import BadInput

if TYPE_CHECKING:
    from PIL import Image


def scaled_like(pictures: Any, shape: Sequence[int], name: str) -> tuple[Any, str]:
    """Pictures [n] of uint8, [H, W] or [H, W, 3 or 4] each, as ``shape`` says; and a sentence where some were changed, else empty.

    Whole and in their proportions, as pictures of a folder are imported. Raises BadInput for what is no picture.
    """
    if isinstance(pictures, np.ndarray) and pictures.shape[1:] == tuple(shape):
        return pictures, ""
    found, changed = [], 0
    for place, picture in enumerate(pictures):
        one = np.asarray(picture)
        if one.shape != tuple(shape):
            one = scaled(one, shape, f"Picture {place + 1} of the {name}")
            changed += 1
        found.append(one)
    high, wide = shape[:2]
    note = (
        f"{changed} of {len(found)} {name} were scaled to {high} × {wide} pixels{'' if len(shape) > 2 else ' in grey'}."
        if changed
        else ""
    )
    return (np.stack(found) if found else np.zeros((0, *shape), np.uint8)), note


def scaled(picture: np.ndarray, shape: Sequence[int], what: str) -> np.ndarray:
    """One picture. Raises BadInput where it is none."""
    from PIL import Image

    if picture.dtype != np.uint8:
        raise BadInput(f"{what} is of the type {picture.dtype}; pictures are bytes from 0 to 255 (uint8).")
    if not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (1, 3, 4))) or not picture.size:
        raise BadInput(
            f"{what} has the shape {picture.shape}; it must be (height, width), or (height, width, 3) with the colours last."
        )
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
    shown = Image.fromarray(np.ascontiguousarray(picture))
    return like(on_white(shown) if shown.mode == "RGBA" else shown, shape)


def like(picture: "Image.Image", shape: Sequence[int]) -> np.ndarray:
    """A picture in L or RGB, scaled as an import scales: into the square of the data set's pictures, the rest in the colour of its border; or
    where these are no squares, to their size."""
    high, wide = shape[:2]
    if high != wide and picture.size != (wide, high):
        picture = picture.resize((wide, high))
    return fitted(picture, high if high == wide else None, len(shape) > 2)
