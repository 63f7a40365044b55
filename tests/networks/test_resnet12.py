import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.networks.resnet12 import ResidualBlock, ResNet12


def test_has_twelve_convolutions_besides_the_shortcuts_and_the_papers_size():
    network = ResNet12(in_channels=3)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert sum(c.kernel_size == (3, 3) for c in convolutions) == 12 and sum(c.kernel_size == (1, 1) for c in convolutions) == 4
    assert network.dim == 640
    assert 12.4e6 < sum(p.numel() for p in network.parameters()) < 12.5e6


@pytest.mark.parametrize("side", [28, 84])
def test_maps_images_to_its_last_width(side):
    network = ResNet12(width=0.125).eval()
    assert network.dim == 80
    assert network(torch.zeros(2, side, side, dtype=torch.uint8)).shape == (2, 80)
    assert ResNet12(in_channels=3, width=0.125)(torch.zeros(2, side, side, 3)).shape == (2, 80)


def test_pooling_before_the_last_activation_is_exact():
    torch.manual_seed(0)
    block, x = ResidualBlock(2, 3), torch.randn(4, 2, 6, 6)
    out = x
    for i in range(3):
        out = block.norms[i](block.convs[i](out))
        out = F.leaky_relu(out, 0.1) if i < 2 else out
    expected = F.max_pool2d(F.leaky_relu(out + block.shortcut(x), 0.1), 2)
    assert torch.equal(block(x), expected)


def test_serves_metric_and_adapting_learners():
    tasks = TaskBatch.by_class(torch.rand(2, 3, 1, 16, 16), torch.rand(2, 4, 16, 16))
    network = ResNet12(widths=(4, 6, 8, 10))
    assert PrototypicalNetwork(network, 10)(tasks).shape == (2, 4, 3)
    found = []
    for vectorised in (False, True):
        torch.manual_seed(0)
        learner = MAML(ResNet12(widths=(4, 6, 8, 10)), 10, 3, inner_steps=1, vectorised=vectorised)
        found.append(learner(tasks))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)
