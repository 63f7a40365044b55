"""The cross-modal cache against its paper's formula, written out in NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from metadash.learners.cache import CrossModalCache
from metadash.learners.core.task_batch import TaskBatch
from tests.learners.tasks import SOURCE, accuracy, gaussian_tasks, some_metadata


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("uneven", [False, True])
def test_a_query_reads_every_example_by_how_near_it_is_and_adds_what_the_metadata_say(uneven: bool) -> None:
    torch.manual_seed(0)
    support, query, _ = (x.double() if x.is_floating_point() else x for x in gaussian_tasks(3, 5, 4))
    context = some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    learner = CrossModalCache(nn.Identity(), 16, [SOURCE], "pseudo-shots", cache_sharpness=3.0).double().eval()
    mask = torch.rand(3, 5, 4) < 0.6 if uneven else None
    found = learner(TaskBatch.by_class(support, query, context, mask=mask)).detach().numpy()
    anchor, strength = (x.detach().numpy() for x in learner.anchors(context))
    there = np.ones((3, 5, 4)) if mask is None else mask.numpy()
    for b in range(3):
        near = np.einsum("qd,nkd->qnk", unit(query[b].numpy()), unit(support[b].numpy()))
        cached = (there[b] * np.exp(-3.0 * (1 - near))).sum(-1)
        zero_shot = strength[b] * (unit(query[b].numpy()) @ unit(anchor[b]).T)
        np.testing.assert_allclose(found[b], np.exp(2.0) * (cached + zero_shot), rtol=1e-9)


def test_it_is_right_above_chance_and_a_sharp_cache_is_the_nearest_neighbour() -> None:
    support, query, target = gaussian_tasks(30, 5, 5)
    batch = TaskBatch.by_class(support, query)
    assert accuracy(CrossModalCache(nn.Identity(), 16)(batch), target) > 60
    sharp = CrossModalCache(nn.Identity(), 16, cache_sharpness=100.0).double()
    near = torch.nn.functional.cosine_similarity(query[:, :, None], support.flatten(1, 2)[:, None], dim=-1)
    wide = TaskBatch.by_class(support.double(), query.double())
    assert ((sharp(wide).argmax(-1) == near.argmax(-1) // 5).double().mean()) > 0.95
