"""An implementation that counts, complains or dies, for the tests of the protocol."""

import os
from typing import Any

import torch

from benchmarks.peering.tasks import Job, NotOffered, Workload

WORKLOADS = {name: Workload(name, "prototypes-train", 5, 1) for name in ("count", "not offered", "die", "twin")}


def build(workload: Workload, factor: float = 1.0) -> Job:
    print("Libraries print what they like.")
    if workload.name == "not offered":
        raise NotOffered("It has\nno such method.")
    weight = torch.ones(3, requires_grad=True)

    def step() -> Any:
        if workload.name == "die":
            os._exit(3)
        loss = factor * (2 * weight).sum()
        weight.grad = None
        loss.backward()
        return loss

    return Job(step, lambda: weight)
