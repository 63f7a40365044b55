"""Prototypes under FiLM, counted fast: where only instances modulate, each is modulated once and not in every task anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.base import Learner
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.runs.device import place_of
from metadash.training.counting import count_correct, places_of, share_of_anchor
from metadash.training.evaluate import context_of, told

ROWS_AT_ONCE = 8192
"""Instances whose metadata are made dense at a time."""


@dataclass(frozen=True)
class SeenRows:
    """Embeddings as the learner sees them: ``support`` [R, D], and ``query`` [R, D] where queries come without some source (else None);
    ``position`` [I] maps a row of the data set to its place."""

    support: np.ndarray
    query: np.ndarray | None
    position: np.ndarray


def by_row(learner: Learner) -> bool:
    """Whether FiLM speaks of each instance by itself, and prototypes are all that comes after."""
    return isinstance(learner, PrototypicalNetwork) and learner.film is not None and learner.film.of_classes is None


def seen_rows(
    learner: Learner,
    table: np.ndarray,
    position: np.ndarray,
    manifest: EpisodeManifest,
    instances: Sequence[EncodedInstances],
) -> SeenRows:
    """The rows that a manifest asks for, each modulated by its own metadata; ``table`` [·, D] and ``position`` [I] as for ``score``."""
    rows = manifest.rows
    place = np.zeros(len(position), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    plain = table[position[rows]]
    support = modulated(learner, plain, rows, instances, queries=False)
    apart = any(not source.on_queries for source in instances)
    return SeenRows(support, modulated(learner, plain, rows, instances, queries=True) if apart else None, place)


@torch.no_grad()
def modulated(
    learner: Learner, embeddings: np.ndarray, rows: np.ndarray, instances: Sequence[EncodedInstances], queries: bool
) -> np.ndarray:
    """Embeddings [R, D] of some rows [R] after FiLM; as ``queries``, without what is not available at prediction."""
    assert learner.film is not None
    found, there = np.empty_like(embeddings), place_of(learner)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        read = told(instances, rows[part])
        if queries:
            read.present[..., [not source.on_queries for source in instances]] = False
        found[part] = learner.film.of_rows(read.to(there)).of(torch.from_numpy(embeddings[part]).to(there)).cpu().numpy()
    return found


def count_modulated(
    learner: Learner,
    table: np.ndarray,
    position: np.ndarray,
    manifest: EpisodeManifest,
    shots: tuple[int, ...],
    encoded: Sequence[EncodedSource],
    instances: Sequence[EncodedInstances],
) -> np.ndarray:
    """As ``score``, for a learner that FiLM serves ``by_row``: correct queries [len(shots), E] int64."""
    learner.eval()
    classes, place = places_of(manifest)
    seen = seen_rows(learner, table, position, manifest, instances)
    anchor, share = anchors_of(learner, encoded, classes, shots)
    distance = str(learner.distance)
    found = count_correct(
        seen.support, seen.position, manifest, shots, anchor[None], share[None], place, distance, asked=seen.query
    )
    return found[0].astype(np.int64)


@torch.no_grad()
def anchors_of(
    learner: Learner, encoded: Sequence[EncodedSource], classes: np.ndarray, shots: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """μ [T, D] of some classes and its share [len(shots), T] in their prototypes: none where the learner places no classes."""
    context = context_of(encoded, classes[None])
    if context is None or not hasattr(learner, "anchors"):
        return torch.zeros(len(classes), learner.dim), torch.zeros(len(shots), len(classes))
    context = context.to(place_of(learner))
    anchor, strength = learner.anchors(context)
    if learner.fusion == "am3":
        told = context.present.any(dim=-1)
        share = torch.where(told, 1 - learner.gate(anchor), 0.0)
        return anchor[0].cpu(), torch.cat([share if k else told.to(share) for k in shots]).cpu()
    return anchor[0].cpu(), share_of_anchor(strength[0].cpu(), shots)
