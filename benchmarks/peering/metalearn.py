"""parallel-metalearn, by its ``sequential`` back end: on a CPU its ``vmap`` is the slower one.

Its translator of ordinary networks raises (``BatchNorm`` has no ``learn_gamma``); the network is used untranslated, which works.
"""

import torch
from metalearn.algorithms.MAML import MAML
from metalearn.algorithms.PrototypicalNet import PrototypicalNetwork
from metalearn.inner_optimizers import InnerSGD
from metalearn.loss import CategoricalAccuracy, CrossEntropy
from metalearn.model_wrappers import MAML_Model
from metalearn.model_wrappers.PrototypicalWrapper import ProtoNet_Model
from torch import Tensor
from torch.nn import functional as F

from benchmarks.peering.tasks import (
    INNER_LR,
    INNER_STEPS,
    LEARNING_RATE,
    WIDTH,
    Head,
    Job,
    Textbook,
    Workload,
    batch_of,
    drawn_episodes,
    same_weights,
)

TWIN = {"joint": False}


def build(workload: Workload) -> Job:
    network, head = Textbook(), Head(WIDTH, workload.n_way)
    same_weights(network.blocks, head)
    criterion = CrossEntropy(metric_fn=CategoricalAccuracy())
    common = {"backend": "sequential", "device": torch.device(workload.device)}
    data = batch_of(workload)
    given = (
        data.support.flatten(1, 2)[:, :, None],
        {"labels": data.support_target},
        data.query[:, :, None],
        {"labels": data.target},
    )
    if workload.kind.startswith("maml"):
        model = MAML_Model(backbone=network, head=head)
        inner = InnerSGD(initial_fast_weights=model.get_fast_weights(), inner_lr=INNER_LR, first_order=workload.kind == "maml-1")
        outer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
        method = MAML(
            model=model, optimizer=outer, inner_optimizer=inner, support_loss_fn=criterion, inner_steps=INNER_STEPS, **common
        )
    else:
        model = ProtoNet_Model(backbone=network, max_classes=workload.n_way, latent_dim=WIDTH)
        outer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
        method = PrototypicalNetwork(model=model, optimizer=outer, loss_fn=criterion, **common)
    draw = drawn_episodes(workload) if workload.kind == "prototypes-episodes" else None

    def train() -> Tensor:
        loss, _ = method.step(iter([given]), training=True)
        return torch.as_tensor(loss * workload.tasks)  # its MAML reports the mean divided once more by the number of tasks

    @torch.no_grad()
    def forward() -> Tensor:
        model.eval()
        support, labels, query = given[0][0], {"labels": data.support_target[0]}, given[2][0]
        return F.cross_entropy(model(query, support, labels, training=False)["logits"], data.target[0])

    @torch.no_grad()
    def episode() -> Tensor:
        model.eval()
        support, query = draw()  # type: ignore[misc]
        logits = model(query, support, {"labels": data.support_target[0]}, training=False)["logits"]
        return (logits.argmax(-1) == data.target[0]).float().mean()

    steps = {"prototypes-forward": forward, "prototypes-episodes": episode}
    trains = workload.kind not in steps
    return Job(steps.get(workload.kind, train), (lambda: model.backbone.blocks[4].weight) if trains else None)
