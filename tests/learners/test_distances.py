"""Distances keep their digits wherever the embeddings lie: with any common offset the answers are those of double precision."""

import numpy as np
import pytest
import torch
from torch import Tensor

from metadash.answers.placement import placed
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.distances import squared_distances
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.training.counting import count_correct, places_of

OFFSETS = [800.0, 8_000.0]
N, K, Q, D, TASKS = 5, 5, 15, 64, 200


def tasks(offset: float) -> tuple[Tensor, Tensor]:
    """Support [B, N, K, D] and queries [B, N·Q, D] in single precision, of classes that are hard to tell apart, all at one offset."""
    generator = torch.Generator().manual_seed(0)
    centre = 0.25 * torch.randn(TASKS, N, 1, D, generator=generator)
    rows = offset + centre + torch.randn(TASKS, N, K + Q, D, generator=generator)
    return rows[:, :, :K].contiguous(), rows[:, :, K:].flatten(1, 2)


def exact_answers(support: Tensor, query: Tensor) -> Tensor:
    """[B, N·Q] by differences in double precision."""
    prototypes = support.double().mean(dim=2)
    return torch.stack(
        [(q[:, None] - p[None]).square().sum(-1).argmin(-1) for q, p in zip(query.double(), prototypes, strict=True)]
    )


def naive(query: Tensor, prototypes: Tensor) -> Tensor:
    return query.square().sum(-1, keepdim=True) - 2 * query @ prototypes.mT + prototypes.square().sum(-1)[..., None, :]


def counted(support: Tensor, query: Tensor, anchor: Tensor, share: Tensor) -> np.ndarray:
    """Right answers [B], by the counting of many heads."""
    rows = torch.cat([support, query.view(TASKS, N, Q, D)], dim=2)
    place = np.arange(TASKS * N * (K + Q)).reshape(TASKS, N, K + Q)
    classes = np.arange(TASKS * N).reshape(TASKS, N)
    manifest = EpisodeManifest(classes, place[..., :K], place[..., K:], np.full(TASKS, -1), (), "offset")
    table = rows.reshape(-1, D).numpy()
    return count_correct(table, np.arange(place.size), manifest, (K,), anchor, share, places_of(manifest)[1], "euclidean")[0, 0]


@pytest.mark.parametrize("offset", OFFSETS)
def test_no_answer_of_prototypes_flips_at_a_large_offset(offset: float) -> None:
    support, query = tasks(offset)
    expected = exact_answers(support, query)
    found = PrototypicalNetwork(torch.nn.Identity(), D)(TaskBatch.by_class(support, query)).argmax(-1)
    assert torch.equal(found, expected)
    flipped = (naive(query, support.mean(dim=2)).argmin(-1) != expected).float().mean()
    assert flipped > (0.1 if offset > 1000 else 1e-3), "the tasks are such that digits are lost where zero stays where it is"


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_no_counted_answer_flips_at_a_large_offset(offset: float, precision: torch.dtype) -> None:
    support, query = tasks(offset)
    right = (exact_answers(support, query) == torch.arange(N).repeat_interleave(Q)).sum(-1)
    anchor = torch.full((1, TASKS * N, D), offset, dtype=precision)
    assert np.array_equal(counted(support, query, anchor, torch.zeros(1, 1, TASKS * N, dtype=precision)), right.numpy())


@pytest.mark.parametrize("offset", [0.0, *OFFSETS])
def test_anchors_are_counted_where_they_lie_whatever_the_offset(offset: float) -> None:
    """All of a prototype's share on an anchor that lies at its class's mean: the answers of the mean, but for ties that rounding decides."""
    support, query = tasks(offset)
    right = (exact_answers(support, query) == torch.arange(N).repeat_interleave(Q)).sum(-1).numpy()
    anchor = support.double().mean(dim=2).flatten(0, 1)[None].float()
    found = counted(support, query, anchor, torch.ones(1, 1, TASKS * N))
    assert np.abs(found.astype(int) - right).sum() <= TASKS * N * Q / 1000


def test_a_task_s_answers_do_not_depend_on_how_far_another_lies() -> None:
    (support, query), (far, asked) = tasks(0.0), tasks(800.0)
    model = PrototypicalNetwork(torch.nn.Identity(), D)
    alone = model(TaskBatch.by_class(support[:1], query[:1]))
    beside = model(TaskBatch.by_class(torch.cat([support[:1], far[:1]]), torch.cat([query[:1], asked[:1]])))
    assert torch.equal(alone[0], beside[0])


def test_where_zero_is_changes_no_distance_and_no_gradient() -> None:
    query, prototypes = torch.randn(3, 7, D).double().requires_grad_(), torch.randn(3, N, D).double().requires_grad_()
    found, expected = squared_distances(query, prototypes), (query[:, :, None] - prototypes[:, None]).square().sum(-1)
    torch.testing.assert_close(found, expected)
    weight = torch.randn_like(found)
    for one, other in zip(
        torch.autograd.grad((weight * found).sum(), [query, prototypes], retain_graph=True),
        torch.autograd.grad((weight * expected).sum(), [query, prototypes]),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_a_new_point_lies_among_its_neighbours_on_a_map_at_any_offset() -> None:
    generator = np.random.default_rng(0)
    known, layout = generator.standard_normal((200, D)), generator.standard_normal((200, 2))
    vectors = known[:20] + 0.1 * generator.standard_normal((20, D))
    expected = placed(vectors, known, layout)
    for offset in OFFSETS:
        found = placed((vectors + offset).astype(np.float32), (known + offset).astype(np.float32), layout)
        np.testing.assert_allclose(found, expected, atol=0.02)
