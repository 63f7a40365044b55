"""Draws characters: one scale and one baseline for a whole style, each character centred on its own ink.

Because size and baseline belong to the style, position carries meaning (a comma sits low, an apostrophe high) and a capital
is larger than its small letter. The scale is the largest at which every character of the style fits inside the image with
one blank pixel all around, so nothing is ever cut, and a capital H no taller than half the image, so that a font without
tall accents is not drawn twice as large as the others. It depends on the style and its characters only, never on other fonts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from metadash.data.glyphs.builder.fonts import FontStyle

SIDE = 28
MARGIN = 1
ROOM = SIDE - 2 * MARGIN
CAPITAL, CAPITAL_HEIGHT = ord("H"), SIDE // 2

STEP = 0.25  # font sizes are tried in quarters of a pixel
PROBE = 48.0  # size at which a style is first measured
NONCHARACTER = chr(0x10FFFF)  # no font may map it, so it shows the font's box for "missing"


@dataclass(frozen=True)
class Ink:
    """The lit pixels of one character: `pixels` uint8 [height, width], `top` their first row relative to the baseline."""

    pixels: np.ndarray
    top: int

    @property
    def bottom(self) -> int:
        return self.top + self.pixels.shape[0]


def open_font(style: FontStyle, size: float) -> ImageFont.FreeTypeFont:
    """The style at a size in pixels per em; basic layout, so that one code point is one glyph."""
    font = ImageFont.truetype(str(style.path), size, layout_engine=ImageFont.Layout.BASIC)
    if style.location:
        font.set_variation_by_axes(list(style.location.values()))
    return font


def ink(font: ImageFont.FreeTypeFont, char: str) -> Ink | None:
    """The character white on black, cropped to its ink; None for an empty glyph."""
    middle = round(3 * font.size)
    canvas = Image.new("L", (2 * middle, 2 * middle))
    ImageDraw.Draw(canvas).text((middle, middle), char, fill=255, font=font, anchor="ls")
    box = canvas.getbbox()
    if box is None:
        return None
    return Ink(np.asarray(canvas.crop(box)), box[1] - middle)


def inks(style: FontStyle, size: float, codepoints: Iterable[int]) -> dict[int, Ink]:
    """Ink of each character that has any and does not show the font's box for a missing glyph."""
    font = open_font(style, size)
    missing = ink(font, NONCHARACTER)
    drawn = {codepoint: ink(font, chr(codepoint)) for codepoint in codepoints}
    return {codepoint: found for codepoint, found in drawn.items() if found is not None and not _same(found, missing)}


def _same(a: Ink, b: Ink | None) -> bool:
    return b is not None and a.top == b.top and np.array_equal(a.pixels, b.pixels)


def _extent(drawn: Iterable[Ink]) -> tuple[int, int, int]:
    """Widest character, highest top and lowest bottom."""
    found = list(drawn)
    return max(one.pixels.shape[1] for one in found), min(one.top for one in found), max(one.bottom for one in found)


def fit(style: FontStyle, codepoints: Iterable[int]) -> tuple[float, dict[int, Ink]]:
    """The largest size at which every character fits into ROOM x ROOM on a common baseline, and the ink at that size."""
    codepoints = list(codepoints)
    probe = inks(style, PROBE, codepoints)
    width, top, bottom = _extent(probe.values())
    share = ROOM / max(width, bottom - top)
    if CAPITAL in probe:
        share = min(share, CAPITAL_HEIGHT / probe[CAPITAL].pixels.shape[0])
    # Hinting moves edges by up to a pixel, so begin above the proportional size and come down until it truly fits.
    size = np.ceil((PROBE * share + 1.5) / STEP) * STEP
    while True:
        drawn = inks(style, float(size), codepoints)
        width, top, bottom = _extent(drawn.values())
        capital = drawn[CAPITAL].pixels.shape[0] if CAPITAL in drawn else 0
        if width <= ROOM and bottom - top <= ROOM and capital <= CAPITAL_HEIGHT:
            return float(size), drawn
        size -= STEP


def draw(style: FontStyle, codepoints: Iterable[int]) -> dict[int, np.ndarray]:
    """Images uint8 [28, 28] by code point; characters without a drawing of their own are absent.

    The band from the highest top to the lowest bottom is centred vertically, each character's ink horizontally.
    """
    _, drawn = fit(style, codepoints)
    _, top, bottom = _extent(drawn.values())
    baseline = MARGIN + (ROOM - (bottom - top)) // 2 - top
    return {codepoint: _place(found, baseline) for codepoint, found in drawn.items()}


def _place(found: Ink, baseline: int) -> np.ndarray:
    image = np.zeros((SIDE, SIDE), np.uint8)
    height, width = found.pixels.shape
    row, column = baseline + found.top, (SIDE - width) // 2
    image[row : row + height, column : column + width] = found.pixels
    return image
