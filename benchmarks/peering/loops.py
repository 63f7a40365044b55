"""How any of the libraries is driven: a training step, a forward pass, evaluation episode by episode, given its own logits."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.peering.tasks import LEARNING_RATE, Job, Textbook, Workload, batch_of, drawn_episodes, same_weights

Logits = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Of the queries [N·Q, N], from support images, support labels and query images."""


def prototype_job(workload: Workload, module: nn.Module, network: Textbook, logits: Logits) -> Job:
    """``module`` is what the library trains; ``network`` the Conv-4 within."""
    same_weights(network.blocks)
    data = batch_of(workload)
    support, query = data.support[0].flatten(0, 1)[:, None], data.query[0][:, None]
    labels, target = data.support_target[0], data.target[0]
    optimiser = torch.optim.Adam(module.parameters(), LEARNING_RATE)
    draw = drawn_episodes(workload) if workload.kind == "prototypes-episodes" else None

    def train() -> Tensor:
        module.train()
        optimiser.zero_grad()
        loss = F.cross_entropy(logits(support, labels, query), target)
        loss.backward()
        optimiser.step()
        return loss

    @torch.no_grad()
    def forward() -> Tensor:
        module.eval()
        return F.cross_entropy(logits(support, labels, query), target)

    @torch.no_grad()
    def episode() -> Tensor:
        module.eval()
        shown, asked = draw()  # type: ignore[misc]
        return (logits(shown, labels, asked).argmax(-1) == target).float().mean()

    steps = {"prototypes-train": train, "prototypes-forward": forward, "prototypes-episodes": episode}
    return Job(steps[workload.kind], (lambda: network.blocks[4].weight) if workload.kind == "prototypes-train" else None)


def maml_job(workload: Workload, module: nn.Module, network: Textbook, task: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Job:
    """``task`` gives the logits of one task's queries after adaptation; the gradient of each task is taken at once."""
    data = batch_of(workload)
    support, query = data.support.flatten(1, 2)[:, :, None], data.query[:, :, None]
    optimiser = torch.optim.Adam(module.parameters(), LEARNING_RATE)

    def train() -> Tensor:
        module.train()
        optimiser.zero_grad()
        total = torch.zeros((), device=workload.device)
        for b in range(workload.tasks):
            logits = task(support[b], data.support_target[b], query[b])
            loss = F.cross_entropy(logits, data.target[b]) / workload.tasks
            loss.backward()
            total += loss.detach()
        optimiser.step()
        return total

    return Job(train, lambda: network.blocks[4].weight)
