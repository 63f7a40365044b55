"""What a learner is compared with on its own map: itself told nothing of a source, and itself before it adapts to the task.

A learner that adapts decides by the scores of a head that its steps change, and over frozen features nothing else changes. So before
and after its steps every point lies by its scores of the task's classes, and a prototype is the mean of its labelled examples' scores.
"""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.learners.core.adapting import Traceable
from metadash.learners.core.task_batch import TaskBatch
from metadash.specs.views import MapSpec
from metadash.training.evaluate import context_of, task_batch, tensor_rows
from metadash.training.mapping.points import background_rows, frame
from metadash.training.scorable import scorable
from metadash.training.source_masking import hidden
from metadash.training.trainer import Arm

Points = tuple[pd.DataFrame, np.ndarray]


def without(arm: Arm, source: str) -> Arm:
    """The same learner, told nothing of ``source``."""
    kept = tuple(name for name in arm.spec.sources if name != source)
    found = copy.copy(arm)
    found.encoded, found.instances = hidden(arm.encoded, kept), hidden(arm.instances, kept)
    return found


@torch.no_grad()
def around_steps(spec: MapSpec, arm: Arm, manifest: EpisodeManifest) -> list[Points]:
    """The points with their scores [P, N] as the learner is scored, and the same before its first step.

    Of one row of scores only the differences matter, so each has the mean zero. Raises BadInput where the start says nothing.
    """
    task = manifest[spec.episode : spec.episode + 1].at_shot(spec.n_shot)
    classes, support, (query, label) = task.classes[0], task.support[0].ravel(), (part[0] for part in task.asked)
    rows = background_rows(spec, arm.dataset, np.concatenate([support, query]))
    told = arm.context(task) if arm.spec.reads_at_test else None
    batch = task_batch(arm.inputs, task, told)
    learns_from = asking_the_support(batch)
    parts = [around(arm, one) for one in (learns_from, batch, *asking(arm, task, batch, rows))]
    found = []
    for moment in (-1, 0):
        of_support, of_query, *of_rows = (scores[moment] for scores in parts)
        vectors = np.concatenate([of_support, of_query, *of_rows])
        if np.ptp(vectors, axis=0).max() < 1e-6:
            raise BadInput(
                "Before its first step this learner scores all classes alike, so there is nothing to arrange; Adaptation shows its steps."
            )
        answer = classes[of_query.argmax(axis=1)]
        means = of_support.reshape(len(classes), -1, len(classes)).mean(axis=1)
        points = [
            frame("instance", rows, arm.dataset.class_of[rows], np.concatenate([*of_rows, np.zeros((0, len(classes)))])),
            frame("support", support, np.repeat(classes, task.n_shot), of_support),
            frame("query", query, classes[label], of_query, answer, answer),
            frame("plain prototype", None, classes, means),
        ]
        table = pd.concat([one for one, _ in points], ignore_index=True)
        found.append((table, np.concatenate([scores for _, scores in points]).astype(np.float32)))
    return found


def around(arm: Arm, batch: TaskBatch) -> np.ndarray:
    """Scores [2, Q, N] of a batch's queries before the first step, and after as many as the learner is scored with."""
    assert isinstance(arm.learner, Traceable)
    seen: list[Tensor] = []
    arm.learner.trace(batch, lambda step, loss, logits, **notes: seen.append(scorable(logits)[0]))
    scores = torch.stack([seen[0], seen[-1]]).numpy()
    return scores - scores.mean(axis=-1, keepdims=True)


def asking(arm: Arm, task: EpisodeManifest, batch: TaskBatch, rows: np.ndarray) -> list[TaskBatch]:
    """The same task asked about other ``rows``: all at once, or where its queries share batch norm's statistics, as many as it has queries."""
    at_once = len(task.asked[0][0]) if arm.spec.adapts_network else len(rows)
    found = []
    for start in range(0, len(rows), at_once):
        part = rows[None, start : start + at_once]
        context = None
        if batch.context is not None:
            context = context_of(arm.encoded, task.classes, arm.instances, task.support, part)
            context = context and context.flat()
        found.append(replace(batch, query_x=tensor_rows(arm.inputs, part), query_y=None, query_mask=None, context=context))
    return found


def asking_the_support(batch: TaskBatch) -> TaskBatch:
    """The same tasks, asked about the examples that they learn from, and told of them as queries what is told of them as examples."""
    context = batch.context and replace(batch.context, query=batch.context.support)
    return replace(batch, query_x=batch.support_x, query_y=batch.support_y, query_mask=batch.mask, context=context)
