"""BD-CSPN, LaplacianShot and TIM against what their papers say, written again in NumPy, one task and one query at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import make
from metadash.learners.transductive.bd_cspn import SHARPNESS
from metadash.learners.transductive.laplacian import TURNS
from metadash.networks.anchors import MetadataContext
from tests.learners.tasks import SOURCE, gaussian_tasks

B, N, D = 4, 5, 16
COUNTS = np.array([[1, 5, 2, 3, 4], [4, 1, 1, 5, 2], [2, 2, 5, 1, 3], [5, 5, 5, 5, 5]])


def learner(name, metadata=False, **options):
    torch.manual_seed(0)
    sources = {"source_dims": [SOURCE], "fusion": "pseudo-shots"} if metadata else {}
    return make(name, nn.Identity(), D, N, options=options, **sources).double().eval()


def tasks(shots=5, uneven=False, metadata=False, queries=9, asked=None):
    """A batch and, of each task, the support [N][k, D], the queries [Q, D]."""
    support, query, _ = gaussian_tasks(B, N, shots, queries, D, apart=0.6)
    support, query = support.double(), query.double()
    mask = torch.from_numpy(np.arange(shots) < COUNTS[..., None]) if uneven else None
    generator = torch.Generator().manual_seed(9)
    context = MetadataContext(
        [torch.randn(B, N, SOURCE, generator=generator, dtype=torch.float64)], torch.rand(B, N, 1, generator=generator) < 0.8
    )
    there = None if asked is None else torch.arange(N * queries) < torch.tensor(asked)[:, None]
    batch = TaskBatch.by_class(support, query, context if metadata else None, None, mask, there)
    kept = COUNTS if uneven else np.full((B, N), shots)
    alone = [
        ([support[b, n, : kept[b, n]].numpy() for n in range(N)], query[b, : None if asked is None else asked[b]].numpy())
        for b in range(B)
    ]
    return batch, alone


def anchors_of(made, batch):
    """μ [N, D] and κ [N] of each task; κ = 0 without metadata."""
    if batch.context is None:
        return [(np.zeros((N, D)), np.zeros(N))] * B
    mu, kappa = (x.detach().numpy() for x in made.anchors(batch.context))
    return list(zip(mu, kappa, strict=True))


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def rectify(support, query, mu, kappa, top):
    """The paper's equations: a basic prototype, the moved queries, pseudo-labels, and a weighted mean."""
    support, query, mu = [unit(rows) for rows in support], unit(query), unit(mu)
    shown = np.concatenate(support)
    middle = (shown.sum(0) + (kappa[:, None] * mu).sum(0)) / (len(shown) + kappa.sum())
    query = query + middle - query.mean(0)
    basic = [(rows.sum(0) + kappa[n] * mu[n]) / (len(rows) + kappa[n]) for n, rows in enumerate(support)]
    cosines = np.array([[unit(x) @ unit(p) for p in basic] for x in query])
    found = []
    for n, p in enumerate(basic):
        mine = [q for q in range(len(query)) if cosines[q].argmax() == n]
        mine = sorted(mine, key=lambda q, n=n: -cosines[q, n])[:top]
        rows = [*support[n], *(query[q] for q in mine), mu[n]]
        weights = [np.exp(SHARPNESS * unit(x) @ unit(p)) for x in rows]
        weights[-1] *= kappa[n]
        found.append(sum(w * x for w, x in zip(weights, rows, strict=True)) / sum(weights))
    return np.array(found), query


def softmax(logits):
    likes = np.exp(logits - logits.max(-1, keepdims=True))
    return likes / likes.sum(-1, keepdims=True)


def laplacian(prototypes, query, lam, neighbours):
    away = np.array([[np.sum((q - p) ** 2) for p in prototypes] for q in query])
    beside = np.zeros((len(query), len(query)))
    for q in range(len(query)):
        far = np.linalg.norm(query - query[q], axis=1)
        far[q] = np.inf
        beside[q, np.argsort(far)[:neighbours]] = 1
    y = softmax(-away)
    for _ in range(TURNS - 1):
        y = softmax(-away + lam * beside @ y)
    return -away + lam * beside @ y, away, beside


def tim_loss(weights, support, query, mu, kappa, alpha):
    """In torch, so that autograd says the slope that the learner has written out; one task."""
    logits = lambda z: -7.5 * (z[:, None] - weights[None]).square().sum(-1)  # noqa: E731
    entropy = (lambda p: -(p * p.log()).sum(-1)) if alpha == 1 else (lambda p: (1 - (p**alpha).sum(-1)) / (alpha - 1))
    rows, labels = torch.cat(support), torch.cat([torch.full((len(x),), n) for n, x in enumerate(support)])
    each = nn.functional.cross_entropy(logits(rows), labels, reduction="none").sum()
    told = (kappa * nn.functional.cross_entropy(logits(mu), torch.arange(N), reduction="none")).sum()
    p = logits(query).softmax(-1)
    fit = (each + told) / (len(rows) + kappa.sum())
    few, most = (0.1, 1.0) if alpha == 1 else (1.0, 1.0)
    return few * fit - (most * entropy(p.mean(0)) - few * entropy(p).mean())


