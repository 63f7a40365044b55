"""FiLM in every learner that has it: nothing at its start, right gradients, and nothing of what a row does not have."""

import copy

import pytest
import torch
from torch import nn

from metadash.errors import BadInput
from metadash.learners.anil import ANIL
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.meta_lstm import MetaLSTM
from metadash.learners.meta_sgd import MetaSGD
from metadash.learners.protomaml import ProtoMAML
from metadash.learners.registry import LEARNERS
from metadash.learners.registry import make as make_by_name
from metadash.learners.reptile import Reptile
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from tests.learners.adapting_tasks import (
    N_WAY,
    Inputs,
    constant_gradients,
    error_against_differences,
    make,
    meta_gradient,
    query_loss,
)

NAMES = [name for name, entry in LEARNERS.items() if "film" in entry.fusions]
ADAPTING = [MAML, MetaSGD, ProtoMAML, MetaLSTM, Reptile]
FORMS = pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])
OF_CLASSES, OF_INSTANCES = 4, 3


def told(batch=2, shots=2, queries=12, classes=True, instances=True, dtype=torch.float64) -> MetadataContext:
    """One source of classes and one of instances, of noise, present everywhere (or missing altogether)."""
    generator = torch.Generator().manual_seed(5)

    def read(*shape):
        vectors = torch.randn(batch, *shape, OF_INSTANCES, generator=generator, dtype=dtype)
        return InstanceMetadata([vectors], torch.ones(batch, *shape, 1, dtype=torch.bool))

    vectors = [torch.randn(batch, N_WAY, OF_CLASSES, generator=generator, dtype=dtype)] if classes else []
    present = torch.ones(batch, N_WAY, len(vectors), dtype=torch.bool)
    return MetadataContext(vectors, present, *((read(N_WAY, shots), read(queries)) if instances else (None, None)))


def with_film(learner, classes=True, instances=True, strength=0.7, seed=3):
    """The learner with FiLM added, its multipliers away from their start."""
    torch.manual_seed(seed)
    learner = copy.deepcopy(learner)
    learner.add_film([OF_CLASSES] if classes else [], [OF_INSTANCES] if instances else [], dropout=0.0)
    if strength:
        learner.film.scale_multiplier.data.fill_(strength)
        learner.film.shift_multiplier.data.fill_(-strength)
    return learner.double()


def by_name(name, **options):
    torch.manual_seed(0)
    return make_by_name(name, nn.Identity(), 5, N_WAY, **options)


def test_every_learner_but_the_references_has_film_and_the_auxiliary_loss():
    without = {name for name, entry in LEARNERS.items() if not {"film", "auxiliary"} & set(entry.fusions)}
    assert without == {name for name, entry in LEARNERS.items() if entry.family == "reference"}
    assert len(NAMES) == len(LEARNERS) - len(without) >= 11


BOTH = (True, True)


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        *((name, BOTH) for name in NAMES),
        *((name, part) for name in ("r2d2", "anil", "maml") for part in ((True, False), (False, True))),
    ],
)
def test_film_at_its_start_is_the_plain_learner_to_the_last_bit_and_moved_it_is_not(name, sources):
    plain = by_name(name).eval()
    filmed = by_name(name, fusion="film", source_dims=[OF_CLASSES] * sources[0], instance_dims=[OF_INSTANCES] * sources[1]).eval()
    tasks, context = Inputs(dtype=torch.float32), told(2, 2, 12, *sources, dtype=torch.float32)
    expected = plain(TaskBatch.by_class(tasks.support, tasks.query))
    assert torch.equal(filmed(TaskBatch.by_class(tasks.support, tasks.query, context)), expected)
    filmed.film.shift_multiplier.data.fill_(0.5)
    filmed.film.scale_multiplier.data.fill_(0.5)
    assert torch.equal(filmed(TaskBatch.by_class(tasks.support, tasks.query)), expected), "without metadata"
    hidden = context.masked(torch.zeros(sum(sources), dtype=torch.bool))
    assert torch.equal(filmed(TaskBatch.by_class(tasks.support, tasks.query, hidden)), expected), "with all of it hidden"
    assert not torch.allclose(filmed(TaskBatch.by_class(tasks.support, tasks.query, context)), expected)


@pytest.mark.parametrize("kind", [*ADAPTING, ANIL], ids=lambda kind: kind.__name__)
@FORMS
def test_in_both_forms_of_execution_too(kind, vectorised):
    plain = make(kind, inner_steps=2, vectorised=vectorised).eval()
    filmed, tasks = with_film(plain, strength=0).eval(), Inputs()
    assert torch.equal(
        filmed(TaskBatch.by_class(tasks.support, tasks.query, told())), plain(TaskBatch.by_class(tasks.support, tasks.query))
    )


