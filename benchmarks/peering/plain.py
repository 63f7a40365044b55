"""The ten lines of PyTorch that anybody would write: no library, and what every library is compared with."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from benchmarks.peering.loops import maml_job, prototype_job
from benchmarks.peering.tasks import INNER_LR, INNER_STEPS, WIDTH, Head, Job, Textbook, Workload, same_weights


def build(workload: Workload, joint: bool = True, squared: bool = True) -> Job:
    """``joint``: support and query in one forward pass. ``squared``: distances. Libraries differ in both."""
    if workload.kind.startswith("maml"):
        return adapting(workload)
    network = Textbook()

    def logits(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
        if joint:
            shown, asked = network(torch.cat([support, query])).split([len(support), len(query)])
        else:
            shown, asked = network(support), network(query)
        prototypes = shown.unflatten(0, (workload.n_way, workload.n_shot)).mean(1)
        distances = torch.cdist(asked, prototypes)
        return -distances.square() if squared else -distances

    return prototype_job(workload, network, network, logits)


def adapting(workload: Workload) -> Job:
    network, head = Textbook(), Head(WIDTH, workload.n_way)
    same_weights(network.blocks, head)
    module = nn.Sequential(network, head).to(workload.device)
    second_order = workload.kind == "maml-2"

    def task(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
        params = dict(module.named_parameters())
        for _ in range(INNER_STEPS):
            loss = F.cross_entropy(functional_call(module, params, (support,)), labels)
            gradients = torch.autograd.grad(loss, list(params.values()), create_graph=second_order)
            params = {name: p - INNER_LR * g for (name, p), g in zip(params.items(), gradients, strict=True)}
        return functional_call(module, params, (query,))

    return maml_job(workload, module, network, task)
