"""Trains one cell from scratch: random weights, training classes only, the last weights kept. Nothing is selected or stopped on."""

from collections.abc import Callable

import numpy as np
import torch

from benchmarks.reproduction.cells import Cell
from benchmarks.reproduction.tasks import SPLIT, assert_drawn_from
from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import draw_from
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.learners.core.base import Learner
from metadash.learners.registry import check_options, entry_of, make
from metadash.networks.conv4 import Conv4
from metadash.training.evaluate import task_batch

DIM = 64
STEPS_AT_ONCE = 50
"""For which episodes are drawn together."""

Tick = Callable[[int, float], None]


def new_learner(cell: Cell) -> Learner:
    """Conv-4-64 and the cell's learner, with the seed's random weights."""
    torch.manual_seed(cell.seed)
    return make(cell.learner, Conv4(), DIM, cell.n_way, options=dict(cell.options))


def train(cell: Cell, dataset: Dataset, tick: Tick) -> Learner:
    """``tick(step, loss)`` after each step. Adam with its rate annealed to zero over the budget (half a cosine); Reptile as in its paper:
    plain descent whose ε falls linearly from its start to zero. Raises ArithmeticError where the loss is no number any more."""
    learner = new_learner(cell)
    generator = np.random.default_rng([cell.seed, 1])
    spec = EpisodeSpec(
        Pool(SPLIT, "train"), cell.n_way, cell.n_shot, cell.n_query, seed=cell.seed, n_episodes=cell.tasks * STEPS_AT_ONCE
    )
    table, inputs = pool_table(dataset, spec), np.array(dataset.inputs)
    optimiser, schedule = annealed(cell, learner)
    learner.train()
    for step in range(cell.steps):
        first = step % STEPS_AT_ONCE * cell.tasks
        if not first:
            manifest = draw_from(table, spec, generator)
            assert_drawn_from(manifest, dataset, "train")
        tasks = manifest[first : first + cell.tasks]
        loss = learner.loss(task_batch(inputs, tasks), step / cell.steps)
        optimiser.zero_grad()
        loss.backward()
        if (clip := entry_of(cell.learner).clip) is not None:
            torch.nn.utils.clip_grad_norm_(learner.parameters(), clip)
        optimiser.step()
        schedule.step()
        found = loss.item()
        if not np.isfinite(found):
            raise ArithmeticError(f"The loss of {cell.name} is not a number at step {step + 1}.")
        tick(step + 1, found)
    return learner


def annealed(cell: Cell, learner: Learner) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    if cell.learner == "reptile":
        epsilon = check_options("reptile", dict(cell.options)).reptile_epsilon
        optimiser: torch.optim.Optimizer = torch.optim.SGD(learner.parameters(), epsilon)
        return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / cell.steps)
    optimiser = torch.optim.Adam(learner.parameters(), cell.learning_rate)
    return optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, cell.steps)
