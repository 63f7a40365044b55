"""Small tasks, networks and finite differences for the tests of learners that adapt by an inner loop."""

import copy
from collections.abc import Callable
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.inner_loop import InnerLoop
from metadash.learners.core.task_batch import TaskBatch
from metadash.networks.anchors import MetadataContext
from metadash.networks.mlp import MLP

N_WAY, SHOTS, QUERIES = 3, 2, 4


class Inputs:
    """B tasks of vectors [·, 5] (or images [·, 8, 8]) in float64 around class centres, with their targets [B, Q]."""

    def __init__(
        self, batch: int = 2, images: bool = False, shots: int = SHOTS, dtype: torch.dtype = torch.float64, seed: int = 0
    ):
        generator = torch.Generator().manual_seed(seed)
        shape = (8, 8) if images else (5,)
        centre = torch.randn(batch, N_WAY, 1, *shape, generator=generator, dtype=dtype)
        self.support = centre + 0.5 * torch.randn(batch, N_WAY, shots, *shape, generator=generator, dtype=dtype)
        query = centre + 0.5 * torch.randn(batch, N_WAY, QUERIES, *shape, generator=generator, dtype=dtype)
        self.query = query.flatten(1, 2)
        self.target = torch.arange(N_WAY).repeat_interleave(QUERIES).expand(batch, -1)

    def reordered(self, order: Tensor) -> "Inputs":
        """The tasks in another order, or some of them several times."""
        other = copy.copy(self)
        other.support, other.query, other.target = self.support[order], self.query[order], self.target[order]
        return other


def context_of(batch: int = 2, dtype: torch.dtype = torch.float64) -> MetadataContext:
    generator = torch.Generator().manual_seed(5)
    vectors = torch.randn(batch, N_WAY, 4, generator=generator, dtype=dtype)
    return MetadataContext([vectors], torch.ones(batch, N_WAY, 1, dtype=torch.bool))


def vector_network(norm: bool = True) -> nn.Module:
    return MLP(5, (6, 4), batch_norm=norm)


def image_network() -> nn.Module:
    """Two convolutions and all that Conv-4 has, small enough for finite differences: [B, 8, 8] to [B, 4]."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 8))]
    for channels in (1, 3):
        width = 3 if channels == 1 else 4
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.MaxPool2d(2), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def make(kind: Callable[..., nn.Module], network: nn.Module | None = None, seed: int = 0, **options) -> nn.Module:
    """A learner over a small network in float64, with every norm away from its plain start; what the seed gives is the same for all."""
    network = vector_network() if network is None else network
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.modules.batchnorm._BatchNorm):
            module.reset_parameters()
    learner = kind(network, 4, N_WAY, **options).double()
    torch.manual_seed(seed + 1)
    for module in learner.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.weight.data += 0.2 * torch.randn_like(module.weight)
            module.bias.data += 0.2 * torch.randn_like(module.bias)
            module.running_mean += 0.2 * torch.randn_like(module.running_mean)
            module.running_var *= 1.3
    return learner


def query_loss(learner: nn.Module, tasks: Inputs, context: MetadataContext | None = None) -> Tensor:
    return F.cross_entropy(learner(TaskBatch.by_class(tasks.support, tasks.query, context)).flatten(0, 1), tasks.target.flatten())


def meta_gradient(learner: nn.Module, loss: Callable[[], Tensor]) -> dict[str, Tensor]:
    learner.zero_grad()
    loss().backward()
    return {n: torch.zeros_like(p) if p.grad is None else p.grad.clone() for n, p in learner.named_parameters()}


def error_against_differences(
    learner: nn.Module, loss: Callable[[], Tensor], step: float = 1e-5, gradient: dict[str, Tensor] | None = None
) -> float:
    """The largest gap between the meta-gradient (or a given one) and central differences, along one random direction in each
    parameter, relative to its own norm.
    """
    gradient = meta_gradient(learner, loss) if gradient is None else gradient
    scale = torch.cat([g.flatten() for g in gradient.values()]).norm().item()
    generator = torch.Generator().manual_seed(9)
    worst = 0.0
    for name, parameter in learner.named_parameters():
        direction = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        direction /= direction.norm()
        start, values = parameter.data.clone(), []
        for sign in (1, -1):
            parameter.data = start + sign * step * direction
            with torch.no_grad():
                values.append(loss().item())
        parameter.data = start
        worst = max(worst, abs((values[0] - values[1]) / (2 * step) - (gradient[name] * direction).sum().item()))
    return worst / scale


@contextmanager
def constant_gradients(learner: AdaptingLearner, loss: Callable[[], Tensor]):
    """Within it the inner gradients are what they are now: then a first-order meta-gradient has finite differences too."""
    original, found = InnerLoop.gradient, []

    def recorded(self, *arguments, **options):
        found.append(original(self, *arguments, **options))
        return found[-1]

    InnerLoop.gradient = recorded
    with torch.no_grad():
        loss()
    calls = [0]

    def replayed(self, *arguments, **options):
        calls[0] += 1
        return found[(calls[0] - 1) % len(found)]

    InnerLoop.gradient = replayed
    try:
        yield
    finally:
        InnerLoop.gradient = original


def permuted_rows(learner: nn.Module, order: Tensor, rows: list[str]) -> nn.Module:
    """A copy of the learner with the rows of these parameters in another order."""
    other = copy.deepcopy(learner)
    for name, parameter in other.named_parameters():
        if name in rows:
            parameter.data = parameter.data[order]
    return other


def accuracy_after_training(
    kind: Callable[..., nn.Module], steps: int = 40, lr: float = 0.02, network: nn.Module | None = None, **options
) -> tuple[float, float]:
    """In %, on new easy 5-way 1-shot tasks, after a few dozen steps: (accuracy, chance)."""
    torch.manual_seed(0)
    learner = kind(network or MLP(8, (32, 16)), 16 if network is None else 8, 5, **options)
    optimiser = torch.optim.Adam(learner.parameters(), lr)
    generator = torch.Generator().manual_seed(1)

    def draw(batch: int) -> tuple[Tensor, Tensor, Tensor]:
        centre = 2 * torch.randn(batch, 5, 1, 8, generator=generator)
        x = centre + 0.5 * torch.randn(batch, 5, 11, 8, generator=generator)
        return x[:, :, :1], x[:, :, 1:].flatten(1, 2), torch.arange(5).repeat_interleave(10).expand(batch, -1)

    learner.train()
    for _ in range(steps):
        support, query, target = draw(8)
        if isinstance(learner, AdaptingLearner):
            loss = learner.loss(TaskBatch.by_class(support, query, None, target))
        else:
            loss = F.cross_entropy(learner(TaskBatch.by_class(support, query)).flatten(0, 1), target.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    learner.eval()
    support, query, target = draw(40)
    with torch.no_grad():
        right = (learner(TaskBatch.by_class(support, query)).argmax(-1) == target).float().mean().item()
    return 100 * right, 20.0
