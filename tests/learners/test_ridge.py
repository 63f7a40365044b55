"""R2D2's head is ridge regression: NumPy must agree."""

import numpy as np
import pytest
import torch
from torch import nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import make
from metadash.learners.ridge import R2D2, Ridge
from tests.learners.tasks import SOURCE, accuracy, gaussian_tasks, set_strength, some_metadata

SHAPES = [(1, 16), (5, 16), (2, 64)]  # shots and width: fewer rows than features, more, fewer


def numpy_ridge(rows: np.ndarray, targets: np.ndarray, penalty: float) -> np.ndarray:
    return np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ targets)


def learner(dim, metadata=False):
    torch.manual_seed(0)
    sources = ([SOURCE], "pseudo-shots") if metadata else (None, "none")
    return R2D2(nn.Identity(), dim, *sources, ridge_lambda=0.7).double().eval()


def penalty_of(learner):
    return learner.log_lambda.exp().item()


@pytest.mark.parametrize(("shots", "dim"), SHAPES)
def test_the_head_is_numpys_ridge_solution(shots, dim):
    support = gaussian_tasks(n_tasks=3, shots=shots, dim=dim)[0].double()
    plain = learner(dim)
    head, penalty = plain.head(TaskBatch.by_class(support, support[:, 0])).detach().numpy(), penalty_of(plain)
    targets = np.repeat(np.eye(5), shots, axis=0)
    for b in range(3):
        rows = support[b].flatten(0, 1).numpy()
        np.testing.assert_allclose(head[b], numpy_ridge(rows, targets, penalty), atol=1e-10)
        woodbury = rows.T @ np.linalg.inv(rows @ rows.T + penalty * np.eye(len(rows))) @ targets  # as the paper writes it
        np.testing.assert_allclose(head[b], woodbury, atol=1e-10)


@pytest.mark.parametrize(("shots", "dim"), SHAPES)
def test_metadata_is_a_row_weighted_by_the_root_of_its_strength(shots, dim):
    support = gaussian_tasks(n_tasks=3, shots=shots, dim=dim)[0].double()
    context = some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    anchored = learner(dim, metadata=True)
    anchor, strength = (found.detach() for found in anchored.anchors(context))
    head = anchored.head(TaskBatch.by_class(support, support[:, 0], context)).detach().numpy()
    for b in range(3):
        root = strength[b].sqrt()[:, None]
        rows = torch.cat([support[b].flatten(0, 1), root * anchor[b]]).numpy()
        targets = np.concatenate([np.repeat(np.eye(5), shots, axis=0), root.numpy() * np.eye(5)])
        np.testing.assert_allclose(head[b], numpy_ridge(rows, targets, penalty_of(anchored)), atol=1e-10)


def test_a_strong_anchor_without_any_shot_is_the_ridge_solution_of_the_anchors():
    support = torch.zeros(3, 5, 0, 16).double()
    context = some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    anchored = learner(16, metadata=True)
    set_strength(anchored, 4.0)
    anchor = anchored.anchors(context)[0].detach().numpy()
    head = anchored.head(TaskBatch.by_class(support, support[:, 0], context)).detach().numpy()
    expected = numpy_ridge(2 * anchor[0], 2 * np.eye(5), penalty_of(anchored))
    np.testing.assert_allclose(head[0], expected, atol=1e-7)  # the strength is softplus of a number stored in single precision


@pytest.mark.parametrize(("shots", "dim"), SHAPES)
def test_the_inverse_undoes_the_matrix(shots, dim):
    support = gaussian_tasks(n_tasks=2, shots=shots, dim=dim)[0].double()
    rows, anchor, strength = support.flatten(1, 2), torch.randn(2, 5, dim).double(), torch.rand(2, 5).double()
    matrix = rows.mT @ rows + anchor.mT @ (strength[..., None] * anchor) + 0.3 * torch.eye(dim).double()
    columns = torch.randn(2, dim, 4).double()
    torch.testing.assert_close(Ridge(rows, 0.3, (anchor, strength)).inverse(matrix @ columns), columns)


def test_the_labels_of_a_support_follow_its_order():
    batch = TaskBatch.by_class(torch.zeros(1, 3, 2, 4), torch.zeros(1, 1, 4))
    assert batch.one_hot().argmax(dim=1).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("name", ["r2d2", "logistic"])
def test_equal_rows_and_the_least_penalty_leave_a_solution(name, scale):
    """Rows that are there several times, once of two classes at once, have a Gram matrix without an inverse."""
    option = {"r2d2": {"ridge_lambda": 1e-6}, "logistic": {"logistic_c": 1e4}}[name]
    torch.manual_seed(0)
    made = make(name, nn.Identity(), 16, 4, options=option).eval()
    centre = 2 * torch.randn(40, 4, 1, 16)
    support, query = centre + 0.2 * torch.randn(40, 4, 5, 16), centre + 0.2 * torch.randn(40, 4, 5, 16)
    support[:, :, 1:3] = support[:, :, :1]
    support[:, 1, 0] = support[:, 0, 0]
    logits = made.classify(TaskBatch.by_class(scale * support, scale * query.flatten(1, 2)))
    assert accuracy(logits, torch.arange(4).repeat_interleave(5).expand(40, -1)) > 95


def test_a_penalty_that_rounding_leaves_is_used_as_it_is():
    support = gaussian_tasks(n_tasks=3, shots=5, dim=16)[0].flatten(1, 2)
    assert torch.equal(Ridge(support, 0.1).penalty, torch.full((3, 1, 1), 0.1))
    assert (Ridge(support, 1e-9).penalty > 1e-9).all()
