import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.reptile import Reptile
from tests.learners.adapting_tasks import Inputs, accuracy_after_training, context_of, make, vector_network

FORMS = pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])


def trained_by_hand(learner: Reptile, tasks: Inputs, b: int, order: list[torch.Tensor], inner: torch.optim.Optimizer, net):
    """φ of one task by torch's own optimiser on the pool of support and queries."""
    pool = torch.cat([tasks.support[b].flatten(0, 1), tasks.query[b]])
    labels = torch.cat([torch.arange(3).repeat_interleave(2), tasks.target[b]])
    for rows in order:
        inner.zero_grad()
        F.cross_entropy(net(pool[rows]), labels[rows]).backward()
        inner.step()
    return list(net.parameters())


def plain_network(learner: Reptile) -> nn.Sequential:
    """The learner's network (without norm) out of torch's own layers, at θ."""
    net = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3)).double()
    values = [*learner.backbone.parameters(), learner.head.weight, learner.head.bias]
    net.load_state_dict({name: value.detach().clone() for name, value in zip(net.state_dict(), values, strict=True)})
    return net


@FORMS
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_update_is_the_papers_definition_by_hand(vectorised, optimiser):
    options = {"inner_steps": 4, "inner_lr": 0.05, "inner_batch": 7, "inner_optimiser": optimiser, "vectorised": vectorised}
    learner, tasks, epsilon = make(Reptile, vector_network(norm=False), **options), Inputs(), 0.3
    torch.manual_seed(3)
    orders = [learner.minibatches(18, 18) for _ in range(2)]
    start, moves = [p.detach().clone() for p in learner.parameters()], []
    for b in range(2):
        net = plain_network(learner)
        make_inner = {
            "sgd": lambda p: torch.optim.SGD(p, 0.05),
            "adam": lambda p: torch.optim.Adam(p, 0.05, betas=(0.0, 0.999), eps=1e-8),
        }[optimiser]
        moves.append(trained_by_hand(learner, tasks, b, list(orders[b]), make_inner(net.parameters()), net))

    torch.manual_seed(3)
    outer = torch.optim.SGD(learner.parameters(), lr=epsilon)
    learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target)).backward()
    outer.step()
    names = [name for name, _ in learner.named_parameters()]
    by_name = dict(zip(names, zip(start, learner.parameters(), strict=True), strict=True))
    ordered = [by_name[n] for n in names if n.startswith("backbone")] + [by_name["head.weight"], by_name["head.bias"]]
    for (theta, found), *phis in zip(ordered, *moves, strict=True):
        expected = theta + epsilon * (torch.stack([p.detach() for p in phis]).mean(0) - theta)
        torch.testing.assert_close(found.detach(), expected, rtol=1e-9, atol=1e-11)


def test_meta_gradient_is_theta_minus_phi_by_name_and_leaves_no_graph():
    learner, tasks = make(Reptile), Inputs()
    difference, losses = learner.meta_gradient(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target))
    assert losses.shape == (2, 5) and set(difference) == set(learner.adapted())
    assert all(value.shape == (2, *learner.adapted()[name].shape) for name, value in difference.items())
    assert not any(value.requires_grad for value in difference.values())


def test_value_of_the_loss_is_that_of_the_last_minibatch():
    learner, tasks = make(Reptile), Inputs()
    torch.manual_seed(1)
    _, losses = learner.meta_gradient(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target))
    torch.manual_seed(1)
    assert learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target)).item() == pytest.approx(
        losses[:, -1].mean().item()
    )


def test_the_outer_gradient_reaches_the_anchors():
    learner, tasks = make(Reptile, source_dims=[4], dropout=0.0), Inputs()
    learner.loss(TaskBatch.by_class(tasks.support, tasks.query, context_of(), tasks.target)).backward()
    assert learner.anchors.anchor.weight.grad.abs().max() > 0


def test_minibatches_go_through_the_whole_pool_before_they_repeat():
    learner = make(Reptile, inner_steps=6, inner_batch=3)
    rows = learner.minibatches(9, 9)
    assert rows.shape == (6, 3)
    assert sorted(rows[:3].flatten().tolist()) == sorted(rows[3:].flatten().tolist()) == list(range(9))


def test_beats_chance_by_20_points():
    options = {"inner_lr": 0.05, "inner_optimiser": "sgd", "eval_steps": 20}
    accuracy, chance = accuracy_after_training(Reptile, steps=60, **options)
    assert accuracy > chance + 20
