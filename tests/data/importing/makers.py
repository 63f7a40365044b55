"""Files that people have, made on the spot: rows of sentences with metadata, folders of pictures, zip files of them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from metadash.data.dataset import Dataset
from metadash.front.importing import from_files
from metadash.workspace import Workspace

N_CLASSES, EACH = 9, 6


def songs(n_classes: int = N_CLASSES, each: int = EACH) -> pd.DataFrame:
    """A row a song: its text, the bird, and what is known of birds and of recordings."""
    rows = [
        {
            "text": f"song number {i} that bird {c} sang on some day",
            "species": f"bird {c}",
            "family": f"family {c // 2}",
            "wing length": 10.5 + 3 * c,
            "station": f"station {i % 3}",
        }
        for c in range(n_classes)
        for i in range(each)
    ]
    return pd.DataFrame(rows)


def picture(seed: int, size: tuple[int, int] = (12, 10), colour: bool = False) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (size[1], size[0], 3) if colour else (size[1], size[0]), dtype=np.uint8)


def save(path: Path, pixels: np.ndarray | Image.Image, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


def photos(folder: Path, n_classes: int = N_CLASSES, each: int = EACH, **how: Any) -> Path:
    """``class/file.png``; pixels of file i of class c by the seed 100 c + i."""
    for c in range(n_classes):
        for i in range(each):
            save(folder / f"bird {c}" / f"{i}.png", picture(100 * c + i, **how))
    return folder


def zipped(folder: Path, file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
    return file


def png(pixels: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def imported(workspace: Workspace, path: Path, **choices) -> Dataset:
    return from_files(path, workspace=workspace, progress=False, **choices)


def notes_of(data: Dataset) -> str:
    return " ".join(data.description.extra.get("notes", ()))
