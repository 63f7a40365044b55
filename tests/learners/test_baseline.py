"""Baseline and Baseline++ are no weaker than their authors' fine-tuning; an epoch is a step, for each task by itself."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.closer_look import at_shots, fine_tuned, glyph_tasks, ours, right
from metadash.data.library import open_dataset
from metadash.learners.baseline import COSINE_SCALE, MINIBATCH, START_LENGTH, WEIGHT_DECAY, Baseline, BaselinePlus
from metadash.learners.core.task_batch import TaskBatch
from tests.learners.tasks import SOURCE, gaussian_tasks, set_strength, some_metadata

KINDS = {"baseline": Baseline, "baseline-plus": BaselinePlus}
TASKS = {5: 250, 20: 40}
"""Ways to how many."""


@pytest.fixture(scope="module")
def glyphs(glyphs_workspace):
    drawn = [(ways, "uniform", number) for ways, number in TASKS.items()]
    return dict(zip(TASKS, glyph_tasks(open_dataset(glyphs_workspace, "glyphs"), drawn), strict=True))


def compared(name, tasks, shots, centred, **of_authors):
    """The accuracies in % of ours and of the authors' fine-tuning."""
    these = at_shots(tasks, shots, centred)
    return right(ours(name, these)).mean(), right(fine_tuned(name, *these, **of_authors)).mean()


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("ways", "shots"), [(5, 1), (5, 5), (20, 1), (20, 5)])
@pytest.mark.parametrize("name", KINDS)
def test_it_is_no_weaker_than_the_authors_fine_tuning(name, ways, shots, centred, glyphs):
    mine, theirs = compared(name, glyphs[ways], shots, centred)
    assert mine > theirs - 0.5


@pytest.mark.parametrize(("ways", "shots"), [(5, 1), (5, 5), (20, 1), (20, 5)])
@pytest.mark.parametrize("name", KINDS)
def test_from_the_same_start_the_authors_fine_tuning_ends_within_half_a_point(name, ways, shots, glyphs):
    mine, theirs = compared(name, glyphs[ways], shots, centred=True, random_start=False)
    assert abs(mine - theirs) < 0.5


@pytest.mark.parametrize("name", KINDS)
def test_more_epochs_do_not_make_it_worse(name, glyphs):
    tasks = at_shots([part[:15] for part in glyphs[20]], 5, centred=True)
    found = [right(ours(name, tasks, finetune_epochs=epochs)).mean() for epochs in (10, 100, 1000)]
    assert found[0] - 0.5 < found[1] and found[1] - 0.5 < found[2]


def losses_of(logits, labels, weights):
    return (F.cross_entropy(logits, labels, reduction="none") * weights).sum() / weights.sum()


def epoch_by_autograd(name, rows, labels, weights, batches, head):
    """One epoch of one task from a head (weights, or length and direction), its gradient by autograd."""
    far, parts = 0.01 * batches, [part.clone().requires_grad_() for part in head]
    if name == "baseline":
        losses_of(rows @ parts[0].T, labels, weights).backward()
        curved = (rows.T * weights) @ rows / (2 * weights.sum()) + torch.eye(rows.shape[1]).to(rows) / far
        return [head[0] - torch.linalg.solve(curved, (parts[0].grad + WEIGHT_DECAY * head[0]).T).T]
    length, direction = parts
    logits = COSINE_SCALE * rows @ (length * direction / direction.norm(dim=-1, keepdim=True)).T
    losses_of(logits, labels, weights).backward()
    most = COSINE_SCALE**2 / 2
    turned = direction - far / (1 + far * most * (length / START_LENGTH) ** 2) * direction.grad
    lengthened = length - far / (1 + far * most) * (length.grad + WEIGHT_DECAY * length)
    return [lengthened.detach(), START_LENGTH * F.normalize(turned, dim=-1).detach()]


