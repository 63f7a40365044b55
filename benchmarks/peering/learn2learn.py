"""learn2learn: ``algorithms.MAML`` and ``nn.PrototypicalClassifier``."""

import benchmarks.peering.vision  # noqa: F401, I001 -- before anything that imports torchvision
import learn2learn as l2l
from learn2learn.nn import PrototypicalClassifier
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.peering.loops import maml_job, prototype_job
from benchmarks.peering.tasks import INNER_LR, INNER_STEPS, WIDTH, Head, Job, Textbook, Workload, same_weights

TWIN = {"joint": False}


def build(workload: Workload) -> Job:
    network = Textbook()
    if not workload.kind.startswith("maml"):
        classifier = PrototypicalClassifier()

        def logits(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
            classifier.fit_(network(support), labels)
            return classifier(network(query))

        return prototype_job(workload, network, network, logits)
    head = Head(WIDTH, workload.n_way)
    same_weights(network.blocks, head)
    maml = l2l.algorithms.MAML(nn.Sequential(network, head), INNER_LR, first_order=workload.kind == "maml-1").to(workload.device)

    def task(support: Tensor, labels: Tensor, query: Tensor) -> Tensor:
        learner = maml.clone()
        for _ in range(INNER_STEPS):
            learner.adapt(F.cross_entropy(learner(support), labels))
        return learner(query)

    return maml_job(workload, maml, network, task)
