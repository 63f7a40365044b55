"""The embedded data set *glyphs*: printed characters of 40 open font families, so that MetaDash works with nothing downloaded.

`embedded/` holds images and tables (no font software, see its LICENCES.md); `builder/` makes them from pinned packages.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.errors import BadInput

EMBEDDED = Path(__file__).with_name("embedded")


def load_embedded(folder: Path = EMBEDDED) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Reads (classes, instances, images): one row a class, one row a drawing, uint8 [I, 28, 28] with image i for row i.

    Raises BadInput when a file is missing, damaged, or does not belong to the others.
    """
    classes, instances = _table(folder / "classes.parquet"), _table(folder / "instances.parquet")
    images = _images(folder / "images.npz")
    if images.shape != (len(instances), 28, 28) or images.dtype != np.uint8:
        raise BadInput(
            f"{folder / 'images.npz'} holds {images.dtype} images of shape {images.shape} where instances.parquet asks for "
            f"uint8 of shape {(len(instances), 28, 28)}; restore the folder from the repository."
        )
    if not instances["class_id"].isin(classes["class_id"]).all():
        raise BadInput(
            f"{folder / 'instances.parquet'} names classes that classes.parquet lacks; restore the folder from the repository."
        )
    return classes, instances, images


def _table(path: Path) -> pd.DataFrame:
    try:
        return pq.read_table(path, page_checksum_verification=True).to_pandas()
    except (OSError, pa.ArrowException) as problem:
        raise _unreadable(path, problem) from problem


def _images(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["images"]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
        raise _unreadable(path, problem) from problem


def _unreadable(path: Path, problem: Exception) -> BadInput:
    what = "is missing" if isinstance(problem, FileNotFoundError) else "is damaged"
    return BadInput(f"{path} {what}; restore it from the repository or build it again with metadash.data.glyphs.builder.")