def test_a_row_of_which_nothing_is_known_is_not_modulated_beside_rows_that_are():
    learner = with_film(by_name("prototypical"), classes=False).eval()
    tasks, context = Inputs(), told(classes=False)
    context.support.present[:, 0] = False
    context.query.present[:, :5] = False
    seen = learner.modulated(TaskBatch.by_class(tasks.support, tasks.query, context))
    support, query = seen.support_x.view_as(tasks.support), seen.query_x
    assert torch.equal(support[:, 0], tasks.support[:, 0]) and torch.equal(query[:, :5], tasks.query[:, :5])
    assert (support[:, 1:] != tasks.support[:, 1:]).all() and (query[:, 5:] != tasks.query[:, 5:]).all()


@FORMS
@pytest.mark.parametrize("kind", [MAML, MetaSGD, ProtoMAML, ANIL], ids=lambda kind: kind.__name__)
def test_the_meta_gradient_with_film_is_that_of_finite_differences(kind, vectorised):
    learner, context = (
        with_film(
            make(kind, inner_steps=2, inner_lr=0.3, vectorised=vectorised)
            if kind is not MetaSGD
            else make(kind, inner_steps=2, vectorised=vectorised)
        ),
        told(),
    )
    assert error_against_differences(learner, lambda: query_loss(learner, Inputs(), context)) < 1e-6


@FORMS
@pytest.mark.parametrize("batch_norm", ["support", "running"])
def test_also_where_the_batch_norm_is_not_that_of_the_batch(vectorised, batch_norm):
    learner = with_film(make(MAML, inner_steps=2, inner_lr=0.3, batch_norm=batch_norm, vectorised=vectorised)).eval()
    assert error_against_differences(learner, lambda: query_loss(learner, Inputs(), told())) < 1e-6


@pytest.mark.parametrize("kind", [MAML, ProtoMAML, MetaLSTM], ids=lambda kind: kind.__name__)
def test_the_first_order_meta_gradient_with_film_is_that_with_the_inner_gradients_held(kind):
    options = {} if kind is MetaLSTM else {"first_order": True}
    learner = with_film(make(kind, inner_steps=3, vectorised=False, **options))
    loss = lambda: query_loss(learner, Inputs(), told())  # noqa: E731
    with constant_gradients(learner, loss):
        assert error_against_differences(learner, loss) < 1e-6


@pytest.mark.parametrize("kind", [*ADAPTING, ANIL], ids=lambda kind: kind.__name__)
def test_both_forms_give_the_same_logits_and_gradients(kind):
    tasks, found = Inputs(3), []
    for vectorised in (False, True):
        learner = with_film(make(kind, inner_steps=3, vectorised=vectorised))
        gradient = meta_gradient(learner, lambda: query_loss(learner, tasks, told(3)))  # noqa: B023
        found.append((learner(TaskBatch.by_class(tasks.support, tasks.query, told(3))), gradient))
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("first_order", [False, True], ids=["second", "first"])
def test_film_stays_as_it_is_through_the_inner_loop_and_the_head_adapts_to_what_it_gives(first_order):
    """One step by hand: features modulated by the same numbers before and after it."""
    learner, tasks, context = with_film(make(MAML, inner_steps=1, inner_lr=0.5, first_order=first_order)), Inputs(1), told(1)
    of_support, of_query = learner.film(context)
    own = {name: value.detach().clone().requires_grad_() for name, value in learner.adapted().items()}

    def logits(params, x, film):
        features = torch.func.functional_call(
            learner.backbone, {n.removeprefix("backbone."): v for n, v in params.items() if n.startswith("backbone.")}, (x,)
        )
        return ((1 + film.scale) * features + film.shift) @ params["head.weight"].T + params["head.bias"]

    learner.network.call.active = True
    target = torch.arange(N_WAY).repeat_interleave(2)
    loss = nn.functional.cross_entropy(logits(own, tasks.support[0].flatten(0, 1), of_support.rows()), target)
    slopes = torch.autograd.grad(loss, list(own.values()))
    moved = {name: value - 0.5 * slope for (name, value), slope in zip(own.items(), slopes, strict=True)}
    expected = logits(moved, tasks.query[0], of_query.rows())
    learner.network.call.active = False
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support, tasks.query, context))[0], expected, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_teaches_film_in_every_learner_and_penalises_its_multipliers(name):
    learner = with_film(by_name(name).double()).train()
    tasks = Inputs()
    learner.loss(TaskBatch.by_class(tasks.support, tasks.query, told(), tasks.target)).backward()
    for parameter in (learner.film.scale.weight, learner.film.shift.weight, learner.film.scale_multiplier):
        assert parameter.grad is not None and parameter.grad.abs().max() > 0
    torch.manual_seed(0)
    before = learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target))
    learner.film.scale_multiplier.data.fill_(10.0)
    torch.manual_seed(0)
    after = learner.loss(TaskBatch.by_class(tasks.support, tasks.query, None, tasks.target))
    if name == "reptile":  # its value is the loss of a minibatch; the penalty is in its gradient
        learner.zero_grad()
        after.backward()
        assert learner.film.scale_multiplier.grad > 0
    else:
        assert (after - before).item() == pytest.approx(0.01 * (100 - 0.49))


