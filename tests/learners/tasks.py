"""Small tasks of which the answer is known."""

import torch
from torch import Tensor, nn

from metadash.networks.anchors import AnchorNetwork, MetadataContext

SOURCE = 6
"""The width of the only metadata source."""


def gaussian_tasks(
    n_tasks: int = 8, ways: int = 5, shots: int = 5, queries: int = 10, dim: int = 16, apart: float = 1.5, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Support [B, N, K, D], query [B, N·queries, D] and target [B, N·queries]; ``apart`` against a spread of 1 within a class."""
    generator = torch.Generator().manual_seed(seed)
    centres = apart * torch.randn(n_tasks, ways, 1, dim, generator=generator)
    support = centres + torch.randn(n_tasks, ways, shots, dim, generator=generator)
    query = (centres + torch.randn(n_tasks, ways, queries, dim, generator=generator)).flatten(1, 2)
    return support, query, torch.arange(ways).repeat_interleave(queries).expand(n_tasks, -1)


def some_metadata(n_tasks: int = 8, ways: int = 5, seed: int = 0) -> MetadataContext:
    """One source of noise, present for every class."""
    vectors = torch.randn(n_tasks, ways, SOURCE, generator=torch.Generator().manual_seed(seed))
    return MetadataContext([vectors], torch.ones(n_tasks, ways, 1, dtype=torch.bool))


class TellingTasks:
    """Tasks whose metadata tell where a class lies: the source vector is a linear image of the class's centre."""

    def __init__(self, dim: int = 8, apart: float = 2.0, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)
        self.dim, self.apart = dim, apart
        self.map = torch.randn(dim, SOURCE, generator=self.generator) / dim**0.5

    def draw(
        self, n_tasks: int, ways: int = 5, shots: int = 1, queries: int = 10
    ) -> tuple[Tensor, Tensor, Tensor, MetadataContext]:
        code = self.apart * torch.randn(n_tasks, ways, SOURCE, generator=self.generator)
        centres = (code @ self.map.T)[:, :, None]
        support = centres + torch.randn(n_tasks, ways, shots, self.dim, generator=self.generator)
        query = (centres + torch.randn(n_tasks, ways, queries, self.dim, generator=self.generator)).flatten(1, 2)
        context = MetadataContext([code], torch.ones(n_tasks, ways, 1, dtype=torch.bool))
        return support, query, torch.arange(ways).repeat_interleave(queries).expand(n_tasks, -1), context


def set_strength(learner: nn.Module, value: float) -> None:
    """κ = ``value`` for every class, whatever its metadata; the anchors stay as they are."""
    anchors = learner.anchors
    assert isinstance(anchors, AnchorNetwork)
    anchors.strength.weight.data.zero_()
    # softplus underflows to an exact zero
    anchors.strength.bias.data.fill_(-1e4 if value == 0 else float(torch.tensor(value).double().expm1().log()))


def accuracy(logits: Tensor, target: Tensor) -> float:
    return float((logits.argmax(dim=-1) == target).double().mean() * 100)
