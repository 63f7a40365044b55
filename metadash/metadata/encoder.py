"""Typed metadata columns to one vector per source, fitted on meta-train classes only; what is missing stays missing."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, RobustScaler

from metadash.data.dataset import Source
from metadash.errors import BadInput
from metadash.metadata.columns import SEPARATOR, Kind, kind_of
from metadash.metadata.encoded import EncodedSource

MAX_WORDS = 512
"""The most frequent training words kept per text column: more than the few hundred training classes can teach a weight each."""


def encode(table: pd.DataFrame, sources: tuple[Source, ...], train_rows: np.ndarray) -> list[EncodedSource]:
    """One EncodedSource per source over all rows of ``table``, every statistic and vocabulary taken from ``train_rows`` alone.

    Raises BadInput for a source without columns in the table, or with nothing but missing values in the training rows.
    """
    return [encode_source(table, source, train_rows) for source in sources]


def encode_source(table: pd.DataFrame, source: Source, train_rows: np.ndarray) -> EncodedSource:
    missing = [column for column in source.columns if column not in table]
    if missing:
        raise BadInput(f"The source '{source.name}' names the column '{missing[0]}', and the table has none of that name.")
    frame = pd.DataFrame({column: finite(table[column]) for column in source.columns})
    present = frame.notna().any(axis=1).to_numpy()
    if not present[train_rows].any():
        raise BadInput(
            f"The source '{source.name}' is empty for every meta-train class; there is nothing to learn from. Leave it out."
        )
    blocks, features = [], []
    for name in source.columns:
        kind = kind_of(frame[name].iloc[train_rows])
        if kind == "empty":
            continue
        block, labels = encode_column(frame[name], kind, train_rows, present)
        blocks.append(block)
        features += [f"{name}: {label}" for label in labels]
    vectors = np.concatenate(blocks, axis=1).astype(np.float32)
    vectors[~present] = 0
    return EncodedSource(source.name, vectors, present, tuple(features))


def finite(column: pd.Series) -> pd.Series:
    """Infinite numbers say no more than missing ones."""
    return column.where(column.abs() != np.inf) if pd.api.types.is_float_dtype(column) else column


def encode_column(column: pd.Series, kind: Kind, train_rows: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """[C, d] and the d labels, fitted on the training rows that have a value. The last feature says "missing" where training rows
    miss this value but have others of the source (``present``); where all are missing, there is nothing to mark."""
    absent = column.isna().to_numpy()
    values, transformer, names = prepared(column, kind)
    fitted = transformer.fit(values[train_rows[~absent[train_rows]]])
    block = fitted.transform(values)
    block = np.asarray(block.todense() if hasattr(block, "todense") else block, dtype=np.float32)
    block = np.nan_to_num(np.where(absent[:, None], 0, block))
    labels = [str(label) for label in (names or fitted.get_feature_names_out())]
    if (absent & present)[train_rows].any():
        block = np.concatenate([block, absent[:, None]], axis=1)
        labels.append("missing")
    return block, labels


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
