"""A mention as counts, without a trained network: TF-IDF of its own words and letters and of the words beside it, which count as others than
the same words within it."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from metadash.data.inputs.mentions import mention_of
from metadash.networks.encoders import tfidf

BESIDE = 2
"""Words on each side."""


class Read:
    """A column of marked texts as the texts that are counted."""

    def __init__(self, inputs: tfidf.Texts):
        self.inputs = inputs

    def pieces(self) -> Iterator[list[str]]:
        for rows in self.inputs.pieces():
            yield [as_counted(row) for row in rows]


def fit(
    inputs: tfidf.Texts, train: np.ndarray, width: int, tick: Callable[[float], None]
) -> Callable[[Sequence[str]], np.ndarray]:
    """Of marked texts, [n, D] float32 of length 1, as ``metadash.networks.encoders.tfidf`` makes them. Raises BadInput as that does."""
    encode = tfidf.fit(Read(inputs), train, width, tick)
    return lambda rows: encode([as_counted(row) for row in rows])


def as_counted(row: str) -> str:
    """The span, and each word beside it with the letter of its side.

    >>> as_counted("the ruling [[United Russia]], a party of")
    'United Russia l_the l_ruling r_, r_a'
    """
    mention = mention_of(row)
    before = mention.text[: mention.start].split()[-BESIDE:]
    after = mention.text[mention.end :].split()[:BESIDE]
    return " ".join([mention.span, *(f"l_{word}" for word in before), *(f"r_{word}" for word in after)])
