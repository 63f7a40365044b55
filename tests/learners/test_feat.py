"""FEAT against its paper's formulas, written out in NumPy, and what a set-to-set function is good for."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.feat import FEAT
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.learners.registry import LEARNERS, make
from tests.learners.tasks import SOURCE, accuracy, gaussian_tasks, some_metadata

D = 16


def learner(distance: str = "euclidean", metadata: bool = False, seed: int = 0, **options: object) -> FEAT:
    """In double precision, with a layer norm that is not what it starts as."""
    torch.manual_seed(seed)
    sources = ([SOURCE], "pseudo-shots") if metadata else (None, "none")
    made = FEAT(nn.Identity(), D, *sources, distance=distance, **{"feat_start": "paper"} | options).double().eval()
    nn.init.normal_(made.transformer.norm.weight, 1, 0.2)
    nn.init.normal_(made.transformer.norm.bias, 0, 0.2)
    return made


def softmax(x: np.ndarray) -> np.ndarray:
    weight = np.exp(x - x.max())
    return weight / weight.sum()


def papers(made: FEAT, rows: np.ndarray) -> np.ndarray:
    """The paper's T of one set [M, D], a row and a head at a time."""
    weights = {name: p.detach().numpy() for name, p in made.transformer.named_parameters()}
    of_query, of_key, of_value = (
        weights[f"of_{part}.weight"].reshape(made.transformer.heads, D, D) for part in ("query", "key", "value")
    )
    found = []
    for row in rows:
        heads = []
        for q, k, v in zip(of_query, of_key, of_value, strict=True):
            attention = softmax(np.array([(q @ row) @ (k @ other) / np.sqrt(D) for other in rows]))
            heads.append(sum(a * (v @ other) for a, other in zip(attention, rows, strict=True)))
        x = row + weights["out.weight"] @ np.concatenate(heads) + weights["out.bias"]
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
        found.append(weights["norm.weight"] * x + weights["norm.bias"])
    return np.array(found)


def scores(made: FEAT, query: np.ndarray, centres: np.ndarray) -> np.ndarray:
    scale = np.exp(made.log_scale.item())
    if made.distance == "euclidean":
        return -scale * ((query[:, None] - centres[None]) ** 2).sum(-1)
    return scale * (query @ centres.T) / np.linalg.norm(query, axis=1)[:, None] / np.linalg.norm(centres, axis=1)


