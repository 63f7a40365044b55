"""The Parquet layout: one row a drawing with its PNG file and, where there are any, measures of its pen strokes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.data.omniglot.strokes import KEY, MEASURES
from metadash.errors import BadInput

DRAWINGS = "drawings.parquet"
ROWS = 1024
"""Rows held at a time."""


class ParquetLayout:
    """A folder with drawings.parquet."""

    def __init__(self, folder: Path):
        with self.reading(folder / DRAWINGS) as file:
            lacking = {"drawing_id", "split", "png", *KEY} - set(file.schema_arrow.names)
            if lacking:
                raise BadInput(f"{DRAWINGS} lacks the column {sorted(lacking)[0]}; it is not the table of Omniglot's drawings.")
            index = file.read(["drawing_id", "split", *KEY]).to_pandas()
            if not len(index):
                raise BadInput(f"{DRAWINGS} is empty; it should have one row a drawing.")
            if index.isna().any(axis=None):
                raise BadInput(f"{DRAWINGS} has an empty cell in row {int(index.isna().any(axis=1).argmax())}; get it again.")
            self.pen = [name for name in MEASURES if name in file.schema_arrow.names]
            self.index = index.rename(columns={"split": "part"}).astype({"character": "int64", "drawer": "int64"})
        self.path = folder / DRAWINGS

    @staticmethod
    @contextmanager
    def reading(path: Path) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                yield file
        except (OSError, ValueError, pa.ArrowException) as problem:
            if isinstance(problem, BadInput):
                raise
            raise BadInput(f"{path.name} is damaged; get it again.") from problem

    def pictures(self) -> Iterator[tuple[int, bytes]]:
        row = 0
        with self.reading(self.path) as file:
            for batch in file.iter_batches(ROWS, columns=["png"]):
                for picture in batch.column(0).cast(pa.binary()):
                    yield row, picture.as_py() or b""
                    row += 1

    def measures(self) -> pd.DataFrame:
        with self.reading(self.path) as file:
            frame = file.read([*KEY, *self.pen]).to_pandas().reindex(columns=[*KEY, *MEASURES])
        frame = frame[frame["n_strokes"].notna()].astype({name: "float64" for name in MEASURES})
        return frame.round({"path_length_px": 2, "pen_speed_px_s": 2, "straightness": 4}).astype(
            {"character": "int64", "drawer": "int64"}
        )