def tim(support, query, mu, kappa, alpha, steps, rate):
    support, query, mu = ([torch.from_numpy(unit(x)) for x in support], torch.from_numpy(unit(query)), torch.from_numpy(unit(mu)))
    kappa = torch.from_numpy(kappa)
    start = [(x.sum(0) + kappa[n] * mu[n]) / (len(x) + kappa[n]) for n, x in enumerate(support)]
    weights = torch.stack(start).requires_grad_()
    adam = torch.optim.Adam([weights], lr=rate)
    for _ in range(steps):
        adam.zero_grad()
        tim_loss(weights, support, query, mu, kappa, alpha).backward()
        adam.step()
    return weights.detach().numpy(), query.numpy()


KINDS = pytest.mark.parametrize(
    ("shots", "uneven", "metadata", "asked"),
    [(1, False, False, None), (5, False, True, None), (5, True, False, None), (5, True, True, [45, 31, 12, 3])],
    ids=["one shot", "metadata", "uneven support", "uneven support, metadata and queries"],
)


def compare(found, expected):
    for b, one in enumerate(expected):
        np.testing.assert_allclose(found[b, : len(one)].detach().numpy(), one, rtol=1e-9, atol=1e-10)


@KINDS
@pytest.mark.parametrize("top", [0, 3, 8, 100])
def test_bd_cspn_is_the_papers_rectification(shots, uneven, metadata, asked, top):
    made = learner("bd-cspn", metadata, rectify_top=top)
    batch, alone = tasks(shots, uneven, metadata, asked=asked)
    expected = []
    for (support, query), (mu, kappa) in zip(alone, anchors_of(made, batch), strict=True):
        prototypes, moved = rectify(support, query, mu, kappa, top)
        expected.append(np.exp(made.log_scale.item()) * unit(moved) @ unit(prototypes).T)
    compare(made.classify(batch), expected)


@KINDS
@pytest.mark.parametrize(("lam", "neighbours"), [(0.7, 3), (2.0, 1), (0.7, 0), (0.0, 3)])
def test_laplacian_shot_is_the_papers_bound_updates(shots, uneven, metadata, asked, lam, neighbours):
    made = learner("laplacian-shot", metadata, laplacian_lambda=lam, neighbours=neighbours)
    batch, alone = tasks(shots, uneven, metadata, asked=asked)
    expected = []
    for (support, query), (mu, kappa) in zip(alone, anchors_of(made, batch), strict=True):
        prototypes, moved = rectify(support, query, mu, kappa, 8)
        expected.append(np.exp(made.log_scale.item()) * laplacian(prototypes, moved, lam, min(neighbours, len(query) - 1))[0])
    compare(made.classify(batch), expected)


def test_the_turns_lower_what_laplacian_shot_minimises():
    """Its energy with the bound's entropy: Σ y·a − (λ/2) Σ w y_q·y_p + Σ y·log y, for the symmetric w that the bound is proved for."""
    _, alone = tasks(1)
    prototypes, query = rectify(*alone[0], np.zeros((N, D)), np.zeros(N), 8)
    _, away, beside = laplacian(prototypes, query, 0.7, 3)
    beside = np.maximum(beside, beside.T)
    y, energies = softmax(-away), []
    for _ in range(6):
        energies.append((y * away).sum() - 0.35 * (y * (beside @ y)).sum() + (y * np.log(y)).sum())
        y = softmax(-away + 0.7 * beside @ y)
    assert np.all(np.diff(energies) < 0)


@KINDS
@pytest.mark.parametrize("alpha", [1.0, 2.0, 5.0])
def test_tim_steps_as_torchs_adam_does_on_the_papers_loss(shots, uneven, metadata, asked, alpha):
    made = learner("tim", metadata, tim_alpha=alpha, tim_steps=20, tim_lr=0.01)
    batch, alone = tasks(shots, uneven, metadata, asked=asked)
    for b, ((support, query), (mu, kappa)) in enumerate(zip(alone, anchors_of(made, batch), strict=True)):
        weights, seen = tim(support, query, mu, kappa, alpha, 20, 0.01)
        expected = softmax(-7.5 * ((seen[:, None] - weights[None]) ** 2).sum(-1))
        found = made.classify(batch)[b, : len(query)].softmax(-1).detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["bd-cspn", "laplacian-shot", "tim"])
def test_a_single_query_is_answered_too(name):
    support, query, _ = gaussian_tasks(B, N, 1, 1, D)
    found = learner(name).classify(TaskBatch.by_class(support.double(), query[:, :1].double()))
    assert found.shape == (B, 1, N) and found.isfinite().all()


def test_alpha_tim_gives_an_uneven_marginal_more_room_than_tim():
    """All queries of one class: Shannon's marginal pushes them apart, Tsallis's (α = 5) lets them be."""
    support, query, _ = gaussian_tasks(100, N, 1, 30, D, apart=0.8)
    batch = TaskBatch.by_class(support.double(), query[:, :30].double())  # of the first class alone
    right = {a: float((learner("tim", tim_alpha=a).classify(batch).argmax(-1) == 0).double().mean()) for a in (1.0, 5.0)}
    assert right[5.0] > right[1.0] + 0.1
