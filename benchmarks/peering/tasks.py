"""What every implementation is given: workloads, random data, and the field's Conv-4 with the same weights. Needs torch and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SIDE, WIDTH, N_QUERY = 28, 64, 15
META_BATCH, INNER_STEPS, INNER_LR, LEARNING_RATE = 4, 5, 0.01, 1e-3
GPU_META_BATCH = 32
POOL_CLASSES, POOL_PER_CLASS = 423, 20
"""The size of Omniglot's test half (Vinyals et al. 2016), of which the 10,000 evaluation episodes are drawn."""


class NotOffered(Exception):
    """The library has no such method; one sentence."""


@dataclass(frozen=True)
class Workload:
    """``kind`` prototypes-train, prototypes-forward, prototypes-episodes, maml-1 or maml-2; a step is ``tasks`` tasks."""

    name: str
    kind: str
    n_way: int
    n_shot: int
    tasks: int = 1
    device: str = "cpu"


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("prototypes-train-5w1s", "prototypes-train", 5, 1),
        Workload("prototypes-train-20w5s", "prototypes-train", 20, 5),
        Workload("prototypes-forward-5w1s", "prototypes-forward", 5, 1),
        Workload("prototypes-forward-20w5s", "prototypes-forward", 20, 5),
        Workload("prototypes-episodes-5w1s", "prototypes-episodes", 5, 1),
        Workload("maml-1", "maml-1", 5, 1, META_BATCH),
        Workload("maml-2", "maml-2", 5, 1, META_BATCH),
        Workload("maml-1-gpu", "maml-1", 5, 1, GPU_META_BATCH, "cuda"),
        Workload("maml-2-gpu", "maml-2", 5, 1, GPU_META_BATCH, "cuda"),
    )
}


@dataclass
class Job:
    """One workload under way: ``step`` does it once and gives the loss; ``weight`` is the second convolution's, for its gradient."""

    step: Callable[[], Any]
    weight: Callable[[], Tensor] | None = None


class Textbook(nn.Module):
    """Four blocks of [convolution, batch norm, ReLU, max-pool 2], as papers and libraries write it: images [B, 1, 28, 28] to [B, 64]."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for channels in (1, WIDTH, WIDTH, WIDTH):
            blocks += [nn.Conv2d(channels, WIDTH, 3, padding=1), nn.BatchNorm2d(WIDTH), nn.ReLU(), nn.MaxPool2d(2)]
        self.blocks = nn.Sequential(*blocks, nn.Flatten())

    def forward(self, images: Tensor, **_: Any) -> Tensor:
        return self.blocks(images)


class Head(nn.Linear):
    """A linear layer that takes, and ignores, what some libraries hand to every layer."""

    def forward(self, features: Tensor, **_: Any) -> Tensor:
        return super().forward(features)


def same_weights(blocks: nn.Module, head: nn.Linear | None = None) -> None:
    """Fill a Conv-4's blocks (the convolutions and norms of any order of pooling) and a head; biases of convolutions are zero."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for block in range(4):
            convolution, norm = blocks[4 * block], blocks[4 * block + 1]  # type: ignore[index]
            draw = torch.randn(convolution.weight.shape, generator=generator)
            convolution.weight.copy_(draw * (2 / draw[0].numel()) ** 0.5)
            if convolution.bias is not None:
                convolution.bias.zero_()
            norm.weight.copy_(1 + 0.2 * torch.randn(WIDTH, generator=generator))
            norm.bias.copy_(0.2 * torch.randn(WIDTH, generator=generator))
        if head is not None:
            head.weight.copy_(torch.randn(head.weight.shape, generator=generator) / WIDTH**0.5)
            head.bias.zero_()


@dataclass
class Batch:
    """``support`` [B, N, K, 28, 28], ``query`` [B, N·Q, 28, 28], targets [B, N·K] and [B, N·Q], on the workload's device."""

    support: Tensor
    query: Tensor
    support_target: Tensor
    target: Tensor


def batch_of(workload: Workload) -> Batch:
    generator = torch.Generator().manual_seed(1)
    n, k, b = workload.n_way, workload.n_shot, workload.tasks
    ways = torch.arange(n)
    found = Batch(
        torch.rand(b, n, k, SIDE, SIDE, generator=generator),
        torch.rand(b, n * N_QUERY, SIDE, SIDE, generator=generator),
        ways.repeat_interleave(k).repeat(b, 1),
        ways.repeat_interleave(N_QUERY).repeat(b, 1),
    )
    return Batch(*(value.to(workload.device) for value in vars(found).values()))


def image_pool() -> np.ndarray:
    """[classes · 20, 28, 28] uint8, sorted by class."""
    shape = (POOL_CLASSES * POOL_PER_CLASS, SIDE, SIDE)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def drawn_episodes(workload: Workload) -> Callable[[], tuple[Tensor, Tensor]]:
    """One random episode of the pool a call, the cheapest way there is: support [N·K, 1, 28, 28] and query [N·Q, 1, 28, 28]."""
    pool, generator = torch.from_numpy(image_pool()).float().div_(255)[:, None], np.random.default_rng(0)

    def draw() -> tuple[Tensor, Tensor]:
        classes = generator.choice(POOL_CLASSES, workload.n_way, replace=False)
        within = np.stack([generator.choice(POOL_PER_CLASS, workload.n_shot + N_QUERY, replace=False) for _ in classes])
        rows = torch.from_numpy(classes[:, None] * POOL_PER_CLASS + within)
        return pool[rows[:, : workload.n_shot].flatten()], pool[rows[:, workload.n_shot :].flatten()]

    return draw
