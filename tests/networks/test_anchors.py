"""What metadata says of a class's place: an anchor and a strength, from the sources that are there."""

import pytest
import torch

from metadash.networks.anchors import AnchorNetwork, ConvexGate, MetadataContext

B, N, DIMS, DIM = 3, 4, [5, 2, 7], 6


@pytest.fixture
def network() -> AnchorNetwork:
    torch.manual_seed(0)
    return AnchorNetwork(DIMS, DIM, hidden=16).double().eval()


@pytest.fixture
def context() -> MetadataContext:
    torch.manual_seed(1)
    present = torch.rand(B, N, len(DIMS)) < 0.7
    present[0, 0], present[0, 1] = False, True
    return MetadataContext([torch.randn(B, N, d, dtype=torch.float64) for d in DIMS], present)


def test_anchors_and_strengths_have_one_row_a_class(network: AnchorNetwork, context: MetadataContext) -> None:
    anchor, strength = network(context)
    assert anchor.shape == (B, N, DIM) and strength.shape == (B, N)


def test_strengths_are_positive_where_a_source_is_present_and_zero_where_none_is(
    network: AnchorNetwork, context: MetadataContext
) -> None:
    strength = network(context)[1]
    some = context.present.any(dim=-1)
    assert (strength[some] > 0).all() and some.any()
    assert (strength[~some] == 0).all() and (~some).any()


def test_the_hidden_layer_is_the_mean_over_the_sources_present(network: AnchorNetwork, context: MetadataContext) -> None:
    maps = [layer(x) for layer, x in zip(network.sources, context.vectors, strict=True)]
    for b in range(B):
        for n in range(N):
            there = [maps[s][b, n] for s in range(len(DIMS)) if context.present[b, n, s]]
            expected = torch.relu(torch.stack(there).mean(dim=0)) if there else torch.zeros(16, dtype=torch.float64)
            torch.testing.assert_close(network.hidden(context)[b, n], expected)


def test_a_source_that_is_hidden_has_no_say(network: AnchorNetwork, context: MetadataContext) -> None:
    hidden = context.masked(torch.tensor([True, False, True]))
    changed = MetadataContext([x + 100 * (s == 1) for s, x in enumerate(context.vectors)], context.present)
    for one, other in zip(network(hidden), network(changed.masked(torch.tensor([True, False, True]))), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(network(context)[0], network(changed)[0])


def test_a_mask_hides_and_never_reveals(context: MetadataContext) -> None:
    assert torch.equal(context.masked(torch.ones(3, dtype=torch.bool)).present, context.present)
    assert not context.masked(torch.zeros(3, dtype=torch.bool)).present.any()


def test_a_mask_may_differ_between_tasks(context: MetadataContext) -> None:
    keep = torch.eye(3, dtype=torch.bool)
    found = context.masked(keep).present
    for b in range(B):
        assert torch.equal(found[b], context.present[b] & keep[b])


def test_dropout_acts_in_training_only(network: AnchorNetwork, context: MetadataContext) -> None:
    assert torch.equal(network(context)[0], network(context)[0])
    network.train()
    assert not torch.equal(network(context)[0], network(context)[0])


def test_the_gate_is_a_fraction_for_each_class() -> None:
    gate = ConvexGate(DIM).eval()(torch.randn(B, N, DIM) * 100)
    assert gate.shape == (B, N) and (gate >= 0).all() and (gate <= 1).all()
