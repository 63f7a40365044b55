"""Files as a person has them before there is a data set: photos in a zip with a table about their classes, and sentences in one table."""

import csv
import io
import itertools
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from metadash.dashboard.bring import errand
from metadash.dashboard.bring.errand import Errand

COLOURS = {"red": (200, 60, 50), "green": (60, 160, 70), "blue": (60, 90, 200)}
PAINTS = {**COLOURS, "yellow": (230, 200, 40), "violet": (150, 70, 190), "brown": (120, 80, 40)}
"""Those of signs that nobody has imported too."""
SHAPES = ("circle", "square", "triangle", "cross")
SIGNS = [f"{colour} {shape}" for colour, shape in itertools.product(COLOURS, SHAPES)]
NEW_SIGNS = ("yellow circle", "violet square", "brown cross")
VERBS = ("pay", "send", "cancel", "find", "open", "close", "move", "book", "call")
"""Of nine intents, three a domain."""


def sign_photos(
    each: int = 8, height: int = 48, width: int = 64, more: Mapping[str, bytes] | None = None, seed: int = 0
) -> bytes:
    """A zip with a folder for each of twelve signs, ``each`` photos in it: a coloured shape somewhere on a wall. ``more``: further files."""
    generator = np.random.default_rng(seed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for sign in SIGNS:
            for i in range(each):
                archive.writestr(f"signs/{sign}/{i}.png", as_png(photo(sign, height, width, generator)))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def photo(sign: str, height: int, width: int, generator: np.random.Generator) -> Image.Image:
    """Walls are lighter or darker, signs larger or smaller and faded, so that one photo says less than eight."""
    colour, shape = sign.split()
    wall = generator.integers(110, 230) + generator.integers(-12, 12, (height, width, 3))
    image = Image.fromarray(wall.clip(0, 255).astype(np.uint8))
    side = int(generator.integers(height // 4, height // 2))
    x, y = int(generator.integers(2, width - side - 2)), int(generator.integers(2, height - side - 2))
    faded = generator.uniform(0.5, 1)
    fill = tuple(int(faded * part + (1 - faded) * 150) for part in PAINTS[colour])
    draw, third = ImageDraw.Draw(image), side // 3
    if shape == "circle":
        draw.ellipse([x, y, x + side, y + side], fill=fill)
    elif shape == "square":
        draw.rectangle([x, y, x + side, y + side], fill=fill)
    elif shape == "triangle":
        draw.polygon([(x + side // 2, y), (x, y + side), (x + side, y + side)], fill=fill)
    else:
        draw.rectangle([x + third, y, x + 2 * third, y + side], fill=fill)
        draw.rectangle([x, y + third, x + side, y + 2 * third], fill=fill)
    return image


def as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def new_photos(each: int, seed: int = 1) -> dict[str, bytes]:
    """Photos of three signs that ``sign_photos`` has none of, ``each`` of them, by the name of a file that says which sign it is."""
    generator = np.random.default_rng(seed)
    return {f"{sign} {i}.png": as_png(photo(sign, 48, 64, generator)) for sign in NEW_SIGNS for i in range(each)}


def in_folders(files: Mapping[str, bytes]) -> bytes:
    """A zip in which each of ``new_photos`` lies in a folder of its sign."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name.rpartition(' ')[0]}/{name}", content)
    return buffer.getvalue()


def sign_table() -> bytes:
    """What is known of each sign: two columns that are true of it, a date that is none, and a column that says nothing."""
    rows = [[sign, *sign.split(), f"20{10 + i}-05-01", "town"] for i, sign in enumerate(SIGNS)]
    rows[3][3] = "long ago"
    return as_csv(["sign", "colour", "shape", "first seen", "owner"], rows)


def sentence_table(each: int = 6, **more: str) -> bytes:
    """Nine intents in three domains; ``more`` are columns of one value."""
    rows = [
        [f"please {verb} number {i} for me", f"{verb}_it", f"domain {c % 3}", *more.values()]
        for c, verb in enumerate(VERBS)
        for i in range(each)
    ]
    return as_csv(["text", "intent", "domain", *more], rows)


def as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def ended(place: Path, seconds: float = 120) -> Errand:
    """An import in a process of its own, once it has ended."""
    for _ in range(int(seconds / 0.1)):
        found = errand.read(place)
        assert found is not None
        if not found.active:
            return found
        time.sleep(0.1)
    raise AssertionError(found)
