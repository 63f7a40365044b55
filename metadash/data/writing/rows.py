"""The rows of a table that is to be stored: in memory, or in a Parquet file that is read some rows at a time and never held whole."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

AT_ONCE = 2**17
"""Rows read together."""

NULLABLE = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}  # fmt: skip
"""Whole numbers and truths stay what they are where some are missing, so that a piece without holes reads as one with holes does."""


class ParquetRows:
    """A table that lies in a Parquet file, for those who make one that memory does not hold: it stands where a DataFrame of instances may.

    What it is asked for (``columns``, ``len``, whether it has a column, one column) is that of a DataFrame.
    """

    def __init__(self, path: Path):
        """Raises OSError or ValueError (Arrow's errors are those) where the file is no table."""
        self.path = path
        with pq.ParquetFile(path) as file:
            self.columns = pd.Index(file.schema_arrow.names)
            self.n_rows: int = file.metadata.num_rows

    def __len__(self) -> int:
        return self.n_rows

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> pd.Series:
        """One column, whole."""
        return as_frame(pq.read_table(self.path, columns=[name]))[name]

    def pieces(self) -> Iterator[pd.DataFrame]:
        """All rows in their order, some at a time. A row group is read whole (by itself: Arrow's batches read ahead), so let them be small."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, use_threads=False)
                yield from (as_frame(rows.slice(start, AT_ONCE)) for start in range(0, len(rows), AT_ONCE))


Rows = pd.DataFrame | ParquetRows


def as_frame(rows: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    return rows.to_pandas(types_mapper=NULLABLE.get, ignore_metadata=True)


def pieces_of(table: Rows) -> Iterator[pd.DataFrame]:
    """All rows in their order, some at a time."""
    if isinstance(table, pd.DataFrame):
        yield from (table.iloc[start : start + AT_ONCE] for start in range(0, len(table), AT_ONCE))
    else:
        yield from table.pieces()
