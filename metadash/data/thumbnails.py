"""What a person sees of one input: an image scaled down to its place on the page, a row of numbers as bars. It decides no number."""

import base64
import io

import numpy as np

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
    parts = np.array_split(np.asarray(vector, dtype=np.float64), min(len(vector), MOST_BARS))
    heights = np.array([part.mean() for part in parts])
    heights = 48 * heights / (np.abs(heights).max(initial=0) or 1)
    wide = 100 / len(heights)
    bars = "".join(
        f"<rect x='{place * wide:.1f}' y='{50 - max(height, 0):.1f}' width='{0.8 * wide:.1f}' height='{max(abs(height), 0.5):.1f}'/>"
        for place, height in enumerate(heights)
    )
    drawn = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100' width='{side}' height='{side}' fill='{GREY}'>{bars}</svg>"
    )
    return as_uri(drawn.encode(), "svg+xml")


def as_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
