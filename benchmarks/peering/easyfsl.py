"""easyfsl: metric methods only. Its ``TaskSampler`` does not run with this torch; its methods do."""

import benchmarks.peering.vision  # noqa: F401, I001 -- before anything that imports torchvision
from easyfsl.methods import PrototypicalNetworks
from torch import Tensor

from benchmarks.peering.loops import prototype_job
from benchmarks.peering.tasks import Job, NotOffered, Textbook, Workload

TWIN = {"joint": False, "squared": False}


def build(workload: Workload) -> Job:
    if workload.kind.startswith("maml"):
        raise NotOffered("It has no MAML.")
    network = Textbook()
    method = PrototypicalNetworks(network)

    def logits(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
        method.process_support_set(support, labels)
        return method(query)

    return prototype_job(workload, method, network, logits)
