"""Typed metadata columns to one vector per source, fitted on meta-train classes only; what is missing stays missing."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, RobustScaler

from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata.columns import SEPARATOR, Kind, kind_of
from metadash.metadata.encoded import EncodedInstances, EncodedSource

MAX_WORDS = 512
"""The most frequent training words kept per text column: more than the few hundred training classes can teach a weight each."""

ROWS_AT_ONCE = 16_384
"""Instances made dense at a time: a hundred megabytes where they have a thousand features."""


def encode(table: pd.DataFrame, sources: tuple[Source, ...], train_rows: np.ndarray) -> list[EncodedSource]:
    """One EncodedSource per source over all rows of ``table``, every statistic and vocabulary taken from ``train_rows`` alone.

    Raises BadInput for a source without columns in the table, or with nothing but missing values in the training rows.
    """
    return [encode_source(table, source, train_rows) for source in sources]


def encode_source(table: pd.DataFrame, source: Source, train_rows: np.ndarray) -> EncodedSource:
    present, columns = fitted_columns(table, source, train_rows)
    vectors = np.concatenate([column.block(slice(None)) for column in columns], axis=1)
    vectors[~present] = 0
    return EncodedSource(source.name, vectors, present, features_of(columns))


def encode_instances(table: pd.DataFrame, sources: tuple[Source, ...], train_rows: np.ndarray) -> list[EncodedInstances]:
    """One EncodedInstances per source over all rows of ``table``, fitted on ``train_rows`` alone, as ``encode`` does for classes.

    Made piece by piece and kept sparse: most of what describes instances is one category among many.
    """
    return [encode_instance_source(table, source, train_rows) for source in sources]


def encode_instance_source(table: pd.DataFrame, source: Source, train_rows: np.ndarray) -> EncodedInstances:
    present, columns = fitted_columns(table, source, train_rows)
    pieces = []
    for start in range(0, len(table), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        pieces.append(csr_array(np.concatenate([column.block(rows) for column in columns], axis=1)))
    place = np.arange(len(table), dtype=np.int32)
    features, on_queries = features_of(columns), source.available_at_prediction
    return EncodedInstances(source.name, vstack(pieces, format="csr"), place, present, features, on_queries)


def fitted_columns(table: pd.DataFrame, source: Source, train_rows: np.ndarray) -> tuple[np.ndarray, list["Column"]]:
    """Which rows have anything of the source [R], and its columns, fitted; those that are empty in training are left out."""
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
    return present, [fitted(frame[name], kind, train_rows, present) for name, kind in kinds.items() if kind != "empty"]


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
    kind: Kind
    values: np.ndarray
    absent: np.ndarray
    transformer: BaseEstimator
    labels: list[str]
    marks_missing: bool

    def of(self, column: pd.Series) -> "Column":
        """The same fit over other rows."""
        absent = column.isna().to_numpy()
        if self.kind == "vector" and absent.all():
            return replace(self, values=np.zeros((len(column), self.values.shape[1])), absent=absent)
        return replace(self, values=prepared(column, self.kind)[0], absent=absent)

    def block(self, rows: slice) -> np.ndarray:
        """The features [R, d] float32 of some rows."""
        absent = self.absent[rows, None]
        block = self.transformer.transform(self.values[rows])
        block = np.asarray(block.todense() if hasattr(block, "todense") else block, dtype=np.float32)
        block = np.nan_to_num(np.where(absent, 0, block))
        return np.concatenate([block, absent], axis=1, dtype=np.float32) if self.marks_missing else block


def fitted(column: pd.Series, kind: Kind, train_rows: np.ndarray, present: np.ndarray) -> Column:
    """Fitted on the training rows that have a value. Where training rows miss this value but have others of the source
    (``present``), a feature says so; where all are missing, there is nothing to mark."""
    absent = column.isna().to_numpy()
    values, transformer, names = prepared(column, kind)
    transformer.fit(values[train_rows[~absent[train_rows]]])
    labels = [str(label) for label in (names or transformer.get_feature_names_out())]
    marks = bool((absent & present)[train_rows].any())
    return Column(str(column.name), kind, values, absent, transformer, labels + ["missing"] * marks, marks)


def prepared(column: pd.Series, kind: Kind) -> tuple[np.ndarray, BaseEstimator, list[str]]:
    """The column as scikit-learn wants it, the transformer that fits its kind, and the features' names where it does not know better."""
    if kind == "numeric":
        values = column.to_numpy(dtype=float, na_value=np.nan)[:, None]
        return values, make_pipeline(SignedLogWhereSkewed(), RobustScaler(), Clip()), ["value"]
    if kind == "boolean":
        return column.astype("boolean").to_numpy(dtype=float, na_value=0.0)[:, None], FunctionTransformer(), ["true"]
    if kind == "timestamp":
        return (
            time_features(column),
            make_pipeline(RobustScaler(), Clip()),
            ["years", "sine of the season", "cosine of the season"],
        )
    if kind == "vector":
        vectors = stacked(column)
        return vectors, RobustScaler(), [str(i) for i in range(vectors.shape[1])]
    text = column.astype("string").fillna("").to_numpy(dtype=object)
    if kind == "categorical":
        encoder = OneHotEncoder(
            handle_unknown="ignore", sparse_output=False, feature_name_combiner=lambda column, category: str(category)
        )
        return text[:, None], encoder, []
    if kind == "multilabel":
        return text, CountVectorizer(binary=True, tokenizer=labels_of, token_pattern=None, lowercase=False), []
    return text, CountVectorizer(binary=True, token_pattern=r"\S+", max_features=MAX_WORDS), []


def stacked(column: pd.Series) -> np.ndarray:
    """A column of vectors as [C, d]; NaN where one is missing. Raises BadInput when they have different lengths."""
    known = column.notna().to_numpy()
    lengths = sorted({len(vector) for vector in column[known]})
    if len(lengths) > 1:
        raise BadInput(f"The vectors in '{column.name}' have different lengths ({lengths[0]} and {lengths[-1]}); they need one.")
    vectors = np.full((len(column), lengths[0]), np.nan)
    vectors[known] = np.stack([np.asarray(vector, dtype=float) for vector in column[known]])
    return vectors


def labels_of(text: str) -> list[str]:
    return [label for label in text.split(SEPARATOR) if label]


def time_features(column: pd.Series) -> np.ndarray:
    """Age in years and the phase of the year: [C, 3]; NaN where the time is missing."""
    time = pd.to_datetime(column)
    years = (time - pd.Timestamp("2000-01-01", tz=getattr(time.dtype, "tz", None))).dt.total_seconds().to_numpy() / (
        365.25 * 86400
    )
    return np.stack([years, np.sin(2 * np.pi * years), np.cos(2 * np.pi * years)], axis=1)


class SignedLogWhereSkewed(TransformerMixin, BaseEstimator):
    """sign(x)·log(1+|x|) for columns whose training values have a skewness above 2, unchanged otherwise."""

    def fit(self, values: np.ndarray, y: None = None) -> "SignedLogWhereSkewed":
        centred = values - np.nanmean(values, axis=0)
        spread = np.nanstd(values, axis=0)
        self.skewed_ = np.nanmean(centred**3, axis=0) > 2 * np.maximum(spread, 1e-12) ** 3
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.skewed_, np.sign(values) * np.log1p(np.abs(values)), values)


class Clip(TransformerMixin, BaseEstimator):
    """Nothing beyond 5 scaled units: a test class may lie far outside what the training classes showed."""

    def fit(self, values: np.ndarray, y: None = None) -> "Clip":
        self.fitted_ = True
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, -5, 5)
