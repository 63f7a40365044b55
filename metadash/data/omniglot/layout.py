"""The two layouts in which Omniglot comes: the authors' zip files, or one Parquet table. Both give the same thing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd

from metadash.data.omniglot.archives import IMAGES, ZipLayout
from metadash.data.omniglot.parquet import DRAWINGS, ParquetLayout
from metadash.errors import BadInput


class Layout(Protocol):
    """One of the forms in which the drawings come: the authors' archives, or Parquet tables."""

    index: pd.DataFrame
    """One row a drawing: alphabet, character, drawer, part, drawing_id."""

    def pictures(self) -> Iterator[tuple[int, bytes]]:
        """(row of ``index``, PNG file), one at a time."""

    def measures(self) -> pd.DataFrame:
        """``strokes.KEY`` and ``strokes.MEASURES`` of the drawings that have strokes."""


def open_layout(source: Path) -> Layout:
    """Whichever layout the folder holds. Raises BadInput when it holds neither, or one in part."""
    if not source.is_dir():
        what = "is a file" if source.is_file() else "does not exist"
        raise BadInput(f"The source '{source.name}' {what}; name the folder that holds {', '.join(IMAGES)} or {DRAWINGS}.")
    if (source / DRAWINGS).is_file():
        return ParquetLayout(source)
    lacking = [name for name in IMAGES if not (source / name).is_file()]
    if len(lacking) == len(IMAGES):
        raise BadInput(f"The folder '{source.name}' holds neither {' and '.join(IMAGES)} nor {DRAWINGS}.")
    if lacking:
        raise BadInput(f"The folder '{source.name}' holds no {lacking[0]}; Omniglot needs both {' and '.join(IMAGES)}.")
    return ZipLayout(source)
