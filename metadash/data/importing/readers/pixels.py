"""One picture file, of any of the usual kinds, as bytes of grey or colour: upright, on white, of a size that a network can read."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".jfif", ".avif", ".jp2")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000", "MPO")
MOST_PIXELS = 2**28
"""A picture that would take more memory than this, times three bytes, is no photograph but an attack, or a map."""
MOST_BYTES = 2**29
DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""More than a byte a pixel."""


@dataclass(frozen=True)
class Looked:
    """What was seen of one picture: ``size`` (width, height) as it stands upright, whether any pixel has a ``colour``, and what of it was
    ``changed`` in reading (animated, deep, transparent …)."""

    size: tuple[int, int]
    colour: bool
    changed: tuple[str, ...]


class Unreadable(ValueError):
    """Why a picture cannot be read, in a few words."""


def opened(content: bytes) -> Image.Image:
    """The picture, not yet decoded. Raises Unreadable."""
    if not content:
        raise Unreadable("is empty")
    if len(content) > MOST_BYTES:
        raise Unreadable(f"has {len(content) / 2**20:.0f} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that are checked here
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise Unreadable("has too many pixels") from error
    except (OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError, OverflowError) as error:
        raise Unreadable("is no picture") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Unreadable(f"has {picture.width} × {picture.height} pixels")
    return picture


def decoded(content: bytes, most: int | None = None) -> tuple[Image.Image, Looked]:
    """The picture as L or RGB, and what was seen. ``most``: pixels of its longer side that are needed, so that a JPEG file of more can be
    decoded at a half, a quarter or an eighth. Raises Unreadable."""
    picture = opened(content)
    size, changed = picture.size, []
    try:
        if getattr(picture, "is_animated", False) and picture.format != "MPO":
            changed.append("animated")
        if most and picture.format == "JPEG" and picture.mode in ("L", "RGB"):
            picture.draft(None, (2 * most, 2 * most))
        turned = picture.getexif().get(0x0112, 1) if picture.format in ("JPEG", "TIFF", "WEBP", "PNG", "MPO") else 1
        picture.load()
        if turned != 1:
            upright = ImageOps.exif_transpose(picture)
            picture = upright if upright is not None else picture
            size = size[::-1] if turned >= 5 else size
        plain = as_bytes(picture, changed)
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        EOFError,
        IndexError,
        KeyError,
        OverflowError,
        MemoryError,
        Image.DecompressionBombError,
    ) as error:
        raise Unreadable("is damaged") from error
    return plain, Looked(size, plain.mode == "RGB" and has_colour(plain), tuple(changed))


def as_bytes(picture: Image.Image, changed: list[str]) -> Image.Image:
    """L or RGB: what is deeper than a byte is scaled by the range of its type, what is transparent stands on white."""
    if picture.mode in ("L", "RGB"):
        if "transparency" in picture.info:
            changed.append("transparent")
            return on_white(picture.convert("RGBA"))
        return picture
    if picture.mode in DEEP:
        changed.append("16-bit")
        deep = np.asarray(picture).astype(np.float64)
        deep = np.nan_to_num(deep, nan=0.0, posinf=0.0, neginf=0.0)
        top = (
            1.0
            if picture.mode == "F" and deep.max(initial=0) <= 1
            else 255.0
            if deep.max(initial=0) <= 255 and picture.mode in ("I", "F")
            else 65535.0
        )
        return Image.fromarray((deep.clip(0, top) * (255 / top)).round().astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or (picture.mode == "P" and "transparency" in picture.info):
        if picture.mode in ("La", "RGBa"):
            picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
        rgba = picture.convert("RGBA")
        if int(np.asarray(rgba)[..., 3].min()) < 255:
            changed.append("transparent")
            return on_white(rgba)
        return rgba.convert("RGB")
    if picture.mode == "1":
        return picture.convert("L")
    return picture.convert("RGB")  # P, CMYK, YCbCr, LAB, HSV


def on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, picture).convert("RGB")


def has_colour(picture: Image.Image) -> bool:
    if picture.width * picture.height > 2**18:
        picture = picture.reduce(max(1, max(picture.size) // 256))
    pixels = np.asarray(picture)
    return bool((pixels[..., 0] != pixels[..., 1]).any() or (pixels[..., 1] != pixels[..., 2]).any())


def fitted(picture: Image.Image, side: int | None, colour: bool) -> np.ndarray:
    """[H, W] or [H, W, 3] uint8. ``side``: None leaves its own size; else it is scaled until it fits into the square, and what is left of
    the square has the colour of its border."""
    picture = picture.convert("RGB" if colour else "L")
    if side is None or picture.size == (side, side):
        return np.asarray(picture)
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = np.asarray(picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC))
    if size == (side, side):
        return small
    whole = np.empty((side, side, *small.shape[2:]), dtype=np.uint8)
    whole[:] = border(small)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = small
    return whole


def border(pixels: np.ndarray) -> np.ndarray:
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return np.median(edges, axis=0).astype(np.uint8)
