"""The auxiliary head: what the prototypes must tell, however the metadata are scaled, and only where there are some."""

import pytest
import torch

from metadash.networks.anchors import MetadataContext
from metadash.networks.auxiliary import AuxiliaryHead

DIMS, DIM, WEIGHT = [3, 20], 6, 0.3


def classes(n=40, seed=0) -> MetadataContext:
    generator = torch.Generator().manual_seed(seed)
    vectors = [50 + 100 * torch.randn(1, n, 3, generator=generator), (torch.rand(1, n, 20, generator=generator) < 0.1).float()]
    return MetadataContext(vectors, torch.ones(1, n, 2, dtype=torch.bool))


def started(context: MetadataContext, weight: float = WEIGHT) -> AuxiliaryHead:
    head = AuxiliaryHead(DIMS, DIM, weight)
    head.start([x[0].mean(0) for x in context.vectors], torch.stack([x[0].var(0, correction=0).sum() for x in context.vectors]))
    return head


def test_it_starts_at_its_weight_where_every_class_is_predicted_to_be_the_mean() -> None:
    context = classes()
    for weight in (0.2, 0.3):
        assert started(context, weight)(torch.randn(1, 40, DIM), context).item() == pytest.approx(weight, rel=1e-5)


def test_each_source_counts_the_same_whatever_its_unit_and_width() -> None:
    context = classes()
    for s in (0, 1):
        keep = torch.arange(2) == s
        assert started(context)(torch.randn(1, 40, DIM), context.masked(keep)).item() == pytest.approx(WEIGHT, rel=1e-5)


def test_it_is_zero_where_the_prototypes_tell_everything() -> None:
    torch.manual_seed(0)
    head, support = AuxiliaryHead(DIMS, DIM, WEIGHT), torch.randn(2, 5, 3, DIM)
    means = support.mean(dim=2)
    context = MetadataContext([layer(means) for layer in head.sources], torch.ones(2, 5, 2, dtype=torch.bool))
    assert head(support.mean(dim=2), context).item() == pytest.approx(0, abs=1e-9)


def test_what_is_missing_is_not_asked_for() -> None:
    context, support = classes(), torch.randn(1, 40, 2, DIM)
    head = started(context)
    context.present[0, :10] = False
    expected = head(support.mean(dim=2), context)
    context.vectors[0][0, :10] = 1e9
    assert torch.equal(head(support.mean(dim=2), context), expected)
    assert head(support.mean(dim=2), context.masked(torch.zeros(2, dtype=torch.bool))) == 0
    nowhere = torch.zeros(1, 40, dtype=torch.bool)
    assert head(support.mean(dim=2), context, nowhere) == 0, "nor is anything without a shot"


def test_its_gradient_reaches_the_embeddings() -> None:
    context, support = classes(), torch.randn(1, 40, 2, DIM).requires_grad_()
    head = started(context)
    torch.nn.init.normal_(head.sources[0].weight)
    head(support.mean(dim=2), context).backward()
    assert support.grad is not None and support.grad.abs().min() > 0
