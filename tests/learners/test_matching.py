"""Matching Networks attend to labelled keys: a distribution, whatever the order of the keys."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.matching import MatchingNetwork
from tests.learners.tasks import SOURCE, gaussian_tasks, set_strength, some_metadata


def learner(dim=16, metadata=False, **options):
    torch.manual_seed(0)
    sources = ([SOURCE], "pseudo-shots") if metadata else (None, "none")
    return MatchingNetwork(nn.Identity(), dim, *sources, **options).eval()


@pytest.mark.parametrize("metadata", [False, True])
@pytest.mark.parametrize("fce", [False, True])
def test_attention_sums_to_one(metadata, fce):
    support, query, _ = gaussian_tasks()
    attention = learner(metadata=metadata, fce=fce).attention(
        TaskBatch.by_class(support, query, some_metadata() if metadata else None)
    )
    assert attention.shape == (8, 50, 5, 6 if metadata else 5)
    assert attention.min() >= 0
    torch.testing.assert_close(attention.sum((2, 3)), torch.ones(8, 50))


@pytest.mark.parametrize("metadata", [False, True])
def test_the_softmax_of_the_logits_is_the_attention_each_label_gets(metadata):
    support, query, _ = gaussian_tasks()
    plain, context = learner(metadata=metadata), some_metadata() if metadata else None
    labels = plain.attention(TaskBatch.by_class(support, query, context)).sum(dim=-1)
    torch.testing.assert_close(plain.classify(TaskBatch.by_class(support, query, context)).softmax(dim=-1), labels)


def test_attention_is_the_papers_softmax_over_cosines_at_the_fixed_scale():
    support, query, _ = gaussian_tasks(n_tasks=1, queries=1)
    cosines = F.cosine_similarity(query[0, :, None], support[0].flatten(0, 1)[None], dim=-1)
    attention = learner(matching_scale="fixed").attention(TaskBatch.by_class(support, query))
    torch.testing.assert_close(attention[0].flatten(1), cosines.exp() / cosines.exp().sum(dim=1, keepdim=True))


def test_the_fixed_scale_does_not_learn():
    assert not [p for p in learner(matching_scale="fixed").parameters() if p.requires_grad]
    assert [p for p in learner().parameters() if p.requires_grad]


@pytest.mark.parametrize("metadata", [False, True])
def test_the_order_of_the_support_does_not_matter(metadata):
    support, query, _ = gaussian_tasks()
    plain, context = learner(metadata=metadata), some_metadata() if metadata else None
    torch.testing.assert_close(
        plain.classify(TaskBatch.by_class(support, query, context)),
        plain.classify(TaskBatch.by_class(support.flip(2), query, context)),
    )
    attention, flipped = (
        plain.attention(TaskBatch.by_class(given, query, context))[..., :5] for given in (support, support.flip(2))
    )
    torch.testing.assert_close(attention, flipped.flip(3))


def test_with_full_context_embeddings_the_order_matters_a_little_as_in_the_paper():
    support, query, _ = gaussian_tasks()
    full = learner(fce=True)
    forwards, backwards = (
        full.classify(TaskBatch.by_class(support, query)),
        full.classify(TaskBatch.by_class(support.flip(2), query)),
    )
    assert not torch.allclose(forwards, backwards)
    assert (forwards.argmax(-1) == backwards.argmax(-1)).double().mean() > 0.9


def test_full_context_with_silent_networks_is_plain_but_for_the_skip():
    support, query, _ = gaussian_tasks()
    full = learner(fce=True)
    for name, parameter in full.full_context.named_parameters():
        if "of_support" in name or "of_query" in name:
            parameter.data.zero_()
    torch.testing.assert_close(
        full.classify(TaskBatch.by_class(support, query)), learner().classify(TaskBatch.by_class(support, query))
    )


def test_an_anchor_of_strength_three_is_three_keys_at_the_anchor():
    support, query, _ = gaussian_tasks()
    anchored, context = learner(metadata=True), some_metadata()
    set_strength(anchored, 3.0)
    anchor, _ = anchored.anchors(context)
    stacked = torch.cat([support, anchor[:, :, None].expand(-1, -1, 3, -1)], dim=2)
    torch.testing.assert_close(
        anchored.classify(TaskBatch.by_class(support, query, context)), learner().classify(TaskBatch.by_class(stacked, query))
    )


def test_a_class_without_metadata_leaves_no_gradient_that_is_not_a_number():
    support, query, target = gaussian_tasks()
    anchored, context = learner(metadata=True), some_metadata()
    context.present[:, 0] = False
    F.cross_entropy(anchored.classify(TaskBatch.by_class(support, query, context)).flatten(0, 1), target.flatten()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in anchored.parameters())
