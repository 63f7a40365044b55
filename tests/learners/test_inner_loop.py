import pytest
import torch
from torch import nn

from metadash.errors import BadInput
from metadash.learners.anil import ANIL
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.meta_lstm import MetaLSTM
from metadash.learners.meta_sgd import MetaSGD
from metadash.learners.protomaml import ProtoMAML
from metadash.learners.reptile import Reptile
from metadash.networks.anchors import MetadataContext
from metadash.networks.conv4 import Conv4
from tests.learners.adapting_tasks import (
    N_WAY,
    Inputs,
    constant_gradients,
    context_of,
    error_against_differences,
    image_network,
    make,
    meta_gradient,
    permuted_rows,
    query_loss,
    vector_network,
)

NETWORKS = {"vectors": vector_network, "images": image_network}
LEARNERS = [MAML, MetaSGD, ProtoMAML, MetaLSTM, Reptile, ANIL]
SECOND_ORDER = [MAML, MetaSGD, ProtoMAML, ANIL]
FORMS = pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])
MODES = pytest.mark.parametrize("batch_norm", ["batch", "support", "running"])
EVERY = pytest.mark.parametrize("kind", LEARNERS, ids=lambda kind: kind.__name__)
METADATA = pytest.mark.parametrize("metadata", [False, True], ids=["plain", "metadata"])
HEAD_ROWS = {
    ProtoMAML: [],
    ANIL: ["adapting.head.weight", "adapting.head.bias"],
    MetaSGD: ["head.weight", "head.bias", "alpha.6", "alpha.7"],
}


@FORMS
@MODES
@pytest.mark.parametrize("evaluating", [False, True], ids=["training", "evaluation"])
@pytest.mark.parametrize("inputs", NETWORKS)
def test_second_order_meta_gradient_equals_finite_differences(vectorised, batch_norm, evaluating, inputs):
    learner = make(MAML, NETWORKS[inputs](), inner_steps=2, inner_lr=0.3, batch_norm=batch_norm, vectorised=vectorised)
    learner.train(not evaluating)
    tasks = Inputs(images=inputs == "images")
    assert error_against_differences(learner, lambda: query_loss(learner, tasks)) < 1e-6