def by_autograd(name, rows, labels, weights, batches, start, epochs):
    head = start
    for _ in range(epochs):
        head = epoch_by_autograd(name, rows, labels, weights, batches, head)
    return head[0] if name == "baseline" else COSINE_SCALE * head[0] * F.normalize(head[1], dim=-1)


def start_of(name, rows, labels, weights):
    if name == "baseline":
        return [torch.zeros(5, rows.shape[1]).double()]
    mean = torch.stack([(rows[labels == n] * weights[labels == n, None]).sum(0) for n in range(5)])
    return [torch.full((5, 1), START_LENGTH).double(), START_LENGTH * F.normalize(mean, dim=-1)]


@pytest.mark.parametrize("name", KINDS)
def test_an_epoch_goes_as_far_as_its_batches_of_four_with_autograds_gradient(name):
    support = gaussian_tasks(n_tasks=3)[0].double()
    learner = KINDS[name](nn.Identity(), 16, finetune_epochs=30)
    batch = learner.as_features(TaskBatch.by_class(support, support[:, :, 0]))
    labels, weights, head = torch.arange(5).repeat_interleave(5), torch.ones(25).double(), learner.head(batch, None)
    for b, rows in enumerate(batch.support_x):
        expected = by_autograd(name, rows, labels, weights, 7, start_of(name, rows, labels, weights), 30)
        torch.testing.assert_close(head[b], expected.T)


@pytest.mark.parametrize("name", KINDS)
def test_an_anchor_is_a_training_example_whose_loss_counts_its_strength(name):
    torch.manual_seed(0)
    support, context = gaussian_tasks(n_tasks=3)[0].double(), some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    learner = KINDS[name](nn.Identity(), 16, [SOURCE], "pseudo-shots", finetune_epochs=30).double().eval()
    set_strength(learner, 2.5)
    anchors, strength = (found.detach() for found in learner.featured(TaskBatch.by_class(support, support[:, :, 0], context)))
    batch = learner.as_features(TaskBatch.by_class(support, support[:, :, 0]))
    labels, head = torch.cat([torch.arange(5).repeat_interleave(5), torch.arange(5)]), learner.head(batch, (anchors, strength))
    for b in range(3):
        rows, weights = torch.cat([batch.support_x[b], anchors[b]]), torch.cat([torch.ones(25), strength[b]]).double()
        start, batches = start_of(name, rows, labels, weights), 7 + 5 * 2.5 / MINIBATCH
        torch.testing.assert_close(head[b], by_autograd(name, rows, labels, weights, batches, start, 30).T)


@pytest.mark.parametrize("large", [1.0, 1000.0])
@pytest.mark.parametrize("rate", [0.01, 10.0])
@pytest.mark.parametrize("name", KINDS)
def test_fine_tuning_lowers_the_loss_on_the_support_however_large_features_and_steps_are(name, rate, large):
    support = large * gaussian_tasks()[0]
    labels = torch.arange(5).repeat_interleave(5).expand(8, -1).flatten()
    batch = TaskBatch.by_class(support, support.flatten(1, 2))
    before, after = (
        F.cross_entropy(KINDS[name](nn.Identity(), 16, finetune_epochs=n, finetune_lr=rate).classify(batch).flatten(0, 1), labels)
        for n in (0, 100)
    )
    assert after < 0.8 * before


def test_no_epochs_leave_baseline_at_chance_and_baseline_plus_at_its_cosine_prototypes():
    support, query, _ = gaussian_tasks()
    batch = TaskBatch.by_class(support, query)
    assert Baseline(nn.Identity(), 16, finetune_epochs=0).classify(batch).abs().max() == 0
    cosine = F.cosine_similarity(query[:, :, None], F.normalize(support, dim=-1).mean(2)[:, None], dim=-1)
    found = BaselinePlus(nn.Identity(), 16, finetune_epochs=0).classify(batch)
    torch.testing.assert_close(found, COSINE_SCALE * START_LENGTH * cosine)
