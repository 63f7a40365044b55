"""Typed metadata columns to one vector per source, fitted on meta-train classes only; what is missing stays missing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack
from sklearn.base import BaseEstimator

from metadash.data.columns.kind import ColumnKind
from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata.encoded import EncodedInstances, EncodedSource

ROWS_AT_ONCE = 16_384
"""Instances made dense at a time: a hundred megabytes where they have a thousand features."""


Read = Callable[[ColumnKind, pd.Series], ColumnKind]
"""From a column's kind and its training rows to the kind that it is to be encoded as, where that is not its own."""


def encode(
    table: pd.DataFrame, sources: tuple[Source, ...], train_rows: np.ndarray, read: Read | None = None
) -> list[EncodedSource]:
    """One EncodedSource per source over all rows of ``table``, every statistic and vocabulary taken from ``train_rows`` alone.

    ``read``: who encodes texts in another way than word by word (``metadash.networks.encoders.of_metadata``). Raises BadInput for a source without columns in the table, or with nothing but missing values in the training rows.
    """
    return [encode_source(table, source, train_rows, read) for source in sources]


def encode_source(table: pd.DataFrame, source: Source, train_rows: np.ndarray, read: Read | None = None) -> EncodedSource:
    present, columns = fitted_columns(table, source, train_rows, read)
    vectors = np.concatenate([column.block(slice(None)) for column in columns], axis=1)
    vectors[~present] = 0
    return EncodedSource(source.name, vectors, present, features_of(columns))


def encode_instances(
    table: pd.DataFrame, sources: tuple[Source, ...], train_rows: np.ndarray, read: Read | None = None
) -> list[EncodedInstances]:
    """One EncodedInstances per source over all rows of ``table``, fitted on ``train_rows`` alone, as ``encode`` does for classes.

    Made piece by piece and kept sparse: most of what describes instances is one category among many.
    """
    return [encode_instance_source(table, source, train_rows, read) for source in sources]


def encode_instance_source(
    table: pd.DataFrame, source: Source, train_rows: np.ndarray, read: Read | None = None
) -> EncodedInstances:
    present, columns = fitted_columns(table, source, train_rows, read)
    pieces = []
    for start in range(0, len(table), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        pieces.append(csr_array(np.concatenate([column.block(rows) for column in columns], axis=1)))
    place = np.arange(len(table), dtype=np.int32)
    features, on_queries = features_of(columns), source.available_at_prediction
    return EncodedInstances(source.name, vstack(pieces, format="csr"), place, present, features, on_queries)


def fitted_columns(
    table: pd.DataFrame, source: Source, train_rows: np.ndarray, read: Read | None = None
) -> tuple[np.ndarray, list["Column"]]:
    """Which rows have anything of the source [R], and its columns, fitted; those that are empty in training are left out.

    The kind of a column is told from its training rows too: what test rows hold must not turn a category into a text.
    """
    missing = [column for column in source.columns if column not in table]
    if missing:
        raise BadInput(f"The source '{source.name}' names the column '{missing[0]}', and the table has none of that name.")
    frame = pd.DataFrame({column: finite(table[column]) for column in source.columns})
    present = frame.notna().any(axis=1).to_numpy()
    if not present[train_rows].any():
        raise BadInput(
            f"The source '{source.name}' is empty for every meta-train {source.level}; there is nothing to learn from. Leave it out."
        )
    kinds = {name: kind_of(frame[name].iloc[train_rows]) for name in source.columns}
    if read is not None:
        kinds = {name: read(kind, frame[name].iloc[train_rows]) for name, kind in kinds.items()}
    told = {name: kind for name, kind in kinds.items() if kind.reads_as != "nothing"}
    columns = [fitted(frame[name], kind, train_rows, present) for name, kind in told.items()]
    if not any(column.labels for column in columns):
        raise BadInput(
            f"The source '{source.name}' has no label or word in any meta-train {source.level}; there is nothing to learn from. Leave it out."
        )
    return present, [column for column in columns if column.labels]


def encode_rows(table: pd.DataFrame, source: Source, columns: list["Column"]) -> tuple[np.ndarray, np.ndarray]:
    """Some more rows by what was fitted already: their features [R, d] float32, and which have anything of the source [R]."""
    frame = pd.DataFrame({column: finite(table[column]) for column in source.columns})
    blocks = [column.of(frame[column.name]).block(slice(None)) for column in columns]
    return np.concatenate(blocks, axis=1), frame.notna().any(axis=1).to_numpy()


def features_of(columns: list["Column"]) -> tuple[str, ...]:
    return tuple(f"{column.name}: {label}" for column in columns for label in column.labels)


def finite(column: pd.Series) -> pd.Series:
    """Infinite numbers say no more than missing ones."""
    return column.where(column.abs() != np.inf) if pd.api.types.is_float_dtype(column) else column


@dataclass(frozen=True)
class Column:
    """A column with what was fitted on its training rows. The last of its ``labels`` is "missing" where ``marks_missing``."""

    name: str
    kind: ColumnKind
    values: np.ndarray
    absent: np.ndarray
    transformer: BaseEstimator
    labels: list[str]
    marks_missing: bool

    def of(self, column: pd.Series) -> "Column":
        """The same fit over other rows."""
        absent = column.isna().to_numpy()
        if absent.all():  # nothing to tell a vector's length from; any value will do, since it does not count
            return replace(self, values=np.repeat(self.values[:1], len(column), axis=0), absent=absent)
        return replace(self, values=self.kind.prepared(column).values, absent=absent)

    def block(self, rows: slice) -> np.ndarray:
        """The features [R, d] float32 of some rows."""
        absent = self.absent[rows, None]
        block = self.transformer.transform(self.values[rows])
        block = np.asarray(block.todense() if hasattr(block, "todense") else block, dtype=np.float32)
        block = np.nan_to_num(np.where(absent, 0, block))
        return np.concatenate([block, absent], axis=1, dtype=np.float32) if self.marks_missing else block


def fitted(column: pd.Series, kind: ColumnKind, train_rows: np.ndarray, present: np.ndarray) -> Column:
    """Fitted on the training rows that have a value. Where training rows miss this value but have others of the source
    (``present``), a feature says so; where all are missing, there is nothing to mark."""
    absent = column.isna().to_numpy()
    values, transformer, names = kind.prepared(column)
    transformer.fit(values[train_rows[~absent[train_rows]]])
    labels = [str(label) for label in (names or transformer.get_feature_names_out())]
    marks = bool((absent & present)[train_rows].any())
    return Column(str(column.name), kind, values, absent, transformer, labels + ["missing"] * marks, marks)