def doubles(uneven: bool = False) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    support, query, target = gaussian_tasks(3, 5, 4)
    mask = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(3)) < 0.6 if uneven else None
    if mask is not None:
        mask[:, :, 0] = True
    return support.double(), query.double(), target, mask


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_queries_are_compared_with_the_prototypes_that_the_papers_transformer_makes_of_the_metadatas(
    distance: str, heads: int, uneven: bool
) -> None:
    support, query, _, mask = doubles(uneven)
    context = some_metadata(3)
    context.vectors[0] = context.vectors[0].double()
    made = learner(distance, metadata=True, feat_heads=heads)
    found = made(TaskBatch.by_class(support, query, context, mask=mask)).detach().numpy()
    anchor, strength = (x.detach().numpy() for x in made.anchors(context))
    there = np.ones((3, 5, 4)) if mask is None else mask.numpy()
    for b in range(3):
        total = (there[b][..., None] * support[b].numpy()).sum(1) + strength[b][:, None] * anchor[b]
        prototypes = total / (there[b].sum(1) + strength[b])[:, None]
        np.testing.assert_allclose(found[b], scores(made, query[b].numpy(), papers(made, prototypes)), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_the_contrastive_loss_adapts_each_class_by_itself_and_asks_for_the_nearest_centre(distance: str, uneven: bool) -> None:
    support, query, target, mask = doubles(uneven)
    asked = None if mask is None else torch.rand(3, 50, generator=torch.Generator().manual_seed(4)) < 0.7
    batch = TaskBatch.by_class(support, query, query_y=target, mask=mask, query_mask=asked)
    made = learner(distance, feat_dropout=0.0)
    losses, queries = [], []
    for b in range(3):
        rows = [x.numpy() for x in (support[b].flatten(0, 1), query[b])]
        kept = [x[b].flatten().numpy() for x in (mask, asked)] if mask is not None and asked is not None else [slice(None)] * 2
        rows = np.concatenate([x[k] for x, k in zip(rows, kept, strict=True)])
        y = np.concatenate([np.repeat(np.arange(5), 4)[kept[0]], target[b].numpy()[kept[1]]])
        centres = np.array([papers(made, rows[y == c]).mean(0) for c in range(5)])
        losses.append(np.mean([-np.log(softmax(row)[c]) for row, c in zip(scores(made, rows, centres), y, strict=True)]))
        queries.append(50 if asked is None else int(asked[b].sum()))
    found = made.contrast(made.modulated(batch)).item()
    np.testing.assert_allclose(found, np.average(losses, weights=queries), rtol=1e-8)
    made.contrast_weight = 0.5
    alone = made.loss(batch).item()
    np.testing.assert_allclose(made.train().loss(batch).item(), alone + 0.5 * found, rtol=1e-12)


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("offset", [0.0, 800.0])
@pytest.mark.parametrize("metadata", [False, True])
def test_it_starts_at_prototypical_networks_to_the_last_bit(metadata: bool, offset: float, distance: str) -> None:
    support, query, _ = gaussian_tasks()
    context = some_metadata() if metadata else None
    sources = {"source_dims": [SOURCE], "fusion": "pseudo-shots"} if metadata else {}
    batch = TaskBatch.by_class(support + offset, query + offset, context)
    torch.manual_seed(0)
    start = make("feat", nn.Identity(), D, 5, distance=distance, **sources).eval()
    torch.manual_seed(0)
    prototypical = make("prototypical", nn.Identity(), D, 5, distance=distance, **sources).eval()
    assert isinstance(prototypical, PrototypicalNetwork) and not isinstance(start, PrototypicalNetwork)
    assert torch.equal(start(batch), prototypical(batch))


def test_the_order_of_classes_is_that_of_their_scores_and_another_class_changes_all() -> None:
    support, query, _, mask = doubles(uneven=True)
    made, order = learner(feat_heads=2), torch.tensor([3, 0, 4, 1, 2])
    assert mask is not None
    straight = made(TaskBatch.by_class(support, query, mask=mask))
    moved = made(TaskBatch.by_class(support[:, order], query, mask=mask[:, order]))
    torch.testing.assert_close(moved, straight[..., order])
    fewer = made(TaskBatch.by_class(support[:, :4], query, mask=mask[:, :4]))
    assert (fewer - straight[..., :4]).abs().min(dim=1).values.max() > 1e-3


def test_where_zero_is_put_for_the_sake_of_digits_is_not_where_the_transformer_sees_it() -> None:
    support, query, _, _ = doubles()
    far, made = 20.0, learner()
    prototypes = support.mean(2)[0].numpy() + far
    expected = scores(made, query[0].numpy() + far, papers(made, prototypes))
    found = made(TaskBatch.by_class(support + far, query + far))[0].detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def moved_away(n_tasks: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """One example a class, and all examples of a task moved together from where its queries lie: what only the other classes tell."""
    generator = torch.Generator().manual_seed(seed)
    centre = torch.randn(n_tasks, 5, 1, 8, generator=generator)
    away = 1.5 * torch.randn(n_tasks, 1, 1, 8, generator=generator)
    support = centre + away + 0.2 * torch.randn(n_tasks, 5, 1, 8, generator=generator)
    query = (centre + 0.2 * torch.randn(n_tasks, 5, 10, 8, generator=generator)).flatten(1, 2)
    return support, query, torch.arange(5).repeat_interleave(10).expand(n_tasks, -1)


@pytest.mark.parametrize("start", ["prototypes", "paper"])
def test_it_learns_to_place_classes_in_the_light_of_one_another_where_prototypes_cannot(start: str) -> None:
    support, query, target = moved_away(200, 10_000)

    def trained(name: str, **options: object) -> float:
        torch.manual_seed(0)
        made = make(name, nn.Identity(), 8, 5, options=options)
        optimiser = torch.optim.Adam(made.parameters(), lr=1e-2)
        for step in range(120):
            optimiser.zero_grad()
            made.loss(TaskBatch.by_class(*(drawn := moved_away(16, step))[:2], query_y=drawn[2])).backward()
            optimiser.step()
        return accuracy(made.eval()(TaskBatch.by_class(support, query)), target)

    assert trained("feat", feat_start=start) > trained("prototypical") + 10


def test_every_option_of_its_changes_what_is_learned() -> None:
    support, query, target = gaussian_tasks()
    batch, losses = TaskBatch.by_class(support, query, query_y=target), []
    paper = {"feat_start": "paper"}
    options = [{}, paper, {"feat_contrast": 0.0}, paper | {"feat_heads": 2}, paper | {"feat_dropout": 0.0}]
    for given in options:
        torch.manual_seed(0)
        losses.append(make("feat", nn.Identity(), D, 5, options=given).train().loss(batch).item())
    assert len(set(losses)) == len(options)
    assert {name for given in options for name in given} == set(LEARNERS["feat"].options)
