"""The table of mentions: a row for each span of each sentence, with what can be seen of it without reading it."""

import re
from collections.abc import Sequence

import pandas as pd

from metadash.data.dataset import Source
from metadash.data.inputs.mentions import marked
from metadash.data.tagged.spans import Span, Tagged

POSITION = Source(
    "position", "instance", ("position", "sentence_words"), "where in its sentence the mention stands, and how long that is"
)
SHAPE = Source("shape", "instance", ("shape", "mention_words"), "how the mention is written: capitals, digits, how many words")
SOURCES = (POSITION, SHAPE)
MOST_SHAPE = 12


def table_of_mentions(sentences: Sequence[Tagged]) -> pd.DataFrame:
    """Columns ``text`` (the sentence with the mention marked), ``type``, ``sentence`` (its number from 1), what is known of the sentence, and the
    columns of ``SOURCES``."""
    rows = []
    for number, one in enumerate(sentences, 1):
        words = len(one.text.split())
        rows += [
            {
                "text": marked(one.text, span.start, span.end),
                "type": span.kind,
                "sentence": number,
                **one.known,
                **seen(one.text, span, words),
            }
            for span in one.spans
        ]
    return pd.DataFrame(rows, columns=None if rows else ["text", "type", "sentence"])


def seen(text: str, span: Span, words: int) -> dict[str, float | int | str]:
    """``position``: 0 of a mention at the beginning of its sentence, near 1 of one at its end."""
    said = text[span.start : span.end]
    before = len(text[: span.start].split())
    return {
        "position": round(before / max(words, 1), 3),
        "sentence_words": words,
        "shape": shape_of(said),
        "mention_words": len(said.split()),
    }


def shape_of(text: str) -> str:
    """Capitals, small letters and digits in their order, runs as one.

    >>> shape_of("Boeing 747-400"), shape_of("the UN")
    ('Aa 9-9', 'a A')
    """
    kinds = "".join(
        "A" if c.isupper() else "a" if c.isalpha() else "9" if c.isdigit() else " " if c.isspace() else "-" for c in text
    )
    return re.sub(r"(.)\1+", r"\1", kinds)[:MOST_SHAPE]
