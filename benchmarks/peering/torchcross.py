"""torchcross: ProtoNet and second-order MAML on torchopt."""

import torch
import torchopt
from torch import Tensor
from torchcross.data.task import Task, TaskDescription, TaskTarget
from torchcross.models.maml import MAML
from torchcross.models.protonet import ProtoNet

from benchmarks.peering.loops import maml_job, prototype_job
from benchmarks.peering.tasks import INNER_LR, INNER_STEPS, WIDTH, Job, NotOffered, Textbook, Workload, same_weights

TWIN = {"joint": False}


def build(workload: Workload) -> Job:
    if workload.kind == "maml-1":
        raise NotOffered("It has no first-order MAML.")
    network = Textbook()
    classes = {c: str(c) for c in range(workload.n_way)}
    description = TaskDescription(TaskTarget.MULTICLASS_CLASSIFICATION, classes)
    if workload.kind != "maml-2":
        model = ProtoNet(network, WIDTH)
    else:
        model = MAML(
            network,
            WIDTH,
            description,
            lambda net: torchopt.MetaSGD(net, lr=INNER_LR),
            lambda params: torch.optim.SGD(params, lr=INNER_LR),
            INNER_STEPS,
        )
        same_weights(network.blocks, model.head)
        model.to(workload.device)

    def logits(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
        return model([Task((support, labels), (query, None), description)])[0]

    job = maml_job if workload.kind == "maml-2" else prototype_job
    return job(workload, model, network, logits)
