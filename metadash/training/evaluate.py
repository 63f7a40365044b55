"""Scores a learner on a manifest: embed every instance once, then thousands of episodes are small matrix products."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.base import EmbeddingLearner, Learner
from metadash.learners.core.task_batch import TaskBatch
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from metadash.runs.device import place_of
from metadash.training.scorable import scorable

EMBED_BATCH = 96
PIXELS_AT_ONCE = EMBED_BATCH * 28**2
"""Inputs a forward pass, and of images their pixels together: activations still fit the cache of one core, and a pool of large images
needs no more memory than one of small ones."""

SCORE_BATCH = 250
"""Episodes a matrix product."""

ADAPT_BATCH = 8
"""Episodes at once where each adapts a whole network to itself."""


@torch.no_grad()
def embed(
    backbone: nn.Module, inputs: np.ndarray, rows: np.ndarray, tick: Callable[[float], None] = lambda fraction: None
) -> np.ndarray:
    """Embeddings [R, D] float32 of ``inputs[rows]`` in evaluation mode (running batch-norm statistics: nothing transductive)."""
    backbone.eval()
    embedded, there = np.zeros((len(rows), 0), dtype=np.float32), place_of(backbone)
    at_once = embedded_at_once(inputs.shape[1:])
    for start in range(0, len(rows), at_once):
        batch = torch.from_numpy(np.ascontiguousarray(inputs[rows[start : start + at_once]]))
        found = backbone(batch.to(there)).cpu().numpy()
        if not start:  # one block for all: small results kept between large temporaries would scatter the heap (1.1 GB of it)
            embedded = np.empty((len(rows), found.shape[1]), dtype=np.float32)
        embedded[start : start + len(found)] = found
        if start // at_once % 50 == 0:
            tick(start / len(rows))
    return embedded


def embedded_at_once(shape: Sequence[int]) -> int:
    """How many inputs of ``shape`` a forward pass is given."""
    return EMBED_BATCH if len(shape) < 2 else min(EMBED_BATCH, max(1, PIXELS_AT_ONCE // (shape[0] * shape[1])))


def places(rows: np.ndarray, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The different ones among some rows [R], and for each of the data set's ``n_rows`` rows its place among them."""
    different = np.unique(rows)
    position = np.zeros(n_rows, dtype=np.int64)
    position[different] = np.arange(len(different))
    return different, position


def context_of(
    encoded: Sequence[EncodedSource],
    classes: np.ndarray,
    instances: Sequence[EncodedInstances] = (),
    support: np.ndarray | None = None,
    query: np.ndarray | None = None,
) -> MetadataContext | None:
    """The metadata of ``classes`` [B, N], or None when there is none.

    With ``instances``, also those of the rows ``support`` [B, N, K] and ``query`` [B, Q]; what is not available at prediction is
    hidden of the queries, in training as at test.
    """
    if not encoded and not instances:
        return None
    vectors = [torch.from_numpy(source.vectors[classes]) for source in encoded]
    present = (
        np.stack([source.present[classes] for source in encoded], axis=-1) if encoded else np.ones((*classes.shape, 0), bool)
    )
    if not instances or support is None or query is None:
        return MetadataContext(vectors, torch.from_numpy(present))
    of_support, of_query = told(instances, support), told(instances, query)
    of_query.present[..., [not source.on_queries for source in instances]] = False
    return MetadataContext(vectors, torch.from_numpy(present), of_support, of_query)


def told(instances: Sequence[EncodedInstances], rows: np.ndarray) -> InstanceMetadata:
    present = np.stack([source.present[rows] & (rows >= 0) for source in instances], axis=-1)
    return InstanceMetadata([torch.from_numpy(source.vectors(rows)) for source in instances], torch.from_numpy(present))