@FORMS
@pytest.mark.parametrize("kind", SECOND_ORDER, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("metadata", [False, True], ids=["plain", "metadata"])
def test_every_second_order_learner_has_the_meta_gradient_of_finite_differences(kind, vectorised, metadata):
    options = {"source_dims": [4], "dropout": 0.0} if metadata else {}
    learner = make(kind, inner_steps=2, vectorised=vectorised, **options)
    context = context_of() if metadata else None
    assert error_against_differences(learner, lambda: query_loss(learner, Inputs(), context)) < 1e-6


@FORMS
@pytest.mark.parametrize("kind", [MetaSGD, ProtoMAML, ANIL], ids=lambda kind: kind.__name__)
def test_on_images_too(kind, vectorised):
    learner, tasks = make(kind, image_network(), inner_steps=2, vectorised=vectorised), Inputs(images=True)
    assert error_against_differences(learner, lambda: query_loss(learner, tasks)) < 1e-6


@FORMS
@pytest.mark.parametrize("batch_norm", ["support", "running"])
@pytest.mark.parametrize("kind", [MetaSGD, ProtoMAML], ids=lambda kind: kind.__name__)
def test_and_whichever_statistics_batch_norm_takes(kind, batch_norm, vectorised):
    learner, tasks = make(kind, inner_steps=2, batch_norm=batch_norm, vectorised=vectorised), Inputs()
    for evaluating in (False, True):
        learner.train(not evaluating)
        assert error_against_differences(learner, lambda: query_loss(learner, tasks)) < 1e-6


@FORMS
@pytest.mark.parametrize("inputs", NETWORKS)
@pytest.mark.parametrize("kind", [MAML, MetaSGD, ProtoMAML, MetaLSTM, ANIL], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("metadata", [False, True], ids=["plain", "metadata"])
def test_first_order_meta_gradient_equals_finite_differences_with_the_inner_gradients_held(kind, metadata, vectorised, inputs):
    """The inner gradients are held at what the loop finds; both tasks are the same one, so that the vectorised form can share them."""
    options = {} if kind is MetaLSTM else {"first_order": True}
    options |= {"source_dims": [4], "dropout": 0.0} if metadata else {}
    learner = make(kind, NETWORKS[inputs](), inner_steps=3, vectorised=vectorised, **options)
    one = Inputs(1, images=inputs == "images")
    two, context = one.reordered(torch.tensor([0, 0])), context_of(1) if metadata else None
    twice = MetadataContext([context.vectors[0].repeat(2, 1, 1)], context.present.repeat(2, 1, 1)) if context else None
    gradient = meta_gradient(learner, lambda: query_loss(learner, two, twice))
    inner = learner.adapting.inner if kind is ANIL else learner.inner
    inner.vectorised = False
    with constant_gradients(learner, lambda: query_loss(learner, one, context)):
        inner.vectorised = vectorised
        assert error_against_differences(learner, lambda: query_loss(learner, two, twice), gradient=gradient) < 1e-6


@EVERY
@pytest.mark.parametrize("inputs", NETWORKS)
@pytest.mark.parametrize("first_order", [False, True], ids=["second", "first"])
def test_vectorised_form_equals_the_loop(kind, inputs, first_order):
    options = {} if kind in (MetaLSTM, Reptile) else {"first_order": first_order}
    tasks, found = Inputs(3, images=inputs == "images"), []
    for vectorised in (False, True):
        learner = make(kind, NETWORKS[inputs](), inner_steps=3, vectorised=vectorised, source_dims=[4], dropout=0.0, **options)
        context = context_of(3)
        gradient = meta_gradient(learner, lambda: query_loss(learner, tasks, context))  # noqa: B023
        found.append((learner(TaskBatch.by_class(tasks.support, tasks.query, context)), gradient))
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("inputs", NETWORKS)
def test_vectorised_form_equals_the_loop_to_a_millionth_in_single_precision(inputs):
    tasks = Inputs(3, images=inputs == "images", dtype=torch.float32)
    found = [
        make(MAML, NETWORKS[inputs](), inner_lr=0.1, vectorised=v).float()(TaskBatch.by_class(tasks.support, tasks.query))
        for v in (False, True)
    ]
    torch.testing.assert_close(*found, rtol=1e-6, atol=2e-6)


@EVERY
@FORMS
def test_zero_strength_is_the_plain_learner_to_the_last_bit(kind, vectorised):
    plain = make(kind, inner_steps=2, vectorised=vectorised).eval()
    informed = make(kind, inner_steps=2, vectorised=vectorised, source_dims=[4]).eval()
    informed.anchors.strength.weight.data.zero_()
    informed.anchors.strength.bias.data.fill_(-1e4)
    tasks, context = Inputs(), context_of()
    expected = plain(TaskBatch.by_class(tasks.support, tasks.query))
    assert torch.equal(informed(TaskBatch.by_class(tasks.support, tasks.query, context)), expected)
    assert torch.equal(informed(TaskBatch.by_class(tasks.support, tasks.query)), expected)
    absent = context.masked(torch.zeros(1, dtype=torch.bool))
    informed.anchors.strength.bias.data.fill_(2)
    assert torch.equal(informed(TaskBatch.by_class(tasks.support, tasks.query, absent)), expected)
    assert not torch.allclose(informed(TaskBatch.by_class(tasks.support, tasks.query, context)), expected)


@EVERY
@FORMS
@METADATA
def test_order_of_classes_does_not_matter(kind, vectorised, metadata):
    learner = make(kind, inner_steps=2, vectorised=vectorised, **({"source_dims": [4]} if metadata else {})).eval()
    order = torch.tensor([2, 0, 1])
    other = permuted_rows(learner, order, HEAD_ROWS.get(kind, ["head.weight", "head.bias"]))
    tasks, context = Inputs(), context_of() if metadata else None
    moved = MetadataContext([context.vectors[0][:, order]], context.present[:, order]) if context else None
    expected = learner(TaskBatch.by_class(tasks.support, tasks.query, context))[:, :, order]
    torch.testing.assert_close(
        other(TaskBatch.by_class(tasks.support[:, order], tasks.query, moved)), expected, rtol=1e-9, atol=1e-9
    )


@EVERY
@FORMS
@METADATA
@pytest.mark.parametrize("inputs", NETWORKS)
def test_order_of_episodes_does_not_matter(kind, vectorised, inputs, metadata):
    options = {"source_dims": [4]} if metadata else {}
    learner = make(kind, NETWORKS[inputs](), inner_steps=2, vectorised=vectorised, **options).eval()
    tasks, order = Inputs(3, images=inputs == "images"), torch.tensor([1, 2, 0])
    context = context_of(3) if metadata else None
    moved = MetadataContext([context.vectors[0][order]], context.present[order]) if context else None
    expected = learner(TaskBatch.by_class(tasks.support, tasks.query, context))[order]
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support[order], tasks.query[order], moved)), expected, rtol=1e-9, atol=1e-9
    )


@EVERY
@FORMS
def test_adapts_also_where_gradients_are_off(kind, vectorised):
    learner = make(kind, inner_steps=3, vectorised=vectorised).eval()
    tasks = Inputs()
    with torch.no_grad():
        found = learner(TaskBatch.by_class(tasks.support, tasks.query))
    assert not found.requires_grad
    torch.testing.assert_close(found, learner(TaskBatch.by_class(tasks.support, tasks.query)).detach(), rtol=1e-10, atol=1e-10)


@FORMS
def test_queries_do_not_see_one_another_unless_batch_norm_is_transductive(vectorised):
    tasks = Inputs()
    for batch_norm, alone_is_the_same in (("batch", False), ("support", True), ("running", True)):
        learner = make(MAML, inner_steps=2, batch_norm=batch_norm, vectorised=vectorised).eval()
        together, alone = (
            learner(TaskBatch.by_class(tasks.support, tasks.query))[:, :3],
            learner(TaskBatch.by_class(tasks.support, tasks.query[:, :3])),
        )
        assert torch.allclose(together, alone, atol=1e-10) == alone_is_the_same, batch_norm


