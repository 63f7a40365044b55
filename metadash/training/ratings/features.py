"""What is known of items as numbers, fitted on items that meta-train users rated, and no wider than a user's ratings can make use of."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from metadash.data.dataset import Dataset, Source
from metadash.metadata.controls import control
from metadash.metadata.encoded import EncodedSource
from metadash.metadata.encoder import encode
from metadash.training.ratings.known import Known

Array = np.ndarray
WIDEST = 64
"""Features of one source; of more, the directions in which meta-train items differ most are kept."""


def item_features(dataset: Dataset, sources: Sequence[Source], known: Known) -> list[EncodedSource]:
    """Each source by itself, over all items."""
    rated = np.unique(known.ratings.item)
    return [narrowed(source, rated) for source in encode(dataset.classes, tuple(sources), rated)]


def narrowed(source: EncodedSource, rated: Array) -> EncodedSource:
    """At most ``WIDEST`` features, by singular value decomposition over the items that were rated."""
    rank = min(WIDEST, len(rated) - 1)
    if source.vectors.shape[1] <= WIDEST or rank < 1:
        return source
    whole = csr_array(source.vectors.astype(np.float64))  # words and tags are nearly all zeros, which centring would fill
    rank = min(rank, whole.shape[1] - 1)
    start = np.random.default_rng(0).normal(size=min(len(rated), whole.shape[1]))
    _, _, directions = svds(whole[rated], k=rank, v0=start)
    vectors = (whole @ directions.T).astype(np.float32)
    return EncodedSource(source.name, vectors, source.present, tuple(f"{source.name}: direction {d + 1}" for d in range(rank)))


def together(encoded: Sequence[EncodedSource], known: Known) -> Array:
    """[n_items, D] every source alike in weight, whatever its width; an item without a source lies at the mean of those that have it."""
    blocks = []
    for source in encoded:
        mean = source.vectors[source.present].mean(axis=0) if source.present.any() else 0.0
        filled = np.where(source.present[:, None], source.vectors, mean).astype(np.float64)
        blocks.append(known.scaled(filled) / np.sqrt(len(encoded)))
    return np.concatenate(blocks, axis=1)


def dealt_anew(encoded: list[EncodedSource], seed: Sequence[int]) -> list[EncodedSource]:
    """The same with rows dealt to other items, all sources by one permutation."""
    every = np.arange(len(encoded[0].vectors))
    return control(encoded, "shuffled", [every], np.random.default_rng(list(seed)))
