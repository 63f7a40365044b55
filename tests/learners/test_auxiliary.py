"""The auxiliary loss in every learner that has it: it teaches the embedding in training, and at test there is nothing left of it."""

import copy

import pytest
import torch

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import LEARNERS, make
from metadash.networks.anchors import MetadataContext
from metadash.networks.mlp import MLP
from tests.learners.adapting_tasks import N_WAY, Inputs, context_of

NAMES = [name for name, entry in LEARNERS.items() if "auxiliary" in entry.fusions]
WEIGHT = 0.3


def learner(name, taught=True, **options):
    torch.manual_seed(0)
    fusion = {"fusion": "auxiliary", "source_dims": [4], "auxiliary_weight": WEIGHT} if taught else {}
    return make(name, MLP(5, (6, 4)), 4, N_WAY, options=options, **fusion).double()


@pytest.mark.parametrize("name", NAMES)
def test_what_it_answers_is_what_the_plain_learner_answers_whatever_it_is_told(name):
    taught, plain, tasks = learner(name).eval(), learner(name, taught=False).eval(), Inputs()
    expected = plain(TaskBatch.by_class(tasks.support, tasks.query))
    assert torch.equal(taught(TaskBatch.by_class(tasks.support, tasks.query)), expected)
    assert torch.equal(taught(TaskBatch.by_class(tasks.support, tasks.query, context_of())), expected)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "reptile"])
def test_the_loss_is_the_plain_one_and_the_heads(name):
    found = []
    for taught in (False, True):
        made, tasks = learner(name, taught), Inputs()
        torch.manual_seed(1)
        found.append(made.train().loss(TaskBatch.by_class(tasks.support, tasks.query, context_of(), tasks.target)).item())
    assert found[1] > found[0]
    hidden = context_of().masked(torch.zeros(1, dtype=torch.bool))
    torch.manual_seed(1)
    made = learner(name).train()
    assert made.loss(TaskBatch.by_class(tasks.support, tasks.query, hidden, tasks.target)).item() == pytest.approx(found[0])


@pytest.mark.parametrize("name", NAMES)
def test_it_changes_what_the_backbone_learns(name):
    gradients = []
    for context in (context_of(), None):
        made, tasks = learner(name).train(), Inputs()
        torch.manual_seed(1)
        made.loss(TaskBatch.by_class(tasks.support, tasks.query, context, tasks.target)).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in made.backbone.parameters()]))
    assert not torch.allclose(*gradients)


@pytest.mark.parametrize("name", ["prototypical", "maml", "reptile"])
def test_the_heads_gradient_by_the_backbone_is_that_of_finite_differences(name):
    """Of what the hook adds to the loss alone, since Reptile's own loss has another gradient than its value's."""
    made, tasks, context = learner(name), Inputs(), context_of()
    made.train()

    def added():
        batch = TaskBatch.by_class(tasks.support, tasks.query, context)
        embedded = made.embedded if hasattr(made, "embedded") else lambda batch: made.embed(batch).support_x
        return made.hooks_loss(lambda: embedded(batch), batch)

    added().backward()
    for parameter in made.backbone.parameters():
        direction, start, values = torch.randn_like(parameter), parameter.data.clone(), []
        for sign in (1, -1):
            parameter.data = start + sign * 1e-6 * direction
            values.append(added().item())
        parameter.data = start
        assert (parameter.grad * direction).sum().item() == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("name", ["prototypical", "maml"])
def test_an_embedding_that_is_taught_a_property_knows_more_of_it(name):
    """Classes lie apart in three directions, and the metadata tell the fourth: only who is taught keeps it."""
    generator = torch.Generator().manual_seed(0)

    def draw(batch=8):
        centre = torch.randn(batch, N_WAY, 1, 5, generator=generator) * torch.tensor([2.0, 2.0, 2.0, 0.7, 0.1])
        x = centre + 0.2 * torch.randn(batch, N_WAY, 6, 5, generator=generator)
        target = torch.arange(N_WAY).repeat_interleave(4).expand(batch, -1)
        context = MetadataContext([centre[:, :, 0, 3:4].clone()], torch.ones(batch, N_WAY, 1, dtype=torch.bool))
        return TaskBatch.by_class(x[:, :, :2], x[:, :, 2:].flatten(1, 2), context, target)

    options = {} if name == "prototypical" else {"inner_steps": 2, "inner_lr": 0.1}

    def knowledge(taught):
        torch.manual_seed(0)
        fusion = {"fusion": "auxiliary", "source_dims": [1], "auxiliary_weight": 1.0} if taught else {}
        made = make(name, MLP(5, (16, 4)), 4, N_WAY, options=options, **fusion).train()
        if taught:
            made.auxiliary.start([torch.zeros(1)], torch.tensor([0.49]))
        optimiser = torch.optim.Adam(made.parameters(), 0.02)
        for _ in range(40):
            made.zero_grad()
            made.loss(draw()).backward()
            optimiser.step()
        drawn = draw(100)
        context = drawn.context
        with torch.no_grad():
            seen = copy.deepcopy(made).eval().backbone(drawn.support_x.flatten(0, 1)).view(100, N_WAY, 2, 4).mean(2).flatten(0, 1)
        rows = torch.cat([seen, torch.ones(len(seen), 1)], 1)
        fact = context.vectors[0].flatten()
        left = fact - rows @ torch.linalg.lstsq(rows, fact[:, None]).solution[:, 0]
        return 1 - float(left.var() / fact.var())

    print(knowledge(True), knowledge(False))
    assert knowledge(True) > knowledge(False) + 0.1
