import torch
from torch import nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.networks.mlp import MLP


def test_maps_vectors_of_any_shape_and_type_to_its_last_width():
    network = MLP(12)
    assert network.dim == 64
    assert network(torch.zeros(3, 12)).shape == (3, 64)
    assert network(torch.zeros(3, 3, 4)).shape == (3, 64)
    assert network(torch.ones(3, 12, dtype=torch.uint8)).shape == (3, 64)


def test_default_is_the_papers_network_without_convolutions():
    linear = [m for m in MLP(784).modules() if isinstance(m, nn.Linear)]
    assert [layer.out_features for layer in linear] == [256, 128, 64, 64]
    assert sum(isinstance(m, nn.BatchNorm1d) for m in MLP(784).modules()) == 4
    assert not any(isinstance(m, nn.BatchNorm1d) for m in MLP(784, batch_norm=False).modules())


def test_serves_a_metric_learner():
    learner = PrototypicalNetwork(MLP(6, (8, 5)), 5)
    assert learner(TaskBatch.by_class(torch.randn(2, 3, 2, 6), torch.randn(2, 4, 6))).shape == (2, 4, 3)
