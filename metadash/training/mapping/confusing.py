"""Which classes a learner takes for each other, over the first of its test tasks: with the metadata, and by what it would do without."""

import numpy as np
import pandas as pd

from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.base import EmbeddingLearner
from metadash.training.trainer import Arm

TASKS = {"frozen": 300, "embeds": 30, "adapts": 8}
"""Test tasks that are asked, by what a task costs the learner: some products of matrices, embedding its inputs, training a network on it.
They take a few seconds each."""


def confusions(arm: Arm, manifest: EpisodeManifest, n_shot: int) -> tuple[pd.DataFrame, int]:
    """Frame of ordered pairs that met in a task: class_id, other_id, asked (queries of the class in tasks with the other), taken and
    plainly_taken (of these, answered as the other: with the metadata, and without; the same where there are none, or where the learner
    cannot do without); and how many tasks were asked. Pairs that nobody took for each other are left out."""
    cost = "frozen" if arm.frozen else "embeds" if isinstance(arm.learner, EmbeddingLearner) else "adapts"
    tasks = manifest[: TASKS[cost]].at_shot(n_shot)
    counts: dict[tuple[int, int], np.ndarray] = {}
    for place in range(len(tasks)):
        task = tasks[place : place + 1]
        classes, label = task.classes[0], task.asked[1][0]
        context = arm.context(task) if arm.spec.reads_at_test else None
        answers = [arm.predict(task, context)]
        answers.append(arm.predict(task, None) if context is not None and arm.can_do_without else answers[0])
        n = len(classes)
        there = label >= 0
        tables = [np.bincount(label[there] * n + answer[there], minlength=n * n).reshape(n, n) for answer in answers]
        each = np.bincount(label[there], minlength=n)
        for a, b in np.argwhere(~np.eye(n, dtype=bool)):
            pair = (int(classes[a]), int(classes[b]))
            counts[pair] = counts.get(pair, np.zeros(3, np.int64)) + np.array([each[a], tables[0][a, b], tables[1][a, b]])
    taken = {pair: found for pair, found in counts.items() if found[1] or found[2] or counts[pair[::-1]][1:].any()}
    pairs, numbers = np.array(list(taken) or np.zeros((0, 2), int)), np.array(list(taken.values()) or np.zeros((0, 3), int))
    frame = pd.DataFrame(
        np.concatenate([pairs, numbers], axis=1), columns=["class_id", "other_id", "asked", "taken", "plainly_taken"]
    )
    return frame, len(tasks)
