"""MetaOptNet's head is Crammer and Singer's support vector machine: scikit-learn must agree, and finite differences with its gradient."""

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.metaoptnet import MetaOptNet, onto_simplex
from tests.learners.tasks import SOURCE, gaussian_tasks, set_strength, some_metadata


def learner(dim: int, metadata: bool = False, **options: float) -> MetaOptNet:
    torch.manual_seed(0)
    sources = ([SOURCE], "pseudo-shots") if metadata else (None, "none")
    return MetaOptNet(nn.Identity(), dim, *sources, **options).double().eval()


def tasks(shots: int, dim: int, apart: float = 1.0) -> TaskBatch:
    support, query, _ = gaussian_tasks(3, 4, shots, 4, dim, apart)
    return TaskBatch.by_class(support.double(), query.double())


def objective(head: np.ndarray, rows: np.ndarray, labels: np.ndarray, boxes: np.ndarray) -> float:
    scores = rows @ head
    violated = scores + (labels[:, None] != np.arange(head.shape[1])) - scores[np.arange(len(rows)), labels][:, None]
    return float((head**2).sum() / 2 + (boxes * violated.max(axis=1)).sum())


def oracle(rows: np.ndarray, labels: np.ndarray, c: float) -> np.ndarray:
    found = LinearSVC(multi_class="crammer_singer", fit_intercept=False, C=c, tol=1e-10, max_iter=100_000, random_state=0)
    return found.fit(rows, labels).coef_.T


@pytest.mark.parametrize("c", [0.1, 3.0])
@pytest.mark.parametrize(("shots", "dim"), [(1, 16), (5, 16), (6, 3)])
def test_the_head_is_scikit_learns_support_vector_machine(shots: int, dim: int, c: float) -> None:
    batch = tasks(shots, dim)
    heads = learner(dim, svm_c=c, svm_steps=1000).head(batch).detach().numpy()
    for rows, labels, head in zip(batch.support_x.numpy(), batch.support_y.numpy(), heads, strict=True):
        expected, boxes = oracle(rows, labels, c), np.full(len(rows), c)
        assert objective(head, rows, labels, boxes) <= objective(expected, rows, labels, boxes) * (1 + 1e-7)
        np.testing.assert_allclose(head, expected, atol=2e-4)


def test_as_many_steps_as_usual_are_near_the_optimum() -> None:
    batch = tasks(5, 16)
    usual, long = learner(16).head(batch), learner(16, svm_steps=2000).head(batch)
    assert (usual - long).norm() < 0.01 * long.norm()
    assert (learner(16, svm_steps=3).head(batch) - long).norm() > 0.05 * long.norm()


def test_metadata_is_one_more_example_whose_box_is_as_wide_as_its_strength() -> None:
    """Of strength three it is an example that is there three times."""
    batch, context = tasks(2, 8), some_metadata(3, 4)
    context.vectors[0] = context.vectors[0].double()
    made = learner(8, metadata=True, svm_steps=1000)
    set_strength(made, 3.0)
    anchors = made.anchors(context)[0].detach()
    told = TaskBatch(batch.support_x, batch.support_y, batch.query_x, context=context, n_way=4)
    heads = made.head(told).detach().numpy()
    for b in range(3):
        rows = torch.cat([batch.support_x[b], anchors[b].repeat(3, 1)]).numpy()
        labels = np.concatenate([batch.support_y[b].numpy(), np.tile(np.arange(4), 3)])
        np.testing.assert_allclose(heads[b], oracle(rows, labels, 0.1), atol=2e-4)


def test_a_row_that_is_masked_has_no_part_in_the_head() -> None:
    support, query = (x.double() for x in gaussian_tasks(2, 3, 4, 2, 8)[:2])
    there = torch.ones(2, 3, 4, dtype=torch.bool)
    there[:, 1, 1:] = False
    made = learner(8, svm_steps=1000)
    found = made(TaskBatch.by_class(support, query, mask=there))
    for b in range(2):
        rows = support[b][there[b]][None]
        labels = torch.arange(3)[:, None].expand(3, 4)[there[b]][None]
        torch.testing.assert_close(found[b : b + 1], made(TaskBatch(rows, labels, query[b : b + 1])), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shots", [1, 3])
@pytest.mark.parametrize("c", [0.1, 3.0])
def test_the_gradient_by_the_examples_is_the_finite_difference(shots: int, c: float) -> None:
    support, query, _ = gaussian_tasks(2, 3, shots, 2, 4)
    made = learner(4, svm_c=c, svm_steps=1000)

    def logits(support: Tensor) -> Tensor:
        return made(TaskBatch.by_class(support, query.double()))

    assert torch.autograd.gradcheck(logits, (support.double().requires_grad_(),), atol=1e-5, fast_mode=True)


def test_the_gradient_is_a_number_where_rows_are_equal_and_in_single_precision() -> None:
    support, query, _ = gaussian_tasks(8, 5, 5, 4, 4)
    support[:, :, 1:3] = support[:, :, :1]
    support.requires_grad_()
    MetaOptNet(nn.Identity(), 4, svm_c=10.0)(TaskBatch.by_class(support, query)).square().sum().backward()
    assert support.grad is not None and support.grad.isfinite().all() and support.grad.abs().max() < 1e4


def test_as_many_steps_as_usual_give_the_gradient_of_the_optimum() -> None:
    """Of a directions' sum whose sign is wrong the steps would still end there, long after."""
    support, query, _ = gaussian_tasks(4, 5, 5, 4, 16)

    def gradient(steps: int) -> Tensor:
        given = support.double().requires_grad_()
        made = learner(16, svm_steps=steps)
        made(TaskBatch.by_class(given, query.double())).log_softmax(dim=-1)[..., 0].sum().backward()
        assert given.grad is not None
        return given.grad

    assert (gradient(100) - gradient(2000)).norm() < 0.01 * gradient(2000).norm()
    assert (gradient(100) - gradient(5)).norm() > 0.05 * gradient(2000).norm()


def test_a_part_of_a_point_on_the_simplex_is_none_or_what_is_left_of_it() -> None:
    drawn = torch.tensor([[0.2, 0.3, 0.5], [5.0, 0.0, 4.5], [-3.0, -3.0, -3.0], [0.1, 0.2, -9.0]], dtype=torch.float64)
    expected = [[0.2, 0.3, 0.5], [0.75, 0.0, 0.25], [1 / 3, 1 / 3, 1 / 3], [0.45, 0.55, 0.0]]
    torch.testing.assert_close(onto_simplex(drawn), torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(onto_simplex(drawn[1]), onto_simplex(drawn)[1], rtol=0, atol=0)
