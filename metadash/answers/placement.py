"""Where a new point would lie on a map that is already drawn: among the points that are its neighbours in the full space."""

import numpy as np

NEIGHBOURS = 8


def placed(vectors: np.ndarray, known: np.ndarray, layout: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """[M, D] onto a map of ``known`` [P, D] at ``layout`` [P, 2], which stays as it is: [M, 2].

    The mean of the nearest known points' places, each weighing exp(−d²/d_k²) by its squared distance in units of the k-th's: t-SNE
    itself has no place for points it was not fitted on (van der Maaten & Hinton 2008).
    """
    k = min(neighbours, len(known))
    zero = known.mean(axis=0)  # taken apart as below, distances lose their digits where all points share a large offset
    vectors, known = vectors - zero, known - zero
    square = np.square(vectors).sum(axis=1)[:, None] - 2 * vectors @ known.T + np.square(known).sum(axis=1)[None]
    nearest = np.argpartition(square, k - 1, axis=1)[:, :k]
    distance = np.maximum(np.take_along_axis(square, nearest, axis=1), 0)
    weight = np.exp(-distance / np.maximum(distance.max(axis=1, keepdims=True), 1e-12))
    return (weight[..., None] * layout[nearest]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
