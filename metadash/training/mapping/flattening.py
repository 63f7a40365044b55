"""From embeddings to a plane: t-SNE or principal components, of one learner or of two on the same axes, and how far the plane can be trusted."""

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from metadash.specs.views import MapSpec

NEIGHBOURS = 3
"""Times the perplexity are looked at around each point; where a data set has fewer points, its perplexity is what they serve."""

STEPS, FROM_A_LAYOUT = 750, 500
"""Of t-SNE's descent: 250 exaggerated and 500 not, as openTSNE (Poličar, Stražar & Zupan 2024) has it, and the 500 alone where it starts from a layout.
Of 2,000 points 250 more take a quarter longer and change the divergence by 1 %, the trustworthiness by less than 0.001."""

TRUSTED, SAMPLED, AT_ONCE = 12, 500, 100
"""Neighbours that trustworthiness asks about, points that it asks, and how many of them at a time."""


def usable_perplexity(spec: MapSpec, vectors: np.ndarray) -> float:
    return min(spec.perplexity, (len(vectors) - 1) / NEIGHBOURS)


def flat(spec: MapSpec, vectors: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """[P, D] to [P, 2]; t-SNE from principal components, or from ``start`` [P, 2] without the first exaggeration, which would scatter it."""
    if spec.method == "pca":
        return PCA(2, svd_solver="full").fit_transform(vectors)
    begun = {"init": "pca", "max_iter": STEPS}
    if start is not None:
        begun = {"init": start.astype(np.float32), "early_exaggeration": 1.0, "max_iter": FROM_A_LAYOUT}
    return TSNE(perplexity=usable_perplexity(spec, vectors), random_state=spec.seed, n_jobs=1, **begun).fit_transform(vectors)


def arranged(spec: MapSpec, vectors: Sequence[np.ndarray], instances: Sequence[np.ndarray]) -> list[np.ndarray]:
    """One layout [P, 2] for each of one or two learners; ``instances`` [P] says which points are instances, the same for both, in one order.

    Where both see every instance at the same place (they share a frozen backbone and differ in what metadata add), all points are
    flattened together, so that an instance stands once. Otherwise the second starts from the first's places (Rauber, Falcão & Telea 2016)
    and is turned, mirrored and scaled onto them (orthogonal Procrustes): what then differs is the learners', as far as a plane can say it.
    """
    if len(vectors) == 1:
        return [flat(spec, vectors[0])]
    (first, second), (own, others) = vectors, instances
    if first.shape[1] == second.shape[1] and np.allclose(first[own], second[others], atol=1e-5):
        whole = flat(spec, np.concatenate([first, second[~others]]))
        beside = np.empty((len(second), 2), dtype=whole.dtype)
        beside[others], beside[~others] = whole[: len(first)][own], whole[len(first) :]
        return [whole[: len(first)], beside]
    layout = flat(spec, first)
    start = np.tile(layout[own].mean(axis=0), (len(second), 1))
    start[others] = layout[own]
    beside = flat(spec, second, start)
    return [layout, onto(beside, beside[others], layout[own])]


def onto(layout: np.ndarray, moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """``layout`` [P, 2] turned, mirrored, scaled and shifted as brings ``moving`` [I, 2] nearest to ``fixed`` [I, 2] (Schönemann 1966)."""
    centre, there = moving.mean(axis=0), fixed.mean(axis=0)
    left, spread, right = np.linalg.svd((moving - centre).T @ (fixed - there))
    scale = spread.sum() / max(float(((moving - centre) ** 2).sum()), 1e-12)
    return (layout - centre) @ (left @ right) * scale + there


def trustworthiness(
    vectors: np.ndarray, layout: np.ndarray, neighbours: int = TRUSTED, sampled: int = SAMPLED, seed: int = 0
) -> float:
    """How far neighbours on the plane are neighbours in the full space, from 0 to 1 (Venna & Kaski 2001), over ``sampled`` points by ``seed``.

    For each point asked, its ``neighbours`` nearest on the plane; those that are not among as many nearest in the full space count by how
    far down they rank there.
    """
    n = len(vectors)
    k = min(neighbours, (n - 1) // 2)
    asked = np.sort(np.random.default_rng(seed).permutation(n)[:sampled])
    penalty = 0
    for start in range(0, len(asked), AT_ONCE):
        own = asked[start : start + AT_ONCE]
        near, full = (apart(table, own) for table in (layout, vectors))
        closest = np.argsort(near, axis=1, kind="stable")[:, :k]
        rank = np.empty(full.shape, dtype=np.int64)
        np.put_along_axis(rank, np.argsort(full, axis=1, kind="stable"), np.arange(n)[None], axis=1)
        penalty += int(np.maximum(np.take_along_axis(rank, closest, axis=1) + 1 - k, 0).sum())
    return 1 - penalty * 2 / (len(asked) * k * (2 * n - 3 * k - 1))


def apart(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Squared distances [R, P] from some rows to all, a row to itself infinite."""
    table = np.asarray(table, dtype=np.float64)
    found = (table[rows] ** 2).sum(axis=1)[:, None] + (table**2).sum(axis=1)[None] - 2 * table[rows] @ table.T
    found[np.arange(len(rows)), rows] = np.inf
    return found