@torch.no_grad()
def score(
    learner: Learner,
    table: np.ndarray,
    position: np.ndarray,
    manifest: EpisodeManifest,
    shots: tuple[int, ...],
    encoded: Sequence[EncodedSource],
    instances: Sequence[EncodedInstances] = (),
) -> np.ndarray:
    """Correct queries of each episode at each number of shots: [len(shots), E] int64.

    ``table`` [R, ...] holds embeddings for a learner that only looks at those, and inputs for one that adapts its backbone;
    ``position`` maps a row of the data set to its place in it. Without a labelled example a task of which no metadata place a class is
    guessed: the same score for every class, of which the first is taken. Raises BadInput where the learner's answers are no numbers.
    """
    learner.eval()
    predict = learner.classify if isinstance(learner, EmbeddingLearner) else learner
    batch = SCORE_BATCH if table.ndim == 2 else ADAPT_BATCH
    rows, there = torch.from_numpy(table), place_of(learner)
    correct = np.zeros((len(shots), len(manifest)), dtype=np.int64)
    for start in range(0, len(manifest), batch):
        part = manifest[start : start + batch]
        support = rows[torch.from_numpy(position[part.support])]
        asked, label = part.asked
        query, target = rows[torch.from_numpy(position[asked])], torch.from_numpy(label)
        context = context_of(encoded, part.classes, instances, part.support, asked)
        mask, query_mask = masks_of(part)
        for s, n_shot in enumerate(shots):
            some = None if mask is None else mask[:, :, :n_shot]
            tasks = TaskBatch.by_class(support[:, :, :n_shot], query, context and context.at_shot(n_shot), None, some, query_mask)
            logits = None if guesses(learner, context, n_shot) else scorable(predict(tasks.to(there))).cpu()
            if logits is not None and context is not None and not n_shot:
                logits = logits.masked_fill(~context.present.any(dim=(1, 2))[:, None, None], 0.0)
            taken = target.new_zeros(()) if logits is None else logits.argmax(dim=-1)
            correct[s, start : start + len(part)] = (taken == target).sum(dim=1).numpy()  # −1, which only fills up, is no class
    return correct


def guesses(learner: Learner, context: MetadataContext | None, n_shot: int) -> bool:
    """Whether nothing says where any class lies: there is no example, and metadata say it neither, or there are none."""
    return not n_shot and (context is None or not hasattr(learner, "anchors"))


def scores_frame(correct: np.ndarray, shots: tuple[int, ...], tasks: EpisodeManifest) -> pd.DataFrame:
    """[len(shots), E] to rows of (n_way, shot, episode, value, correct, queries), as a run stores them: the value is the accuracy."""
    n_episodes, counts, queries = correct.shape[1], correct.reshape(-1), np.tile(tasks.queries, len(shots))
    return pd.DataFrame(
        {
            "n_way": tasks.n_way,
            "shot": np.repeat(np.asarray(shots), n_episodes),
            "episode": np.tile(np.arange(n_episodes), len(shots)),
            "value": counts / queries,
            "correct": counts,
            "queries": queries,
        }
    )


def task_batch(inputs: np.ndarray, tasks: EpisodeManifest, context: MetadataContext | None = None) -> TaskBatch:
    """Some tasks as learners receive them, with ``inputs[row]`` for each of their rows, and their answers."""
    asked, label = tasks.asked
    support, query = tensor_rows(inputs, tasks.support), tensor_rows(inputs, asked)
    return TaskBatch.by_class(support, query, context, torch.from_numpy(label), *masks_of(tasks))


def masks_of(tasks: EpisodeManifest) -> tuple[Tensor | None, Tensor | None]:
    """Which support examples [B, N, K], and which of the queries [B, T] that ``asked`` gives, are there; None where all are."""
    support, label = tasks.support_mask, tasks.asked[1]
    return (
        None if support is None else torch.from_numpy(support),
        None if label.min(initial=0) >= 0 else torch.from_numpy(label >= 0),
    )


def tensor_rows(inputs: np.ndarray, rows: np.ndarray) -> Tensor:
    """``inputs[rows]`` for rows of any shape, the shape kept in front."""
    return torch.from_numpy(np.ascontiguousarray(inputs[rows.reshape(-1)])).view(*rows.shape, *inputs.shape[1:])
