"""Baseline and Baseline++ fine-tune a head: their written-out gradients are autograd's, their steps the authors' SGD."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.learners.baseline import COSINE_SCALE, DAMPENING, MOMENTUM, WEIGHT_DECAY, Baseline, BaselinePlus
from metadash.learners.core.task_batch import TaskBatch
from tests.learners.tasks import SOURCE, gaussian_tasks, set_strength, some_metadata


def by_torch(learner, support, start, steps, weights=None):
    """The head of one task after torch's own SGD on features [M, D'] with labels ``y``."""
    rows, labels = support
    head = start.clone().requires_grad_()
    optimiser = torch.optim.SGD([head], lr=0.01, momentum=MOMENTUM, dampening=DAMPENING, weight_decay=WEIGHT_DECAY)
    for _ in range(steps):
        if isinstance(learner, Baseline):
            logits = rows @ head.T
        else:
            logits = COSINE_SCALE * F.cosine_similarity(rows[:, None], head[None], dim=-1)
        losses = F.cross_entropy(logits, labels, reduction="none")
        loss = losses.mean() if weights is None else (losses * weights).sum() / weights.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return head.detach()


@pytest.mark.parametrize("kind", [Baseline, BaselinePlus])
def test_the_head_is_the_one_that_torchs_sgd_finds_on_the_whole_support(kind):
    support = gaussian_tasks(n_tasks=3)[0].double()
    learner = kind(nn.Identity(), 16, finetune_steps=30)
    features = learner.features(support)
    batch = TaskBatch.by_class(features, features[:, 0])
    head, start = learner.head(batch, None), learner.start(batch, None)
    labels = torch.arange(5).repeat_interleave(5)
    for b in range(3):
        torch.testing.assert_close(head[b], by_torch(learner, (features[b].flatten(0, 1), labels), start[b], 30))


@pytest.mark.parametrize("kind", [Baseline, BaselinePlus])
def test_an_anchor_is_a_training_example_whose_loss_counts_its_strength(kind):
    torch.manual_seed(0)
    support, context = gaussian_tasks(n_tasks=3)[0].double(), some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    learner = kind(nn.Identity(), 16, [SOURCE], "pseudo-shots", finetune_steps=30).double().eval()
    set_strength(learner, 2.5)
    anchor, strength = (found.detach() for found in learner.anchors(context))
    features, anchors = learner.features(support), learner.features(anchor)
    batch = TaskBatch.by_class(features, features[:, 0])
    head, start = learner.head(batch, (anchors, strength)), learner.start(batch, (anchors, strength))
    labels = torch.cat([torch.arange(5).repeat_interleave(5), torch.arange(5)])
    for b in range(3):
        rows, weights = torch.cat([features[b].flatten(0, 1), anchors[b]]), torch.cat([torch.ones(25), strength[b]])
        torch.testing.assert_close(head[b], by_torch(learner, (rows, labels), start[b], 30, weights))


@pytest.mark.parametrize("kind", [Baseline, BaselinePlus])
def test_fine_tuning_lowers_the_loss_on_the_support(kind):
    support = gaussian_tasks()[0]
    labels = torch.arange(5).repeat_interleave(5).expand(8, -1).flatten()
    before, after = (
        F.cross_entropy(
            kind(nn.Identity(), 16, finetune_steps=n).classify(TaskBatch.by_class(support, support.flatten(1, 2))).flatten(0, 1),
            labels,
        )
        for n in (0, 100)
    )
    assert after < 0.96 * before  # a cosine head cannot go far below: its logits stay within the scale


def test_no_steps_leave_baseline_at_chance_and_baseline_plus_at_its_cosine_prototypes():
    support, query, _ = gaussian_tasks()
    assert Baseline(nn.Identity(), 16, finetune_steps=0).classify(TaskBatch.by_class(support, query)).abs().max() == 0
    cosine = F.cosine_similarity(query[:, :, None], F.normalize(support, dim=-1).mean(2)[:, None], dim=-1)
    torch.testing.assert_close(
        BaselinePlus(nn.Identity(), 16, finetune_steps=0).classify(TaskBatch.by_class(support, query)), COSINE_SCALE * cosine
    )
