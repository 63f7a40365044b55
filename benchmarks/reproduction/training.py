"""Trains one cell by the product's own trainer, as ``metadash train`` and the page *Train* do: random weights, training classes only, the
last weights kept. Nothing is selected or stopped on."""

from collections.abc import Callable
from typing import Any

from benchmarks.reproduction.cells import Cell
from benchmarks.reproduction.tasks import QUERIES, SPLIT
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.base import Learner
from metadash.learners.registry import entry_of
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train as train_run
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.training.restored import restored

MOST_WAYS = 20
"""Of the run's own few test tasks, which only say that it is well; what is published is scored on frozen episodes of the benchmark."""

Tick = Callable[[int, float], None]


def spec_of(cell: Cell, dataset: Dataset) -> RunSpec:
    """The run that a cell stands for. Conv-4-64; Adam with its rate annealed to zero over the budget by half a cosine, Reptile's ε by a line."""
    descends = entry_of(cell.learner).optimiser == "descent"
    rate = {} if descends else {"learning_rate": cell.learning_rate, "weight_decay": 0.0, "schedule": "cosine"}
    return run_for(
        dataset,
        split=SPLIT,
        learner=cell.learner,
        options=cell.options,
        seed=cell.seed,
        mode="full",
        backbone="conv4",
        width=64,
        start="random",
        strategy="uniform",
        n_way=min(cell.n_way, MOST_WAYS),
        shots=(cell.n_shot,),
        n_query=QUERIES,
        ways=(),
        n_episodes=50,
        train_ways=None if cell.n_way <= MOST_WAYS else cell.n_way,
        train_queries=cell.n_query,
        meta_batch=cell.tasks,
        steps=cell.steps,
        patience=0,
        keep="last",
        **rate,
    )


def train(cell: Cell, dataset: Dataset, tick: Tick) -> Run:
    """``tick(step, loss)`` as it goes. A run that is stored is not trained again. Raises ArithmeticError where the loss is no number any
    more."""

    def report(step: int, told: dict[str, Any]) -> bool:
        if (loss := told.get("loss")) is not None:
            tick(step, loss)
        return False

    try:
        return train_run(spec_of(cell, dataset), dataset.workspace, report)
    except BadInput as problem:
        raise ArithmeticError(str(problem)) from problem


def learner_of(run: Run, dataset: Dataset) -> Learner:
    """With the run's weights, in evaluation mode."""
    return restored(run.spec_as(RunSpec), dataset, run, RunStore(dataset.workspace)).learner
