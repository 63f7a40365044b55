"""Prototypical Networks, plain and with metadata: what the formulas say, to the last bit where they say so."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.anchored import Fusion
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork, pseudo_shot_prototype
from metadash.networks.anchors import MetadataContext

B, N, K, Q, D = 3, 5, 4, 7, 6
DIMS = [3, 2]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def learner(fusion: Fusion = "none", distance: str = "euclidean", backbone: nn.Module | None = None) -> PrototypicalNetwork:
    return PrototypicalNetwork(backbone or nn.Identity(), D, DIMS, fusion, distance=distance).double().eval()


def context(present: bool | None = True) -> MetadataContext:
    there = torch.rand(B, N, len(DIMS)) < 0.6 if present is None else torch.full((B, N, len(DIMS)), present)
    return MetadataContext([torch.randn(B, N, d, dtype=torch.float64) for d in DIMS], there)


def shots(k: int = K) -> Tensor:
    return torch.randn(B, N, k, D, dtype=torch.float64)


# --- pseudo-shots ------------------------------------------------------------------------------------------------------------


def test_pseudo_shots_with_zero_strength_is_the_plain_prototype_to_the_last_bit() -> None:
    for dtype in (torch.float32, torch.float64):
        support = torch.randn(B, N, 3, D, dtype=dtype)
        mean, anchor = support.mean(dim=2), 1e6 * torch.randn(B, N, D, dtype=dtype)
        assert torch.equal(pseudo_shot_prototype(mean, 3, anchor, torch.zeros(B, N, dtype=dtype)), mean)


def test_pseudo_shots_follow_the_formula() -> None:
    mean, anchor, strength = torch.tensor([1.0, 2.0]), torch.tensor([5.0, -2.0]), torch.tensor(2.0)
    # (K·x̄ + κ·μ) / (K + κ) = (3·1 + 2·5) / 5 and (3·2 + 2·(−2)) / 5
    assert pseudo_shot_prototype(mean, 3, anchor, strength).tolist() == pytest.approx([13 / 5, 2 / 5])
    means, anchors, strengths = shots().mean(dim=2), torch.randn(B, N, D, dtype=torch.float64), torch.rand(B, N, 1).double()
    expected = (K * means + strengths * anchors) / (K + strengths)
    torch.testing.assert_close(pseudo_shot_prototype(means, K, anchors, strengths[..., 0]), expected, rtol=1e-12, atol=1e-12)


def test_a_whole_number_of_pseudo_shots_is_that_many_more_shots_at_the_anchor() -> None:
    support, anchor = shots(), torch.randn(B, N, D, dtype=torch.float64)
    expected = torch.cat([support, anchor[:, :, None].expand(-1, -1, 2, -1)], dim=2).mean(dim=2)
    found = pseudo_shot_prototype(support.mean(dim=2), K, anchor, torch.full((B, N), 2.0).double())
    torch.testing.assert_close(found, expected)


def test_without_shots_the_prototype_is_the_anchor() -> None:
    model, given = learner("pseudo-shots"), context()
    found = model.prototypes(TaskBatch.by_class(shots(0), shots(0)[:, 0], given))
    torch.testing.assert_close(found, model.anchors(given)[0], rtol=1e-12, atol=1e-12)
    assert torch.isfinite(found).all()


def test_without_shots_and_without_metadata_nothing_breaks() -> None:
    assert (learner("pseudo-shots").prototypes(TaskBatch.by_class(shots(0), shots(0)[:, 0], context(False))) == 0).all()


def test_metadata_fades_as_real_shots_arrive() -> None:
    model, given, mean = learner("pseudo-shots"), context(), torch.randn(B, N, 1, D, dtype=torch.float64)
    anchor = model.anchors(given)[0]
    shares = []
    for k in (1, 2, 5, 10, 100):
        found = model.prototypes(TaskBatch.by_class(mean.expand(-1, -1, k, -1), mean.expand(-1, -1, k, -1)[:, 0], given))
        shares.append(((found - mean[:, :, 0]).norm(dim=-1) / (anchor - mean[:, :, 0]).norm(dim=-1)).flatten())
    shares = torch.stack(shares)
    assert (shares[1:] < shares[:-1]).all() and (shares[-1] < 0.05).all()


@pytest.mark.parametrize("fusion", ["pseudo-shots", "am3"])
def test_with_all_sources_hidden_it_is_the_plain_learner(fusion: Fusion) -> None:
    support, query, model = shots(), torch.randn(B, Q, D, dtype=torch.float64), learner(fusion)
    hidden = context().masked(torch.zeros(len(DIMS), dtype=torch.bool))
    assert torch.equal(
        model.prototypes(TaskBatch.by_class(support, support[:, 0], hidden)),
        learner().prototypes(TaskBatch.by_class(support, support[:, 0])),
    )
    assert torch.equal(model(TaskBatch.by_class(support, query, hidden)), learner()(TaskBatch.by_class(support, query)))
    assert torch.equal(model(TaskBatch.by_class(support, query, None)), learner()(TaskBatch.by_class(support, query)))
    assert not torch.equal(model(TaskBatch.by_class(support, query, context())), learner()(TaskBatch.by_class(support, query)))


def test_a_class_without_metadata_keeps_its_plain_prototype_among_classes_with() -> None:
    support, given = shots(), context()
    given.present[:, 2] = False
    for fusion in ("pseudo-shots", "am3"):
        found = learner(fusion).prototypes(TaskBatch.by_class(support, support[:, 0], given))
        assert torch.equal(found[:, 2], learner().prototypes(TaskBatch.by_class(support, support[:, 0]))[:, 2])
        assert not torch.equal(found[:, 1], learner().prototypes(TaskBatch.by_class(support, support[:, 0]))[:, 1])


def test_am3_mixes_by_one_fraction_a_class_whatever_the_shots() -> None:
    model, given = learner("am3"), context()
    anchor = model.anchors(given)[0]
    fractions = []
    for k in (1, 4):
        support = shots(k)
        mean = support.mean(dim=2)
        share = (model.prototypes(TaskBatch.by_class(support, support[:, 0], given)) - anchor) / (mean - anchor)
        torch.testing.assert_close(share, share[..., :1].expand_as(share), rtol=1e-6, atol=1e-8)
        assert (share > 0).all() and (share < 1).all()
        fractions.append(share[..., 0])
    torch.testing.assert_close(fractions[0], fractions[1], rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(fractions[0], model.gate(anchor), rtol=1e-6, atol=1e-8)


# --- distances ---------------------------------------------------------------------------------------------------------------


def test_euclidean_logits_are_the_negative_squared_distance() -> None:
    query, prototypes, model = torch.randn(B, Q, D).double(), torch.randn(B, N, D).double(), learner()
    torch.testing.assert_close(model.logits(query, prototypes), -torch.cdist(query, prototypes).square(), rtol=1e-10, atol=1e-10)
    model.log_scale.data.fill_(0.7)
    expected = -torch.tensor(0.7).double().exp() * torch.cdist(query, prototypes).square()
    torch.testing.assert_close(model.logits(query, prototypes), expected, rtol=1e-6, atol=1e-6)


def test_cosine_logits_lie_between_minus_and_plus_the_scale() -> None:
    model = learner(distance="cosine")
    query, prototypes, scale = torch.randn(B, Q, D).double(), torch.randn(B, N, D).double(), model.log_scale.exp()
    logits = model.logits(query, prototypes)
    assert (logits.abs() <= scale + 1e-9).all()
    torch.testing.assert_close(logits, scale * F.cosine_similarity(query[:, :, None], prototypes[:, None], dim=-1))
    torch.testing.assert_close(model.logits(query * 7, prototypes * 0.1), logits)
    assert model.logits(prototypes, prototypes).diagonal(dim1=1, dim2=2).detach().numpy() == pytest.approx(scale.item())


def test_a_query_belongs_to_the_class_whose_mean_is_nearest() -> None:
    support, query = shots(), torch.randn(B, Q, D, dtype=torch.float64)
    nearest = torch.cdist(query, support.mean(dim=2)).argmin(dim=-1)
    assert torch.equal(learner()(TaskBatch.by_class(support, query)).argmax(dim=-1), nearest)


# --- what must not matter ----------------------------------------------------------------------------------------------------


def permuted(given: MetadataContext, axis: int, order: Tensor) -> MetadataContext:
    return MetadataContext([x.index_select(axis, order) for x in given.vectors], given.present.index_select(axis, order))


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("fusion", ["none", "pseudo-shots", "am3"])
def test_the_order_of_classes_tasks_shots_and_queries_does_not_matter(fusion: Fusion, distance: str) -> None:
    model, support, query, given = learner(fusion, distance), shots(), torch.randn(B, Q, D).double(), context(None)
    logits = model(TaskBatch.by_class(support, query, given))
    classes, tasks, examples, queries = (torch.randperm(n) for n in (N, B, K, Q))
    same = {"rtol": 1e-10, "atol": 1e-10}
    torch.testing.assert_close(
        model(TaskBatch.by_class(support[:, classes], query, permuted(given, 1, classes))), logits[..., classes], **same
    )
    torch.testing.assert_close(
        model(TaskBatch.by_class(support[tasks], query[tasks], permuted(given, 0, tasks))), logits[tasks], **same
    )
    torch.testing.assert_close(model(TaskBatch.by_class(support[:, :, examples], query, given)), logits, **same)
    torch.testing.assert_close(model(TaskBatch.by_class(support, query[:, queries], given)), logits[:, queries], **same)


def test_a_task_alone_has_the_logits_it_has_among_others() -> None:
    model, support, query, given = learner("pseudo-shots"), shots(), torch.randn(B, Q, D).double(), context(None)
    logits = model(TaskBatch.by_class(support, query, given))
    for b in range(B):
        alone = MetadataContext([x[b : b + 1] for x in given.vectors], given.present[b : b + 1])
        torch.testing.assert_close(model(TaskBatch.by_class(support[b : b + 1], query[b : b + 1], alone)), logits[b : b + 1])


def test_images_go_through_the_backbone_in_their_own_order() -> None:
    """Support and query are embedded in one pass; nothing may change places on the way."""
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(16, D))
    model = learner(backbone=backbone)
    support, query = torch.randn(B, N, K, 4, 4).double(), torch.randn(B, Q, 4, 4).double()
    embedded = model.embed(TaskBatch.by_class(support, query))
    embedded_support, embedded_query = embedded.support_x.unflatten(1, (N, K)), embedded.query_x
    for b in range(B):
        torch.testing.assert_close(embedded_query[b], backbone(query[b]))
        for n in range(N):
            torch.testing.assert_close(embedded_support[b, n], backbone(support[b, n]))


# --- gradients and learning --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("fusion", ["none", "pseudo-shots", "am3"])
def test_every_gradient_is_the_finite_difference(fusion: Fusion, distance: str) -> None:
    """Of the loss of a task by support, query, metadata and every weight, in float64."""
    model, support, query, given = learner(fusion, distance), shots(2), torch.randn(B, Q, D).double(), context(None)
    target = torch.arange(Q).expand(B, Q) % N
    names = [name for name, _ in model.named_parameters()]

    def loss(support: Tensor, query: Tensor, first: Tensor, second: Tensor, *parameters: Tensor) -> Tensor:
        known = MetadataContext([first, second], given.present)
        logits = torch.func.functional_call(
            model, dict(zip(names, parameters, strict=True)), (TaskBatch.by_class(support, query, known),)
        )
        return F.cross_entropy(logits.flatten(0, 1), target.flatten())

    inputs = [x.detach().clone().requires_grad_() for x in (support, query, *given.vectors, *model.parameters())]
    assert torch.autograd.gradcheck(loss, inputs, eps=1e-6, atol=1e-6, rtol=1e-4, fast_mode=True)


def test_the_gradient_of_a_pseudo_shot_prototype_is_the_finite_difference() -> None:
    inputs = [x.double().requires_grad_() for x in (torch.randn(N, D), torch.randn(N, D), torch.rand(N))]
    for k in (0, 1, 5):
        assert torch.autograd.gradcheck(
            lambda mean, anchor, strength, k=k: pseudo_shot_prototype(mean, k, anchor, strength), inputs
        )


def task(generator: torch.Generator, patterns: Tensor) -> TaskBatch:
    """A 5-way 1-shot task in which 4 of 40 features tell the classes apart and the others are loud noise."""
    places = torch.randn(N, 4, generator=generator)

    def examples(n: int) -> Tensor:
        noise = torch.randn(N, n, 36, generator=generator) * 3
        return torch.cat([places[:, None] + 0.2 * torch.randn(N, n, 4, generator=generator), noise], dim=-1) @ patterns

    return TaskBatch.by_class(examples(1)[None], examples(10).flatten(0, 1)[None])


def test_it_learns_an_easy_problem_far_above_chance() -> None:
    generator = torch.Generator().manual_seed(0)
    patterns = torch.linalg.qr(torch.randn(40, 40, generator=generator))[0]
    target = torch.arange(N).repeat_interleave(10)
    model = PrototypicalNetwork(nn.Linear(40, 8), 8)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)

    def accuracy() -> float:
        tests = torch.Generator().manual_seed(1)
        with torch.no_grad():
            return sum((model(task(tests, patterns))[0].argmax(-1) == target).float().mean().item() for _ in range(100)) / 100

    before = accuracy()
    for _ in range(150):
        loss = F.cross_entropy(model(task(generator, patterns))[0], target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert before < 0.45
    assert accuracy() > max(before, 0.2) + 0.2
