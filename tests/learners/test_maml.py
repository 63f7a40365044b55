import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import ANNEALED, MAML, step_weights
from tests.learners.adapting_tasks import (
    N_WAY,
    Inputs,
    accuracy_after_training,
    error_against_differences,
    make,
    meta_gradient,
    query_loss,
)

FORMS = pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])


class ByHand(nn.Module):
    """The network of ``make(MAML)`` out of torch's own layers, without any of ours."""

    def __init__(self, learner: MAML):
        super().__init__()
        norm = lambda width: nn.BatchNorm1d(width, track_running_stats=False)  # noqa: E731
        layers = [nn.Linear(5, 6, bias=False), norm(6), nn.ReLU(), nn.Linear(6, 4, bias=False), norm(4), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Linear(4, N_WAY)).double()
        own = [*learner.backbone.parameters(), learner.head.weight, learner.head.bias]
        self.load_state_dict({name: value.detach() for name, value in zip(self.state_dict(), own, strict=True)})

    def forward(self, x):
        return self.net(x)


@FORMS
def test_one_step_is_the_papers_equation(vectorised):
    learner, tasks = make(MAML, inner_steps=1, inner_lr=0.3, vectorised=vectorised), Inputs(1)
    net = ByHand(learner)
    support, target = tasks.support[0].flatten(0, 1), torch.arange(N_WAY).repeat_interleave(2)
    F.cross_entropy(net(support), target).backward()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter -= 0.3 * parameter.grad
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support, tasks.query))[0], net(tasks.query[0]), rtol=1e-9, atol=1e-9
    )


@FORMS
def test_first_order_differs_from_second_by_exactly_the_hessian_term(vectorised):
    alpha, tasks = 0.3, Inputs(1)
    gradients = []
    for first_order in (True, False):
        learner = make(MAML, inner_steps=1, inner_lr=alpha, first_order=first_order, vectorised=vectorised)
        gradient = meta_gradient(learner, lambda: query_loss(learner, tasks))  # noqa: B023
        gradients.append([gradient[n] for n, _ in learner.backbone.named_parameters(prefix="backbone")])
        gradients[-1] += [gradient["head.weight"], gradient["head.bias"]]
    first, second = gradients

    net, target = ByHand(learner), torch.arange(N_WAY).repeat_interleave(2)
    names = [name for name, _ in net.named_parameters()]

    def support_loss(*values):
        given = dict(zip(names, values, strict=True))
        return F.cross_entropy(functional_call(net, given, (tasks.support[0].flatten(0, 1),)), target)

    _, product = torch.autograd.functional.hvp(support_loss, tuple(net.parameters()), tuple(first))
    for one, two, hessian in zip(first, second, product, strict=True):
        torch.testing.assert_close(two - one, -alpha * hessian, rtol=1e-8, atol=1e-10)
    assert max(h.abs().max() for h in product) > 1e-3


def test_no_inner_step_leaves_an_ordinary_classifier():
    learner, tasks = make(MAML, inner_steps=0), Inputs(1)
    torch.testing.assert_close(learner(TaskBatch.by_class(tasks.support, tasks.query))[0], ByHand(learner)(tasks.query[0]))


@FORMS
@pytest.mark.parametrize("batch_norm", ["batch", "support", "running"])
@pytest.mark.parametrize("evaluating", [False, True], ids=["training", "evaluation"])
def test_maml_plus_plus_has_the_meta_gradient_of_finite_differences(vectorised, batch_norm, evaluating):
    options = {"learned_rates": True, "per_step_norm": True, "multi_step_loss": True}
    learner = make(MAML, inner_steps=2, inner_lr=0.3, batch_norm=batch_norm, vectorised=vectorised, **options)
    learner.train(not evaluating)
    tasks = Inputs()
    assert (
        error_against_differences(
            learner, lambda: learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target), progress=0.05)
        )
        < 1e-6
    )


def test_learned_rates_and_per_step_norm_at_their_start_are_maml():
    tasks = Inputs()
    plain, options = make(MAML), make(MAML, learned_rates=True)
    torch.testing.assert_close(
        options(TaskBatch.by_class(tasks.support, tasks.query)),
        plain(TaskBatch.by_class(tasks.support, tasks.query)),
        rtol=1e-6,
        atol=1e-8,
    )


def test_each_step_has_its_own_rate_and_batch_norm():
    learner, tasks = make(MAML, inner_steps=2, learned_rates=True, per_step_norm=True), Inputs()
    gradient = meta_gradient(learner, lambda: query_loss(learner, tasks))
    assert gradient["rates.0"].shape == (2,) and gradient["rates.0"].abs().min() > 0
    assert gradient["backbone.blocks.1.bias"].shape == (3, 6)
    learner.eval().eval_steps = 4  # further steps use the last row
    assert learner(TaskBatch.by_class(tasks.support, tasks.query)).isfinite().all()


def test_per_step_running_statistics_differ_by_step():
    learner, tasks = make(MAML, inner_steps=2, inner_lr=1.0, per_step_norm=True, batch_norm="running").train(), Inputs()
    learner(TaskBatch.by_class(tasks.support, tasks.query))
    mean = learner.backbone.blocks[4].running_mean
    assert mean.shape == (3, 4) and not torch.allclose(mean[0], mean[1], atol=1e-4)


def test_multi_step_loss_is_the_weighted_mean_of_the_losses_after_each_step():
    learner, tasks = make(MAML, inner_steps=3, multi_step_loss=True), Inputs()
    logits = learner.adapt(TaskBatch.by_class(tasks.support, tasks.query), every_step=True).logits
    losses = [F.cross_entropy(logits[:, s].flatten(0, 1), tasks.target.flatten()).item() for s in (1, 2, 3)]
    found = [
        learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target), progress=p).item() for p in (0.0, 1.0)
    ]
    assert found[0] == pytest.approx(sum(losses) / 3)
    assert found[1] == pytest.approx(0.01 * losses[0] + 0.01 * losses[1] + 0.98 * losses[2])


def test_step_weights_sum_to_one_and_move_to_the_last_step():
    for progress in (0.0, ANNEALED / 2, ANNEALED, 1.0):
        assert step_weights(5, progress).sum().item() == pytest.approx(1)
    last = [step_weights(5, p)[-1].item() for p in (0.0, 0.05, 0.1, 1.0)]
    assert last == sorted(last) and last[0] == pytest.approx(0.2) and last[-1] == pytest.approx(1 - 4 * 0.006)


@pytest.mark.parametrize("first_order", [False, True], ids=["second", "first"])
def test_beats_chance_by_20_points(first_order):
    accuracy, chance = accuracy_after_training(MAML, inner_lr=0.4, first_order=first_order)
    assert accuracy > chance + 20


def test_maml_plus_plus_beats_chance_by_20_points_with_nothing_transductive():
    options = {"learned_rates": True, "per_step_norm": True, "multi_step_loss": True, "batch_norm": "support"}
    accuracy, chance = accuracy_after_training(MAML, inner_lr=0.4, inner_steps=3, **options)
    assert accuracy > chance + 20
