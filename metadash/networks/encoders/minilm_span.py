"""A mention as MiniLM-L6 reads it in its sentence: the mean of the token vectors of the pieces of words that its span covers."""

from collections.abc import Callable, Sequence

import numpy as np
from tokenizers import Tokenizer

from metadash.data.inputs.mentions import Mention, mention_of
from metadash.networks.encoders.minilm import MOST_TOKENS, batches, tokenizer, weights

REACH = MOST_TOKENS - 56
"""Pieces of words around the mention that are read of a longer text: fewer than the model takes, since a cut within a word makes pieces of its own."""


def fit(inputs: object, train: np.ndarray, width: int, tick: Callable[[float], None]) -> Callable[[Sequence[str]], np.ndarray]:
    """Of marked texts (``metadash.data.inputs.mentions``), [n, 384] float32 of length one. There is nothing to fit, and no width to choose."""
    return mention_vectors


def mention_vectors(rows: Sequence[str]) -> np.ndarray:
    """[n, 384] float32 of length one. A sentence is read once, however many of its mentions are asked for; of one that is longer than the model
    reads, what stands around the mention. Raises BadInput for weights that are not those known here."""
    whole = tokenizer()
    seen = [in_reach(mention_of(row), whole) for row in rows]
    texts = list(dict.fromkeys(one.text for one in seen))
    place = {text: number for number, text in enumerate(texts)}
    asked: dict[int, list[int]] = {}
    for row, one in enumerate(seen):
        asked.setdefault(place[one.text], []).append(row)
    found = np.zeros((len(seen), weights()["embeddings.LayerNorm.bias"].numel()), dtype=np.float32)
    for numbers, hidden, encodings in batches(texts):
        for number, vectors, encoding in zip(numbers, hidden.numpy(), encodings, strict=True):
            offsets = np.asarray(encoding.offsets, dtype=np.int64)
            for row in asked[number]:
                covered = touched(offsets, seen[row])
                found[row] = vectors[covered if covered.any() else slice(None)].mean(axis=0)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))


def touched(offsets: np.ndarray, mention: Mention) -> np.ndarray:
    """[T] which pieces stand for characters of the mention: one of which the span begins or ends in the middle counts, and those that
    mark the ends of a text stand for none."""
    return (offsets[:, 0] < mention.end) & (offsets[:, 1] > mention.start) & (offsets[:, 1] > offsets[:, 0])


def in_reach(mention: Mention, whole: Tokenizer) -> Mention:
    """The same, of a text that the model reads to its end; the mention stands in the middle of it, where the text goes on so far on both sides."""
    if len(mention.text) <= REACH:  # a piece has a character at least
        return mention
    encoding = whole.encode(mention.text, add_special_tokens=False)
    offsets = np.array([one for part in (encoding, *encoding.overflowing) for one in part.offsets], dtype=np.int64)
    if len(offsets) <= REACH:
        return mention
    inside = np.flatnonzero(touched(offsets, mention))
    if not len(inside):
        return mention
    middle = (inside[0] + min(inside[-1], inside[0] + REACH)) // 2
    first = int(np.clip(middle - REACH // 2, 0, len(offsets) - REACH))
    start, end = int(offsets[first, 0]), int(offsets[first + REACH - 1, 1])
    return Mention(mention.text[start:end], max(mention.start - start, 0), min(mention.end, end) - start)
