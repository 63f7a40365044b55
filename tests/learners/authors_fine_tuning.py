"""The fine-tuning of Chen et al. (2019) as their own code has it: a random head, 100 epochs of random batches of 4, torch's SGD.

https://github.com/wyharveychen/CloserLookFewShot, ``methods/baselinefinetune.py`` and ``distLinear`` of ``backbone.py``; written anew, and
for many tasks side by side, whose losses are summed so that none feels another.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

EPOCHS, MINIBATCH = 100, 4


class Linear:
    """nn.Linear(D, N) of each task: weight and bias uniform in ±1/√D; without a generator, zero."""

    def __init__(self, rows: Tensor, n_way: int, generator: torch.Generator | None):
        shape, bound = (len(rows), n_way, rows.shape[-1] + 1), rows.shape[-1] ** -0.5
        head = torch.zeros(shape) if generator is None else bound * (2 * torch.rand(shape, generator=generator) - 1)
        self.weight, self.bias = (part.clone().requires_grad_() for part in (head[..., :-1], head[..., -1]))
        self.parameters = [self.weight, self.bias]

    def scores(self, x: Tensor) -> Tensor:
        return x @ self.weight.mT + self.bias[:, None]


class DistLinear:
    """Their cosine layer for up to 200 classes: WeightNorm over nn.Linear(D, N, bias=False), inputs of length one, scale 2.

    Without a generator it starts at the class means, as long as a row of nn.Linear is on average.
    """

    def __init__(self, rows: Tensor, n_way: int, generator: torch.Generator | None):
        if generator is None:
            mean = F.normalize(rows, dim=-1).unflatten(1, (n_way, -1)).mean(2)
            self.direction = (F.normalize(mean, dim=-1) / 3**0.5).requires_grad_()
        else:
            self.direction = Linear(rows, n_way, generator).weight
        self.length = self.direction.detach().norm(dim=-1, keepdim=True).requires_grad_()
        self.parameters = [self.direction, self.length]

    def scores(self, x: Tensor) -> Tensor:
        weight = self.length * self.direction / self.direction.norm(dim=-1, keepdim=True)
        return 2 * (x / (x.norm(dim=-1, keepdim=True) + 1e-5)) @ weight.mT


HEADS = {"baseline": Linear, "baseline-plus": DistLinear}


def fine_tuned(name: str, support: Tensor, query: Tensor, seed: int = 0, random_start: bool = True) -> Tensor:
    """The logits [B, Q, N] of queries [B, Q, D] after fine-tuning on support [B, N, K, D]."""
    n_way, shots = support.shape[1:3]
    rows, labels = support.flatten(1, 2), torch.arange(n_way).repeat_interleave(shots)
    generator, task = torch.Generator().manual_seed(seed), torch.arange(len(rows))[:, None]
    head = HEADS[name](rows, n_way, generator if random_start else None)
    optimiser = torch.optim.SGD(head.parameters, lr=0.01, momentum=0.9, dampening=0.9, weight_decay=0.001)
    for _ in range(EPOCHS):
        order = torch.rand(len(rows), len(labels), generator=generator).argsort(dim=1)
        for chosen in order.split(MINIBATCH, dim=1):
            losses = F.cross_entropy(head.scores(rows[task, chosen]).mT, labels[chosen], reduction="none")
            optimiser.zero_grad()
            losses.mean(dim=1).sum().backward()
            optimiser.step()
    with torch.no_grad():
        return head.scores(query)
