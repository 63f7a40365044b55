"""What a person sees of one input: an image scaled down to its place on the page, a row of numbers as bars. It decides no number."""

import base64
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image as Pictures

SHARP = 2
"""Pixels of a picture for each pixel of its place: screens have up to so many."""
MOST_BARS = 48
GREY = "#8a8a94"
"""Reads on the light theme and on the dark one; an image in a page knows nothing of its theme."""


def picture_of(image: np.ndarray, side: int) -> str:
    """A [H, W] or [H, W, 3] uint8 image as a data URI for a place of ``side`` pixels: as it is (PNG) where it fits, else scaled down
    (JPEG, a tenth of the bytes: a message to the browser holds a hundred of them)."""
    from PIL import Image

    shown = Image.fromarray(np.ascontiguousarray(image))
    buffer = io.BytesIO()
    if max(shown.size) <= SHARP * side:
        shown.save(buffer, format="PNG")
        return as_uri(buffer.getvalue(), "png")
    shown.thumbnail((SHARP * side, SHARP * side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    shown.save(buffer, format="JPEG", quality=85, subsampling=0)
    return as_uri(buffer.getvalue(), "jpeg")


def bars_of(vector: np.ndarray, side: int) -> str:
    """[D] numbers as bars above and below their zero, as a data URI: what is alike looks alike. Of many numbers, means of neighbours."""
    heights = 48 * heights_of(vector)
    wide = 100 / len(heights)
    bars = "".join(
        f"<rect x='{place * wide:.1f}' y='{50 - max(height, 0):.1f}' width='{0.8 * wide:.1f}' height='{max(abs(height), 0.5):.1f}'/>"
        for place, height in enumerate(heights)
    )
    drawn = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100' width='{side}' height='{side}' fill='{GREY}'>{bars}</svg>"
    )
    return as_uri(drawn.encode(), "svg+xml")


def heights_of(vector: np.ndarray) -> np.ndarray:
    """Numbers [D] as at most ``MOST_BARS`` heights from −1 to 1: means of neighbours, over the greatest of them."""
    parts = np.array_split(np.asarray(vector, dtype=np.float64), min(len(vector), MOST_BARS))
    heights = np.array([part.mean() for part in parts])
    return heights / (np.abs(heights).max(initial=0) or 1)


def image_tile(image: np.ndarray, side: int) -> "Pictures.Image":
    """A [H, W] or [H, W, 3] uint8 image as a picture of at most ``side`` pixels a side, to stand on a sheet beside others of its shape."""
    from PIL import Image

    shown = Image.fromarray(np.ascontiguousarray(image))
    shown.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return shown


def bars_tile(vector: np.ndarray, side: int) -> "Pictures.Image":
    """``bars_of`` as a picture of ``side`` × ``side`` pixels on nothing."""
    from PIL import Image, ImageDraw

    shown = Image.new("RGBA", (side, side))
    pen, heights = ImageDraw.Draw(shown), heights_of(vector)
    wide = side / len(heights)
    for place, height in enumerate(heights):
        top, bottom = side / 2 - 0.48 * side * max(height, 0), side / 2 - 0.48 * side * min(height, 0)
        pen.rectangle((place * wide, top, (place + 0.8) * wide, max(bottom, top + 1)), fill=GREY)
    return shown


def sheet_of(tiles: Sequence["Pictures.Image"], lossless: bool) -> tuple[bytes, int, str]:
    """Pictures of one size side by side in rows: the file, how many stand in a row, and its kind. One picture costs a browser one request
    and one decoding, whatever stands on it."""
    from PIL import Image

    columns, (wide, high) = math.ceil(math.sqrt(len(tiles))), tiles[0].size
    whole = Image.new(tiles[0].mode, (columns * wide, math.ceil(len(tiles) / columns) * high))
    for place, tile in enumerate(tiles):
        whole.paste(tile, (place % columns * wide, place // columns * high))
    buffer = io.BytesIO()
    if lossless:
        whole.save(buffer, format="PNG")
        return buffer.getvalue(), columns, "png"
    whole.save(buffer, format="JPEG", quality=82)
    return buffer.getvalue(), columns, "jpeg"


def as_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