@FORMS
@MODES
def test_a_task_changes_no_state(vectorised, batch_norm):
    learner = make(MAML, inner_steps=2, batch_norm=batch_norm, vectorised=vectorised)
    learner.train(batch_norm != "running")
    before = {name: value.clone() for name, value in learner.state_dict().items()}
    learner(TaskBatch.by_class(Inputs().support, Inputs().query))
    assert all(torch.equal(before[name], value) for name, value in learner.state_dict().items())


def test_running_statistics_move_once_a_batch_by_the_same_amount_in_both_forms():
    moved = []
    for vectorised in (False, True):
        learner = make(MAML, inner_steps=2, batch_norm="running", vectorised=vectorised).train()
        before = learner.backbone.blocks[1].running_mean.clone()
        learner(TaskBatch.by_class(Inputs().support, Inputs().query))
        moved.append(learner.backbone.blocks[1].running_mean - before)
    assert moved[0].abs().max() > 1e-3
    torch.testing.assert_close(*moved, rtol=1e-9, atol=1e-12)


@EVERY
def test_every_step_can_be_watched(kind):
    learner = make(kind, inner_steps=3, **({"eval_steps": 3} if kind is Reptile else {})).eval()
    tasks, seen = Inputs(), []
    learner.trace(
        TaskBatch.by_class(tasks.support, tasks.query),
        lambda step, loss, logits, **notes: seen.append((step, loss, logits, notes)),
    )
    assert [step for step, *_ in seen] == [0, 1, 2, 3]
    assert all(loss.shape == (2,) and logits.shape == (2, 12, N_WAY) and loss.isfinite().all() for _, loss, logits, _ in seen)
    torch.testing.assert_close(seen[-1][2], learner(TaskBatch.by_class(tasks.support, tasks.query)).detach())
    if kind is not MetaLSTM:  # its untrained gates also forget
        assert (seen[-1][1] < seen[0][1]).all()


@FORMS
def test_a_diverging_inner_loop_names_its_step_and_the_cure(vectorised):
    learner = make(MAML, inner_steps=4, inner_lr=1e9, vectorised=vectorised)
    with pytest.raises(BadInput, match=r"diverged: after inner step [12] of 4 .* lower inner_lr"):
        learner(TaskBatch.by_class(Inputs().support, Inputs().query))


@FORMS
def test_a_start_that_is_not_a_number_is_not_blamed_on_the_step_size(vectorised):
    learner = make(MAML, vectorised=vectorised)
    tasks = Inputs()
    tasks.support[0, 0, 0] = torch.nan
    with pytest.raises(BadInput, match="before the first inner step"):
        learner(TaskBatch.by_class(tasks.support, tasks.query))


@pytest.mark.parametrize("kind", [k for k in LEARNERS if k is not ProtoMAML], ids=lambda kind: kind.__name__)
def test_another_number_of_ways_is_refused(kind):
    learner, tasks = make(kind), Inputs()
    with pytest.raises(BadInput, match="3 classes, and the task has 2"):
        learner(TaskBatch.by_class(tasks.support[:, :2], tasks.query))


def test_vectorising_a_layer_norm_at_second_order_is_refused_and_not_chosen():
    def network() -> nn.Module:
        return nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4))

    with pytest.raises(BadInput, match="LayerNorm"):
        make(MAML, network(), vectorised=True)
    learner = make(MAML, network(), inner_steps=2)
    assert error_against_differences(learner, lambda: query_loss(learner, Inputs())) < 1e-6


def test_zero_shots_are_classified_by_the_anchors_alone():
    tasks, context = Inputs(shots=0), context_of()
    for kind in (MAML, ProtoMAML):
        learner = make(kind, source_dims=[4], batch_norm="running").eval()
        anchor, _ = learner.anchors(context)
        embedded = learner.backbone(tasks.query.flatten(0, 1)).view(2, -1, 4)
        expected = torch.softmax(-torch.cdist(embedded, anchor).square(), -1)
        torch.testing.assert_close(
            learner(TaskBatch.by_class(tasks.support, tasks.query, context)).softmax(-1), expected, rtol=1e-7, atol=1e-9
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_both_forms_agree_on_conv4_in_its_fast_layout(channels):
    shape, found = (16, 16) if channels == 1 else (16, 16, 3), []
    generator = torch.Generator().manual_seed(0)
    support, query = (torch.rand(2, *n, *shape, generator=generator, dtype=torch.float64) for n in ((3, 2), (4,)))
    for vectorised in (False, True):
        learner = make(MAML, Conv4(4, channels), inner_steps=2, inner_lr=0.1, vectorised=vectorised)
        found.append(meta_gradient(learner, lambda: learner(TaskBatch.by_class(support, query)).square().mean()))  # noqa: B023
    torch.testing.assert_close(*found, rtol=1e-8, atol=1e-10)
