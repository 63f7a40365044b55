"""Labels, not places, say what is what: uneven support, any order and filling, in every learner of the list."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.errors import BadInput
from metadash.learners.core.adapting import Traceable
from metadash.learners.core.task_batch import IGNORED, TaskBatch
from metadash.learners.registry import LEARNERS, make
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from metadash.networks.mlp import MLP

B, N, K, Q, D = 3, 4, 5, 6, 7
COUNTS = torch.tensor([[1, 5, 2, 3], [4, 1, 1, 5], [2, 2, 5, 1]])
"""Examples of each class in each task: no two tasks have as many in all."""

NAMES = list(LEARNERS)
FUSIONS = [(name, fusion) for name, entry in LEARNERS.items() for fusion in entry.fusions if fusion != "auxiliary"]
TRAINED = [name for name in NAMES if name not in ("reptile", "chance")]


def rows(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def told(seed: int = 5) -> MetadataContext:
    """One source of classes and one of instances, absent here and there."""
    generator = torch.Generator().manual_seed(seed)
    there = lambda *shape: torch.rand(*shape, 1, generator=generator) < 0.8  # noqa: E731
    parts = (InstanceMetadata([rows(B, n, 3, seed=seed)], there(B, n)) for n in (N * K, Q))
    return MetadataContext([rows(B, N, 6, seed=seed)], there(B, N), *parts)


def uneven() -> TaskBatch:
    """Classes with different numbers of examples, filled up to K each by what must not matter."""
    mask = (torch.arange(K) < COUNTS[..., None]).flatten(1)
    y = torch.arange(N).repeat_interleave(K).expand(B, -1)
    centre = rows(B, N, 1, D, seed=3)
    support = (centre + 0.5 * rows(B, N, K, D)).flatten(1, 2)
    return TaskBatch(support, y, rows(B, Q, D, seed=1), torch.arange(Q).expand(B, -1) % N, None, mask)


def learner(name: str, fusion: str = "none", **more) -> nn.Module:
    torch.manual_seed(0)
    entry = LEARNERS[name]
    fusion = "pseudo-shots" if entry.needs_metadata else fusion
    made = make(
        name,
        MLP(D, (8, D)),
        D,
        N,
        source_dims=[6] if fusion != "none" else [],
        instance_dims=[3] if "film" in fusion else [],
        fusion=fusion,
        options={"inner_steps": 2} if "inner_steps" in entry.options else {},
        **more,
    ).double()
    if made.film is not None:
        made.film.scale_multiplier.data.fill_(0.3)
        made.film.shift_multiplier.data.fill_(-0.2)
    return made.eval()


def with_metadata(batch: TaskBatch, name: str, fusion: str) -> TaskBatch:
    return dataclasses.replace(batch, context=told() if fusion != "none" or LEARNERS[name].needs_metadata else None)


def reordered(batch: TaskBatch, order: Tensor) -> TaskBatch:
    """The same labelled examples in another order; place says nothing any more."""
    context = batch.context
    if context is not None and context.support is not None:
        of = context.support
        context = dataclasses.replace(context, support=InstanceMetadata([x[:, order] for x in of.vectors], of.present[:, order]))
    mask = None if batch.mask is None else batch.mask[:, order]
    return TaskBatch(
        batch.support_x[:, order], batch.support_y[:, order], batch.query_x, batch.query_y, context, mask, n_way=batch.n_way
    )


def without_filling(batch: TaskBatch, b: int) -> TaskBatch:
    """Task b alone, with only the examples that are there."""
    kept, context = batch.mask[b], batch.context
    if context is not None:
        parts = [
            InstanceMetadata([x[b : b + 1][:, rows] for x in part.vectors], part.present[b : b + 1][:, rows])
            for part, rows in ((context.support, kept), (context.query, slice(None)))
        ]
        context = MetadataContext([x[b : b + 1] for x in context.vectors], context.present[b : b + 1], *parts)
    one = slice(b, b + 1)
    return TaskBatch(
        batch.support_x[one][:, kept], batch.support_y[one][:, kept], batch.query_x[one], batch.query_y[one], context, n_way=N
    )


@pytest.mark.parametrize(("name", "fusion"), FUSIONS)
def test_the_order_of_the_support_changes_no_answer(name, fusion):
    made = learner(name, fusion)
    even = TaskBatch.by_class(rows(B, N, 2, D), rows(B, Q, D, seed=1), with_metadata(uneven(), name, fusion).context)
    if even.context is not None:
        told = even.context.support
        even = dataclasses.replace(
            even,
            context=dataclasses.replace(
                even.context, support=InstanceMetadata([x[:, : 2 * N] for x in told.vectors], told.present[:, : 2 * N])
            ),
        )
    order = torch.randperm(N * 2, generator=torch.Generator().manual_seed(2))
    moved = reordered(even, order)
    assert even.regular and not moved.regular
    torch.testing.assert_close(made(moved), made(even), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("name", "fusion"), FUSIONS)
def test_filling_changes_no_answer_and_nor_does_the_order_of_an_uneven_support(name, fusion):
    """In a batch, each task answers as it does alone with only the examples that are there; also in training, where batch norm
    looks at the inputs."""
    made, batch = learner(name, fusion), with_metadata(uneven(), name, fusion)
    expected = torch.cat([made(without_filling(batch, b)) for b in range(B)])
    torch.testing.assert_close(made(batch), expected, rtol=1e-8, atol=1e-9)
    order = torch.randperm(N * K, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(made(reordered(batch, order)), expected, rtol=1e-8, atol=1e-9)
    other = torch.where(batch.mask[..., None], batch.support_x, 1e3)
    torch.testing.assert_close(made(dataclasses.replace(batch, support_x=other)), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_filled_up_nowhere_answers_as_a_balanced_one(name):
    made, batch = learner(name), with_metadata(uneven(), name, "none")
    full = TaskBatch.by_class(batch.support_x.unflatten(1, (N, K)), batch.query_x, batch.context)
    masked = dataclasses.replace(batch, mask=torch.ones_like(batch.mask))
    torch.testing.assert_close(made(masked), made(full), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("norm", ["batch", "support", "running"])
@pytest.mark.parametrize("name", [name for name, entry in LEARNERS.items() if "batch_norm" in entry.options])
def test_filling_has_no_part_in_the_statistics_of_batch_norm(name, norm):
    torch.manual_seed(0)
    made = make(name, MLP(D, (8, D), batch_norm=True), D, N, options={"inner_steps": 2, "batch_norm": norm}).double()
    batch = uneven()
    other = dataclasses.replace(batch, support_x=torch.where(batch.mask[..., None], batch.support_x, 1e3))
    made.train()
    torch.testing.assert_close(made(other), made(batch), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", ["prototypical", "r2d2", "anil"])
def test_nor_where_support_and_queries_are_embedded_together(name):
    made, batch = learner(name).train(), uneven()
    other = dataclasses.replace(batch, support_x=torch.where(batch.mask[..., None], batch.support_x, 1e3))
    torch.testing.assert_close(made(other), made(batch), rtol=1e-8, atol=1e-9)


def test_uneven_prototypes_are_those_of_a_hand_computation():
    made = make("prototypical", nn.Identity(), D, N).double().eval()
    batch = uneven()
    found = made(batch)
    for b in range(B):
        examples = batch.support_x[b].unflatten(0, (N, K))
        means = torch.stack([examples[n, : COUNTS[b, n]].mean(0) for n in range(N)])
        torch.testing.assert_close(found[b], -torch.cdist(batch.query_x[b], means).square(), rtol=1e-9, atol=1e-9)


def test_an_anchor_weighs_against_the_examples_its_own_class_has():
    """κ/(K+κ) with the class's own K: with one example an anchor pulls further than with five."""
    made, batch = learner("prototypical", "pseudo-shots"), with_metadata(uneven(), "prototypical", "pseudo-shots")
    batch.context.present[:] = True
    seen = made.modulated(made.embed(batch))
    anchor, strength = made.anchors(seen.context)
    found, mean = made.prototypes(seen), seen.class_mean(seen.support_x)
    share = strength / (COUNTS + strength)
    torch.testing.assert_close(found, mean + share[..., None] * (anchor - mean), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", TRAINED)
def test_the_loss_of_an_uneven_batch_is_that_of_its_tasks_and_a_query_that_fills_up_has_no_part_in_it(name):
    made, batch = learner(name), with_metadata(uneven(), name, "none")
    alone = torch.stack([made.loss(without_filling(batch, b)) for b in range(B)]).mean()
    torch.testing.assert_close(made.loss(batch), alone, rtol=1e-8, atol=1e-9)
    asked = torch.ones(B, Q, dtype=torch.bool)
    asked[1, 3:] = False
    fewer = dataclasses.replace(batch, query_y=batch.query_y.masked_fill(~asked, IGNORED), query_mask=asked)
    strange = dataclasses.replace(fewer, query_x=torch.where(asked[..., None], fewer.query_x, 1e3))
    logits = made(fewer)
    expected = F.cross_entropy(logits[asked], batch.query_y[asked])
    torch.testing.assert_close(made.loss(fewer), expected, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(made.loss(strange), expected, rtol=1e-8, atol=1e-9)


def test_reptile_draws_its_minibatches_from_what_is_there():
    made, batch = learner("reptile").train(), uneven()
    asked = torch.ones(B, Q, dtype=torch.bool)
    asked[2, 1:] = False
    batch = dataclasses.replace(batch, query_mask=asked, query_y=batch.query_y.masked_fill(~asked, IGNORED))
    found = []
    for filling in (0.0, 1e3):
        torch.manual_seed(3)
        other = dataclasses.replace(
            batch,
            support_x=torch.where(batch.mask[..., None], batch.support_x, filling),
            query_x=torch.where(asked[..., None], batch.query_x, filling),
        )
        found.append(made.meta_gradient(other))
    torch.testing.assert_close(found[0], found[1])
    for b, order in enumerate(made.orders(batch)):
        assert torch.cat([batch.mask[b], asked[b]])[order].all()


def test_the_auxiliary_loss_of_an_uneven_batch_is_about_the_means_of_what_is_there():
    torch.manual_seed(0)
    made = make("prototypical", nn.Identity(), D, N, source_dims=[6], fusion="auxiliary").double()
    batch = with_metadata(uneven(), "prototypical", "pseudo-shots")
    means = torch.stack(
        [torch.stack([batch.support_x[b].unflatten(0, (N, K))[n, : COUNTS[b, n]].mean(0) for n in range(N)]) for b in range(B)]
    )
    torch.testing.assert_close(made.hooks_loss(lambda: batch.support_x, batch), made.auxiliary(means, batch.context))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "film" in LEARNERS[name].fusions and "inner_steps" in LEARNERS[name].options]
)
def test_the_last_step_that_is_traced_is_what_the_learner_answers_with_film_too(name):
    made = learner(name, "film")
    assert isinstance(made, Traceable)
    batch, seen = with_metadata(uneven(), name, "film"), []
    made.trace(batch, lambda step, loss, logits, **notes: seen.append((loss, logits)))
    torch.testing.assert_close(seen[-1][1], made(batch).detach(), rtol=1e-9, atol=1e-9)
    assert all(loss.isfinite().all() for loss, _ in seen)


