"""How far a learner's probabilities can be believed: its temperature from tasks of validation classes, checked on tasks of test classes."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.use import CalibrationSpec
from metadash.stats.calibration import SCORES, auroc, fitted_temperature, membership, probabilities
from metadash.training.backbone import Outcome
from metadash.training.evaluate import ADAPT_BATCH, SCORE_BATCH, context_of, places, tensor_rows
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.trainer import Arm

ROLES = ("validation", "test")


@torch.no_grad()
def calibrate(spec: CalibrationSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``answers``: of every query of both roles its ``episode``, whether it is a ``stranger``, ``correct``, its probability before
    (``uncalibrated``) and after (``confidence``), and ``membership`` by the score that tells validation's strangers best. The summary has
    ``temperature``, fitted on validation tasks alone, ``score`` and each score's AUROC there."""
    arm = restored(spec.run, dataset, needed[0], store)
    arm.learner.eval()
    found = {}
    for turn, role in enumerate(ROLES):

        def tick(fraction: float, turn: int = turn, role: str = role) -> None:
            history(turn, f"asking about {role} classes", (turn + fraction) / len(ROLES))

        found[role] = answers(arm, spec, dataset, role, tick)
    logits, label, _ = found["validation"]
    members = label >= 0
    temperature = fitted_temperature(logits[members], label[members])
    told_apart = {}
    if not members.all():
        looks = {score: membership(logits, temperature, score) for score in SCORES}
        told_apart = {score: auroc(look[members], look[~members]) for score, look in looks.items()}
    score = max(told_apart, key=lambda name: told_apart[name], default=SCORES[0])
    frames = [answers_frame(role, *found[role], temperature, score) for role in ROLES]
    summary = {"temperature": temperature, "score": score, "auroc": told_apart, "n_way": spec.n_way, "n_shot": spec.n_shot}
    return Outcome(summary, frames={"answers": pd.concat(frames, ignore_index=True)})


def answers_frame(
    role: str, logits: np.ndarray, label: np.ndarray, episode: np.ndarray, temperature: float, score: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "role": role,
            "episode": episode,
            "stranger": label < 0,
            "correct": logits.argmax(axis=1) == label,
            "uncalibrated": probabilities(logits).max(axis=1),
            "confidence": probabilities(logits, temperature).max(axis=1),
            "membership": membership(logits, temperature, score),
        }
    )


def answers(
    arm: Arm, spec: CalibrationSpec, dataset: Dataset, role: str, tick: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of tasks of one role: logits [n, N], the right place among the classes [n] (−1 of strangers), the episode [n]."""
    tasks = draw(dataset, spec.episodes(role))
    members = tasks.at_ways(spec.n_way)
    query = tasks.query.reshape(len(tasks), -1)
    table, position = readable(arm, tasks)
    predict = arm.learner.classify if isinstance(arm.learner, EmbeddingLearner) else arm.learner
    batch, found = SCORE_BATCH if table.ndim == 2 else ADAPT_BATCH, []
    for start in range(0, len(tasks), batch):
        part = slice(start, start + batch)
        support, asked = (tensor_rows(table, position[rows[part]]) for rows in (members.support, query))
        found.append(
            scorable(predict(TaskBatch.by_class(support, asked, context(arm, spec, members[part], query[part])))).numpy()
        )
        tick(min(1.0, (start + batch) / len(tasks)))
    place = np.tile(np.repeat(np.arange(tasks.n_way), spec.n_query), len(tasks))
    return (
        np.concatenate(found).reshape(-1, spec.n_way),
        np.where(place < spec.n_way, place, -1),
        np.repeat(np.arange(len(tasks)), query.shape[1]),
    )


def readable(arm: Arm, tasks: EpisodeManifest) -> tuple[np.ndarray, np.ndarray]:
    """What the learner reads of the rows of some tasks, embedded once where that can be, and the place of each of the data set's rows."""
    if arm.frozen or isinstance(arm.learner, EmbeddingLearner):
        return arm.embeddings_of(tasks.rows)
    needed, position = places(tasks.rows, len(arm.inputs))
    return np.asarray(arm.inputs[needed]), position


def context(arm: Arm, spec: CalibrationSpec, tasks: EpisodeManifest, query: np.ndarray) -> MetadataContext | None:
    """What the learner is told of the tasks' classes: only the sources that a person tells of theirs, and nothing of single instances."""
    if not spec.run.reads_at_test:
        return None
    found = context_of(arm.encoded, tasks.classes, arm.instances, tasks.support, query)
    names = [*[source.name for source in arm.encoded], *[source.name for source in arm.instances]]
    return found and found.masked(torch.tensor([name in spec.told for name in names], dtype=torch.bool)).flat()
