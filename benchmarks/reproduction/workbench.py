"""Takes one cell after another: trains it unless its run is kept, scores it, and enters it in the ledger at once."""

import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.record import Stopwatch
from benchmarks.reproduction import scoring
from benchmarks.reproduction.cells import Cell
from benchmarks.reproduction.ledger import Ledger
from benchmarks.reproduction.tasks import Tests
from benchmarks.reproduction.training import learner_of, train
from metadash.data.dataset import Dataset
from metadash.learners.core.base import Learner

TELL_EVERY = 60.0
"""Seconds between two lines about a training."""


@dataclass(frozen=True)
class Workbench:
    """``tests`` of validation classes make a trial, of which no ledger hears. Runs are kept, with their weights, in the workspace of the data set."""

    dataset: Dataset
    asserted: str
    tests: Tests

    @property
    def trial(self) -> bool:
        return self.tests.role != "test"

    @property
    def about(self) -> dict[str, Any]:
        """What all records of a ledger must share to stand in one table."""
        manifests = {str(way): manifest.hash for way, manifest in self.tests.manifests.items()}
        return {"asserted": self.asserted, "data": self.dataset.fingerprint, "manifests": manifests}

    def work(self, cells: list[Cell], ledger: Ledger) -> list[str]:
        """The names of the cells that failed. Raises ValueError for a ledger of other data or other test episodes."""
        if not self.trial and ledger.cells and ledger.about != self.about:
            raise ValueError(
                f"{ledger.path.name} holds results on other data or other test episodes; name another file with --out."
            )
        failed = []
        for cell in cells:
            if not self.trial and ledger.holds(cell):
                print(f"{cell.name}: there already", flush=True)
                continue
            try:
                found = self.finish(cell)
            except (ArithmeticError, ValueError) as problem:
                print(f"{cell.name} failed: {problem}", file=sys.stderr, flush=True)
                failed.append(cell.name)
                continue
            if not self.trial:
                ledger.add(cell, found, self.about)
        return failed

    def finish(self, cell: Cell) -> dict[str, Any]:
        """The record of a cell: what its training took, and its scores."""
        learner, training = self.trained(cell)
        with Stopwatch() as watch:
            wrong = scoring.wrong_queries(learner, cell, self.dataset, self.tests)
        queries = {way: way * manifest.n_query for way, manifest in self.tests.manifests.items()}
        scores = {f"{way}w{shot}s": scoring.summary(row, queries[way]) for (way, shot), row in wrong.items()}
        means = [f"{name} {entry['accuracy']:.2f} ± {entry['reach']:.2f}" for name, entry in scores.items()]
        print(f"{cell.name}, {self.tests.role}: {', '.join(means)}", flush=True)
        took = {"seconds": round(watch.seconds, 1), "cpu_seconds": round(watch.processor, 1)}
        return {"training": training, "batch_norm": scoring.statistics_of(cell), self.tests.role: scores, "scoring": took}

    def trained(self, cell: Cell) -> tuple[Learner, dict[str, Any]]:
        run = train(cell, self.dataset, Teller(cell))
        training = {"seconds": round(run.about["seconds"], 1), "cpu_seconds": round(run.cost["cpu_seconds"], 1)}
        return learner_of(run, self.dataset), training


class Teller:
    """Prints how a training goes, about once a minute."""

    def __init__(self, cell: Cell):
        self.cell, self.losses, self.told = cell, [], 0.0
        self.watch = Stopwatch().__enter__()

    def __call__(self, step: int, loss: float) -> None:
        self.losses.append(loss)
        self.watch.__exit__()
        if self.watch.seconds - self.told >= TELL_EVERY or step == self.cell.steps:
            self.told = self.watch.seconds
            recent = self.losses[-100:]
            took = f"{self.watch.seconds:.0f} s, {self.watch.processor:.0f} s of processor"
            print(f"{self.cell.name}: step {step} of {self.cell.steps}, loss {sum(recent) / len(recent):.4f}, {took}", flush=True)
