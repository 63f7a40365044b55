"""Counts right answers of prototypes for many arms at once: one matrix product a block of episodes, small enough for the cache."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.learners.core.distances import FAR
from metadash.learners.core.task_batch import labels_by_class
from metadash.training.scorable import check_prototypes, within

BLOCK = 400_000
"""Logits at once: 1.6 MB of them, so that what is computed of them is read from the cache."""

EPISODES = 8
"""Episodes of a block."""


@torch.no_grad()
def count_correct(
    table: np.ndarray,
    position: np.ndarray,
    manifest: EpisodeManifest,
    shots: tuple[int, ...],
    anchor: Tensor,
    share: Tensor,
    place: np.ndarray,
    distance: str,
    tick: Callable[[float], None] = lambda fraction: None,
    asked: np.ndarray | None = None,
) -> np.ndarray:
    """Right answers [A, len(shots), E] of A arms, whose prototypes are (1 − share) · mean of the support + share · anchor.

    ``anchor`` [A, T, D] and ``share`` [A, len(shots), T] for T classes (at 0 shots, where there is no mean, above 0 for the classes that
    metadata tell of: all of a task lie at their anchors if any is told of, else they are guessed as ``score`` does); ``place`` [C] says where
    among them a class stands. ``table`` [R, D] holds embeddings, ``position`` the row of the table of each instance; ``asked`` [R, D] takes
    its place for queries where these are seen otherwise. ``distance`` as a prototype's. What is counted is counted in the precision of ``anchor``. Raises
    BadInput where some of them are no numbers.
    """
    if manifest.support_mask is not None:
        raise BadInput("Tasks whose classes have different numbers of examples are scored one learner at a time; call score.")
    check_prototypes(table, anchor, share)
    if asked is not None:
        check_prototypes(asked, anchor, share)
    n_arms, n_shots, n_way = len(anchor), len(shots), manifest.n_way
    rows, places = torch.from_numpy(table).to(anchor.dtype), torch.from_numpy(place)
    seen = rows if asked is None else torch.from_numpy(asked).to(anchor.dtype)
    support, (query, label) = torch.from_numpy(position[manifest.support]), asked_of(manifest, position)
    classes, far = torch.tensor(manifest.classes), distance != "cosine" and not within(rows, FAR)
    correct = np.zeros((n_arms, n_shots, len(manifest)), dtype=np.uint16)
    logits_each = n_way * query.shape[1] * n_shots
    together = max(1, BLOCK // (logits_each * EPISODES))
    last = max(shots)
    for start in range(0, len(manifest), EPISODES):
        part = slice(start, start + EPISODES)
        shown = rows[support[part][:, :, :last]]
        zero = shown.mean(dim=(1, 2))[:, None] if far and last else None  # [B, 1, D]: see distances.py
        total = (shown if zero is None else shown - zero[:, None]).cumsum(dim=2)
        nowhere = rows.new_zeros(*total.shape[:2], rows.shape[1])
        mean = torch.stack([total[:, :, k - 1] / k if k else nowhere for k in shots], dim=2)  # [B, N, K, D]
        queries = seen[query[part]]  # [B, T, D]
        queries = queries if zero is None else queries - zero
        queries = F.normalize(queries, dim=-1) if distance == "cosine" else queries
        where = places[classes[part]]
        for arm in range(0, n_arms, together):
            chosen = slice(arm, arm + together)
            mu = anchor[chosen][:, where] if zero is None else anchor[chosen][:, where] - zero
            mu = mu.permute(1, 2, 0, 3)[:, :, :, None]  # [B, N, A, 1, D]
            weight = share[chosen][:, :, where].permute(2, 3, 0, 1)[..., None]  # [B, N, A, K, 1]
            if not shots[0]:
                told = (weight[:, :, :, :1] > 0).any(dim=1, keepdim=True).to(weight)
                weight = torch.cat([told.expand(-1, n_way, -1, -1, -1), weight[:, :, :, 1:]], dim=3)
            prototypes = torch.lerp(
                mean[:, :, None].expand(-1, -1, mu.shape[2], -1, -1), mu.expand(-1, -1, -1, n_shots, -1), weight
            )
            own = None if label is None else label[part]
            right = right_answers(queries, prototypes.flatten(2, 3), distance, own).view(len(queries), -1, n_shots)  # [B, A, K]
            if not shots[0]:  # classes of which nothing is known lie at one place: such ties go to the first, as in ``score``
                right[:, :, 0] = right_answers(queries, prototypes[:, :, :, 0], distance, own, first=True)
            correct[chosen, :, part] = right.permute(1, 2, 0).numpy()
        tick(start / len(manifest))
    return correct


def asked_of(manifest: EpisodeManifest, position: np.ndarray) -> tuple[Tensor, Tensor | None]:
    """The places [E, T] of the queries, and their labels [E, T], −1 for what only fills up; None where each class is asked alike."""
    rows, label = manifest.asked
    alike = None if manifest.query_mask is None else torch.from_numpy(label)
    return torch.from_numpy(position[rows]), alike


def right_answers(query: Tensor, prototypes: Tensor, distance: str, label: Tensor | None = None, first: bool = False) -> Tensor:
    """[B, T, D] and [B, N, A, D] to the number [B, A] whose own class is nearest; of classes that are equally near each is, or the
    ``first`` alone. The queries of a class stand together, as many of each, unless ``label`` [B, T] says whose they are."""
    tasks, n_way, arms = prototypes.shape[:3]
    if distance == "cosine":
        scores = query @ F.normalize(prototypes, dim=-1).flatten(1, 2).mT
    else:  # −½ · squared distance, less what all classes share
        half = prototypes.square().sum(dim=-1).flatten(1)[:, None] / 2
        scores = torch.baddbmm(half, query, prototypes.flatten(1, 2).mT, beta=-1)
    if first:
        own = labels_by_class(n_way, query.shape[1] // n_way) if label is None else label
        return (scores.view(tasks, -1, n_way, arms).argmax(dim=2) == own[..., None]).sum(dim=1)
    if label is not None:
        scores = scores.view(tasks, -1, n_way, arms)
        own = scores.take_along_dim(label.clamp(min=0)[..., None, None], dim=2).squeeze(2)  # [B, T, A]
        return ((own >= scores.amax(dim=2)) & (label >= 0)[..., None]).sum(dim=1)
    scores = scores.view(tasks, n_way, -1, n_way, arms)
    own = scores.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)  # [B, N, Q, A]
    return (own >= scores.amax(dim=3)).sum(dim=(1, 2))


def places_of(manifest: EpisodeManifest) -> tuple[np.ndarray, np.ndarray]:
    """The different classes [T] of a manifest, and the place of each class id among them (of those up to the largest)."""
    classes = np.unique(manifest.classes)
    place = np.zeros(classes[-1] + 1, dtype=np.int64)
    place[classes] = np.arange(len(classes))
    return classes, place


def share_of_anchor(strength: Tensor, shots: tuple[int, ...]) -> Tensor:
    """κ / (K + κ) of pseudo-shots: strength [..., T] to [..., len(shots), T]; at K = 0 1 for the classes that metadata tell of."""
    return torch.stack([strength / (k + strength) if k else (strength > 0).to(strength) for k in shots], dim=-2)
