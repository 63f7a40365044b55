import torch
from torch import nn

from metadash.learners.anil import ANIL
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from tests.learners.adapting_tasks import Inputs, accuracy_after_training, make, meta_gradient, query_loss, vector_network


def test_inner_steps_change_the_head_only_and_the_outer_gradient_reaches_the_backbone():
    learner, tasks = make(ANIL, vector_network(norm=False), inner_steps=3, inner_lr=0.5), Inputs()
    embedded = learner.embed(TaskBatch.by_class(tasks.support, tasks.query))
    by_hand = make(MAML, nn.Identity(), inner_steps=3, inner_lr=0.5)
    by_hand.head.load_state_dict(learner.adapting.head.state_dict())
    torch.testing.assert_close(learner(TaskBatch.by_class(tasks.support, tasks.query)), by_hand(embedded))
    assert meta_gradient(learner, lambda: query_loss(learner, tasks))["backbone.blocks.0.weight"].abs().max() > 0


def test_one_step_equals_the_gradient_of_softmax_regression_written_out():
    learner = make(ANIL, nn.Identity(), inner_steps=1, inner_lr=0.5)
    support = torch.randn(1, 3, 2, 4, dtype=torch.float64)
    query = torch.randn(1, 5, 4, dtype=torch.float64)
    weight, bias = learner.adapting.head.weight, learner.adapting.head.bias
    x, target = support.flatten(0, 2), torch.eye(3, dtype=torch.float64).repeat_interleave(2, 0)
    residual = (x @ weight.T + bias).softmax(-1) - target  # [6, 3]
    expected = query[0] @ (weight - 0.5 * residual.T @ x / 6).T + bias - 0.5 * residual.mean(0)
    torch.testing.assert_close(learner(TaskBatch.by_class(support, query))[0], expected)


def test_embeds_once_so_that_an_evaluation_may_store_the_embeddings():
    learner, tasks = make(ANIL).eval(), Inputs()
    assert isinstance(learner, EmbeddingLearner)
    expected = learner(TaskBatch.by_class(tasks.support, tasks.query))
    torch.testing.assert_close(learner.classify(learner.embed(TaskBatch.by_class(tasks.support, tasks.query))), expected)


def test_first_order_takes_no_gradient_through_the_support():
    learner, tasks = make(ANIL, vector_network(norm=False), inner_steps=2, first_order=True), Inputs()
    support = tasks.support.requires_grad_()
    learner(TaskBatch.by_class(support, tasks.query)).sum().backward()
    assert support.grad is None or not support.grad.any()


def test_beats_chance_by_20_points():
    accuracy, chance = accuracy_after_training(ANIL, inner_lr=0.4)
    assert accuracy > chance + 20


def test_beats_chance_by_20_points_on_stored_embeddings():
    accuracy, chance = accuracy_after_training(ANIL, network=nn.Identity(), inner_lr=0.1)
    assert accuracy > chance + 20
