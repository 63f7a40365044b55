"""Texts among the metadata, read by an encoder instead of word by word: the names and descriptions of classes as features.

What is read so are texts, and names: categories of which nearly every row has one of its own, and of which equality says nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ColumnKind, Prepared
from metadash.networks.encoders.registry import ENCODERS, check_there, fitted

TextEncoder = Literal["words", "tfidf", "minilm"]
"""How texts of metadata are read: word by word (each frequent word a feature), by TF-IDF of the meta-train rows, or by MiniLM-L6."""

WORDS = "words"
MOST = 32
"""Directions that are kept."""

Read = Callable[[ColumnKind, pd.Series], ColumnKind]
"""From a column's kind and its training rows to the kind that it is encoded as."""


def reader(name: TextEncoder) -> Read | None:
    """None where texts are read word by word, as their kind does it. Raises BadInput for an encoder that is not installed."""
    if name == WORDS:
        return None
    check_there(name)
    return lambda kind, column: cast(ColumnKind, Encoded(kind, name)) if kind.is_prose(column) else kind


def in_words(name: str) -> str:
    """``texts by MiniLM-L6``; empty where they are read word by word, or by what is no encoder."""
    return f"texts by {ENCODERS[name].title}" if name in ENCODERS else ""


@dataclass(frozen=True)
class Encoded:
    """A column of texts as the features of an encoder; in all else of its own ``kind``."""

    kind: ColumnKind
    encoder: TextEncoder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name)

    def prepared(self, column: pd.Series) -> Prepared:
        texts = column.astype("string").fillna("").str.replace("_", " ", regex=False).to_numpy(dtype=object)
        if self.encoder == "tfidf":
            return Prepared(texts, Counted(), [])
        return Prepared(kept_vectors(self.encoder, tuple(texts)), Directions(), [])


class Directions:
    """The few directions in which training rows differ most, each of a spread of one over them: some hundred classes can teach no more, and in
    hundreds of numbers a head finds whatever it looks for."""

    def fit(self, vectors: np.ndarray) -> "Directions":
        self.centre = vectors.mean(axis=0)
        _, values, directions = np.linalg.svd((vectors - self.centre).astype(np.float64), full_matrices=False)
        kept = np.flatnonzero(values > 1e-6 * max(values[0], 1e-12))[:MOST]
        self.axes = directions[kept].T * (np.sqrt(len(vectors)) / values[kept])
        return self

    def transform(self, vectors: np.ndarray) -> np.ndarray:
        return (vectors - self.centre) @ self.axes

    def get_feature_names_out(self) -> list[str]:
        return [f"direction {place + 1}" for place in range(self.axes.shape[1])]


class Counted(Directions):
    """The same of TF-IDF, which counts in training rows."""

    def fit(self, texts: np.ndarray) -> "Counted":
        self.encode = fitted("tfidf", Held(texts.tolist()), np.ones(len(texts), dtype=bool), 2 * MOST)
        super().fit(self.encode(texts.tolist()))
        return self

    def transform(self, texts: np.ndarray) -> np.ndarray:
        return super().transform(self.encode(texts.tolist()))


@dataclass(frozen=True)
class Held:
    """Texts in memory as an encoder reads a column of them."""

    texts: list[str]

    def pieces(self) -> Iterator[list[str]]:
        yield self.texts


@lru_cache(maxsize=2)
def kept_vectors(name: TextEncoder, texts: tuple[str, ...]) -> np.ndarray:
    """[n, d] of texts, each different one read once; kept, since every arm and every *what if* asks for the same."""
    different, places = np.unique(np.array(texts, dtype=object), return_inverse=True)
    encode = fitted(name, None, np.ones(0, dtype=bool), 0)
    return encode(different.tolist())[places]