@pytest.mark.parametrize("name", ["baseline", "baseline-plus"])
def test_a_traced_loss_is_the_mean_over_what_is_there(name):
    made, batch, seen, alone = learner(name), uneven(), [], []
    made.trace(batch, lambda step, loss, logits: seen.append(loss), 3)
    made.trace(without_filling(batch, 1), lambda step, loss, logits: alone.append(loss), 3)
    torch.testing.assert_close(torch.stack(seen)[:, 1:2], torch.stack(alone), rtol=1e-9, atol=1e-9)


def test_full_context_embeddings_refuse_examples_in_no_order_in_one_sentence():
    made = make("matching", nn.Identity(), D, N, options={"fce": True}).double().eval()
    with pytest.raises(BadInput, match=r"one after the other.*leave fce off"):
        made(uneven())


def test_a_task_without_an_example_among_tasks_that_have_some_is_refused():
    batch = uneven()
    batch.mask[1] = False
    with pytest.raises(BadInput, match="no labelled example"):
        learner("maml")(batch)


def test_tensors_that_do_not_belong_together_are_refused():
    with pytest.raises(BadInput, match="support_y has the shape"):
        TaskBatch(rows(B, 4, D), torch.zeros(B, 3, dtype=torch.long), rows(B, Q, D))
    with pytest.raises(BadInput, match="needs n_way"):
        TaskBatch(rows(B, 0, D), torch.zeros(B, 0, dtype=torch.long), rows(B, Q, D))
    assert TaskBatch(rows(1, 2, D), torch.tensor([[0, 2]]), rows(1, Q, D)).n_way == 3
