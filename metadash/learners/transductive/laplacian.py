"""LaplacianShot: near queries should have like labels (Ziko, Dolz, Granger & Ben Ayed 2020).

Over prototypes that are rectified as BD-CSPN's, all queries of a task are labelled together: the labels y minimise
Σ y_q·a_q + (λ/2) Σ w_qp ‖y_q − y_p‖², a the squared distances to the prototypes and w 1 for a query's nearest others. The paper's
bound is tightened in turns, each the same closed form for all queries at once: y_q ∝ exp(−a_q + λ Σ_p w_qp y_p).
"""

import torch
from torch import Tensor

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.transductive.bd_cspn import BDCSPN

TURNS = 20
"""As the authors' code, which may stop earlier, when nothing changes any more."""

ALIKE = 1e-6
"""Squared distances, of embeddings of length one, that rounding may have told apart."""


class LaplacianShot(BDCSPN):
    """The logits are scale · (−a + λ Σ w y), y of the turn before: their order is that of the paper's last labels."""

    def prepare(self, *, laplacian_lambda: float = 0.7, neighbours: int = 3, rectify_top: int = 8) -> None:
        super().prepare(rectify_top=rectify_top)
        self.laplacian_lambda, self.neighbours = laplacian_lambda, neighbours

    def decide(self, batch: TaskBatch) -> Tensor:
        prototypes, query = self.rectified(batch)
        near = -torch.cdist(query, prototypes, compute_mode="donot_use_mm_for_euclid_dist").square()
        beside = affinities(query, batch.query_mask, self.neighbours)
        found = near
        for _ in range(TURNS):
            found = near + self.laplacian_lambda * beside @ found.softmax(-1)
        return self.log_scale.exp() * found


@torch.no_grad()
def affinities(query: Tensor, mask: Tensor | None, neighbours: int) -> Tensor:
    """w [B, Q, Q]: 1 where p is among the nearest others of q, by Euclidean distance, else 0. Who is as far as the last of them counts
    too, so that the order of the queries does not matter; what only fills a task up is nobody's neighbour."""
    if not neighbours:
        return query.new_zeros(*query.shape[:2], query.shape[1])
    length = query.square().sum(-1)
    squared = length[:, :, None] + length[:, None] - 2 * query @ query.mT
    nobody = torch.eye(query.shape[1], dtype=torch.bool, device=query.device).expand_as(squared)
    if mask is not None:
        nobody = nobody | ~mask[:, None, :]
    squared = squared.masked_fill(nobody, torch.inf)
    last = squared.topk(min(neighbours, query.shape[1]), largest=False).values[..., -1:]
    return ((squared <= last + ALIKE) & ~nobody).to(query.dtype)