def test_reptile_with_film_at_its_start_moves_as_without():
    plain = make(Reptile, inner_steps=4, vectorised=False)
    filmed, tasks, found = with_film(plain, strength=0), Inputs(), []
    for learner in (plain, filmed):
        torch.manual_seed(0)
        found.append(learner.meta_gradient(TaskBatch.by_class(tasks.support, tasks.query, told(), tasks.target))[0])
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


@pytest.mark.parametrize("name", NAMES)
def test_without_a_shot_it_does_what_the_plain_learner_does(name):
    tasks, context = Inputs(shots=0), told(shots=0)
    plain, filmed = by_name(name).double().eval(), with_film(by_name(name)).eval()
    try:
        expected = plain(TaskBatch.by_class(tasks.support, tasks.query))
    except BadInput as sentence:
        with pytest.raises(BadInput, match=str(sentence)):
            filmed(TaskBatch.by_class(tasks.support, tasks.query, context))
        return
    found = filmed(TaskBatch.by_class(tasks.support, tasks.query, context))
    assert found.shape == expected.shape and found.isfinite().all()


@pytest.mark.parametrize("name", ["prototypical", "r2d2", "matching"])
def test_tasks_of_a_batch_are_modulated_by_their_own_metadata(name):
    learner, tasks, context = with_film(by_name(name)).eval(), Inputs(3), told(3)
    assert isinstance(learner, EmbeddingLearner)
    order = torch.tensor([2, 0, 1])
    moved = MetadataContext(
        [x[order] for x in context.vectors],
        context.present[order],
        *(InstanceMetadata([x[order] for x in part.vectors], part.present[order]) for part in (context.support, context.query)),
    )
    expected = learner(TaskBatch.by_class(tasks.support, tasks.query, context))[order]
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support[order], tasks.query[order], moved)), expected, rtol=1e-9, atol=1e-9
    )


def test_metadata_that_tell_what_was_added_to_an_instance_take_it_away_again():
    """Two cameras shift every picture by their own amount; support and query come from different ones."""
    generator = torch.Generator().manual_seed(0)
    shifts = 3 * torch.randn(2, 6, generator=generator)

    def draw(batch):
        centre = torch.randn(batch, N_WAY, 1, 6, generator=generator)
        x = centre + 0.3 * torch.randn(batch, N_WAY, 6, 6, generator=generator)
        camera = torch.randint(0, 2, (batch, N_WAY, 6), generator=generator)
        known = nn.functional.one_hot(camera, 2).float()
        seen = x + shifts[camera]
        parts = [known[:, :, :1], known[:, :, 1:].flatten(1, 2)]
        told = [InstanceMetadata([part], torch.ones(*part.shape[:-1], 1, dtype=torch.bool)) for part in parts]
        context = MetadataContext([], torch.ones(batch, N_WAY, 0, dtype=torch.bool), *told)
        return seen[:, :, :1], seen[:, :, 1:].flatten(1, 2), torch.arange(N_WAY).repeat_interleave(5).expand(batch, -1), context

    torch.manual_seed(0)
    learner = make_by_name("prototypical", nn.Identity(), 6, N_WAY, fusion="film", instance_dims=[2], dropout=0.0)
    optimiser = torch.optim.Adam(learner.parameters(), 0.02)
    for _ in range(150):
        optimiser.zero_grad()
        support, query, target, context = draw(16)
        learner.loss(TaskBatch.by_class(support, query, context, target)).backward()
        optimiser.step()
    support, query, target, context = draw(200)
    with torch.no_grad():
        right = [
            (learner.eval()(TaskBatch.by_class(support, query, read)).argmax(-1) == target).float().mean().item()
            for read in (context, None)
        ]
    assert right[0] > right[1] + 0.15
