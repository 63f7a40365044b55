"""MetaDash, by the code that its runs execute: on a CPU images come one task at a time, as in full mode; on a GPU all at once."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.peering.tasks import (
    INNER_LR,
    INNER_STEPS,
    LEARNING_RATE,
    N_QUERY,
    POOL_CLASSES,
    POOL_PER_CLASS,
    WIDTH,
    Job,
    Workload,
    batch_of,
    image_pool,
    same_weights,
)
from metadash.episodes.pool import PoolTable
from metadash.episodes.sampler import draw_from
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.learners.core.base import Learner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import make
from metadash.networks.conv4 import Conv4
from metadash.runs.machine import prepare_process
from metadash.training.evaluate import embed, places, score

EPISODES = 10_000

prepare_process()


def build(workload: Workload) -> Job:
    names = {"maml-1": "fomaml", "maml-2": "maml"}
    options = {"inner_steps": INNER_STEPS, "inner_lr": INNER_LR} if workload.kind in names else {}
    learner = make(names.get(workload.kind, "prototypical"), Conv4(WIDTH), WIDTH, workload.n_way, options=options)
    same_weights(learner.backbone.blocks, getattr(learner, "head", None))
    learner.to(workload.device)
    if workload.kind == "prototypes-episodes":
        return Job(lambda: evaluate(learner, workload))
    data = batch_of(workload)
    optimiser = torch.optim.AdamW(learner.parameters(), LEARNING_RATE)

    at_once = workload.tasks if workload.device == "cuda" else 1

    def train() -> Tensor:
        learner.train()
        optimiser.zero_grad()
        total = torch.zeros((), device=workload.device)
        for first in range(0, workload.tasks, at_once):
            some = slice(first, first + at_once)
            tasks = TaskBatch.by_class(data.support[some], data.query[some], None, data.target[some])
            loss = learner.loss(tasks) * (at_once / workload.tasks)
            loss.backward()
            total += loss.detach()
        optimiser.step()
        return total

    @torch.no_grad()
    def forward() -> Tensor:
        learner.eval()
        return F.cross_entropy(learner(TaskBatch.by_class(data.support, data.query))[0], data.target[0])

    if workload.kind == "prototypes-forward":
        return Job(forward)
    return Job(train, lambda: learner.backbone.blocks[4].weight)  # type: ignore[index, union-attr, return-value]


def evaluate(learner: Learner, workload: Workload) -> float:
    """Draw 10,000 episodes, embed every image once, score: what a run does at its end. The mean accuracy."""
    images = image_pool()
    classes = np.arange(POOL_CLASSES)
    rows, counts = np.arange(len(images)), np.full(POOL_CLASSES, POOL_PER_CLASS)
    group = np.full(POOL_CLASSES, -1)
    pool = PoolTable(classes, [str(c) for c in classes], rows, classes * POOL_PER_CLASS, counts, group, [], None)
    spec = EpisodeSpec(Pool("random", "test"), workload.n_way, workload.n_shot, N_QUERY, seed=0, n_episodes=EPISODES)
    manifest = draw_from(pool, spec, np.random.default_rng(0))
    needed, position = places(np.concatenate([manifest.support.ravel(), manifest.query.ravel()]), len(images))
    embedded = embed(learner.backbone, images, needed)
    correct = score(learner, embedded, position, manifest, (workload.n_shot,), [])
    return float(correct.mean()) / (workload.n_way * N_QUERY)
