"""The adaptation view: what the inner loop of a run does to one episode, step by step, and how a prototype sees the same episode."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.adapting import AdaptingLearner, Traceable
from metadash.learners.core.base import EmbeddingLearner, Learner
from metadash.learners.core.distances import squared_distances
from metadash.learners.core.task_batch import TaskBatch, labels_by_class
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.views import AdaptationSpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import task_batch
from metadash.training.mapping.beside import asking_the_support
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.trainer import Arm

SPREAD = ("least", "mean", "greatest")
"""Of a gate over all its coordinates, in the order in which the LSTM meta-learner notes them."""


def watch(spec: AdaptationSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frames ``steps``, ``queries`` and ``prototypes`` (see the functions that make them), and ``support`` (class_id, row), whose
    classes stand in the order of the probabilities in the others."""
    history(0, "reading the learner", 0.0)
    arm = restored(spec.run, dataset, needed[0], store)
    task = store.manifest(needed[0])[spec.episode : spec.episode + 1].at_shot(spec.n_shot)
    context = arm.context(task)
    history(0, "adapting to the episode", 0.3)
    seen, on_support = traced(arm, task, context, spec.n_steps)
    history(spec.n_steps, "asking the prototypes", 0.9)
    steps, queries = steps_frame(seen, on_support, task), queries_frame(seen, task)
    return Outcome(
        summary={"n_steps": len(steps) - 1, "n_queries": task.queries_each},
        frames={
            "steps": steps,
            "queries": queries,
            "prototypes": prototypes_frame(arm, task, context),
            "support": pd.DataFrame({"class_id": np.repeat(task.classes[0], task.n_shot), "row": task.support[0].ravel()}),
        },
    )


Seen = list[tuple[float, Tensor, dict[str, Tensor]]]
"""Of each step: the loss of the support before it goes on, the logits [·, N], and what the rule notes."""


def traced(arm: Arm, task: EpisodeManifest, context: MetadataContext | None, steps: int) -> tuple[Seen, Seen]:
    """What is seen on the queries, and the same adaptation seen on the support itself: inner steps do not depend on who is asked."""
    assert isinstance(arm.learner, Traceable)
    learner, batch = arm.learner, task_batch(arm.inputs, task, context)

    def seen_on(batch: TaskBatch) -> Seen:
        seen: Seen = []

        def record(step: int, loss: Tensor, logits: Tensor, **notes: Tensor) -> None:
            seen.append((float(loss[0]), logits[0], {name: value[0] for name, value in notes.items()}))

        learner.trace(batch, record, steps)
        return seen

    return seen_on(batch), seen_on(asking_the_support(batch))


def steps_frame(seen: Seen, on_support: Seen, task: EpisodeManifest) -> pd.DataFrame:
    """One row a step from 0, before which nothing is adapted: losses (cross-entropy, nats), accuracies (0..1), and for the LSTM
    meta-learner the gates that led to it: forget_least, forget_mean, forget_greatest, and the same of write."""
    of_query, of_support = torch.tensor(task.asked[1][0]), labels_by_class(task.n_way, task.n_shot)
    rows = []
    for step, ((loss, logits, notes), (_, own, _)) in enumerate(zip(seen, on_support, strict=True)):
        row: dict[str, Any] = {
            "step": step,
            "support_loss": loss,
            "support_accuracy": right(own, of_support),
            "query_loss": float(F.cross_entropy(logits, of_query)),
            "query_accuracy": right(logits, of_query),
        }
        for name, values in notes.items():
            row |= {f"{name}_{which}": float(value) for which, value in zip(SPREAD, values, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows)


def queries_frame(seen: Seen, task: EpisodeManifest) -> pd.DataFrame:
    """One row a step and query: step, and the columns of ``answers``."""
    return pd.concat([answers(logits, task).assign(step=step) for step, (_, logits, _) in enumerate(seen)], ignore_index=True)


def prototypes_frame(arm: Arm, task: EpisodeManifest, context: MetadataContext | None) -> pd.DataFrame:
    """One row a query, ``by`` the plain prototypes and, for a run with metadata, again by those that the metadata moved.

    Over the embedding that the inner loop starts from. Softmax over −s·‖q − p‖² (Snell et al. 2017), where s is the scale that
    the learner learned for its prototypes or anchors, and 1 where it has none.
    """
    with torch.no_grad():
        support, query = start_embeddings(arm.learner, arm.inputs, task)
        learned = getattr(getattr(arm.learner, "adapting", arm.learner), "log_scale", None)
        scale = 1.0 if learned is None else learned.exp()
        plain = support.mean(dim=1)
        views = {"plain": plain}
        if context is not None:
            anchor, strength = arm.learner.anchors(context)
            views["metadata"] = pseudo_shot_prototype(plain, task.n_shot, anchor[0], strength[0])
        found = [answers(-scale * squared_distances(query, p), task).assign(by=by) for by, p in views.items()]
    return pd.concat(found, ignore_index=True)


def start_embeddings(learner: Learner, inputs: np.ndarray, task: EpisodeManifest) -> tuple[Tensor, Tensor]:
    """Embeddings [N, K, D] of the support and [Q, D] of the queries before any step, with the learner's own batch norm."""
    batch = task_batch(inputs, task)
    if isinstance(learner, EmbeddingLearner):
        found = learner.embed(batch)
        return found.support_x[0].unflatten(0, (task.n_way, task.n_shot)), found.query_x[0]
    assert isinstance(learner, AdaptingLearner)
    flat, start = batch.support_x[0], learner.network.parameters()
    found_x = learner.network.embed(start, flat).unflatten(0, (task.n_way, task.n_shot))
    return found_x, learner.network.embed(start, batch.query_x[0], 0, flat)


def answers(logits: Tensor, task: EpisodeManifest) -> pd.DataFrame:
    """One row a query: query (0..Q−1), row (of the data set), class_id (the true one), predicted (a class id), probability (of the
    true class), and probabilities (of all N classes, a list)."""
    probabilities = scorable(logits).softmax(dim=-1).numpy().astype(np.float32)
    (rows, true), classes = (part[0] for part in task.asked), task.classes[0]
    return pd.DataFrame(
        {
            "query": np.arange(len(true)),
            "row": rows,
            "class_id": classes[true],
            "predicted": classes[logits.argmax(dim=-1).numpy()],
            "probability": probabilities[np.arange(len(true)), true],
            "probabilities": list(probabilities),
        }
    )


def right(logits: Tensor, target: Tensor) -> float:
    return float((logits.argmax(dim=-1) == target).double().mean())
