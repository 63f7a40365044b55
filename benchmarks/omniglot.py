"""Trains the learners from scratch on Omniglot and sets their accuracy beside the published one: ``python -m benchmarks.omniglot``.

Every cell (learner, training episodes, seed) is written as soon as it is finished, with its weights in a cache folder; a cell that
is there already is not trained again, so the command can be ended at any moment and given again. One thread, no selection on test
classes: hyperparameters were looked at on validation classes (``--validation``), and the last weights are the ones tested.

Exit codes: 0 everything asked for is there, 1 a cell failed, 2 bad usage.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.document import write_between
from benchmarks.record import ROOT, Stopwatch
from benchmarks.reproduction import page
from benchmarks.reproduction.cells import Cell, planned
from benchmarks.reproduction.ledger import Ledger
from metadash.training.machine import prepare_process

RESULTS = ROOT / "benchmarks" / "results" / "omniglot.json"
DATA = ROOT.parent / "shared" / "data" / "omniglot"
PAGE, BEGIN = ROOT / "docs" / "reproduction.md", "<!-- begin: written by python -m benchmarks.omniglot --write-docs -->"
CACHE = Path(tempfile.gettempdir()) / "metadash-omniglot"
TELL_EVERY = 60.0
"""Seconds between two lines about a training."""


def main() -> int:
    options = parser().parse_args()
    try:
        cells = planned(options.minutes, options.full, options.only)
        if (options.minutes is not None or options.full) and not options.out:
            raise ValueError("Another budget belongs in another file: name it with --out.")
        ledger = Ledger(options.out or RESULTS)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.list:
        for cell in cells:
            state = "there" if ledger.holds(cell) else "to do"
            print(
                f"{cell.name:28} {cell.steps:7} steps, about {cell.steps / cell.rate / 60:5.1f} minutes of a quiet core  {state}"
            )
        return 0
    if options.write_docs:
        write_between(PAGE, BEGIN, page.markdown(ledger.about, ledger.cells))
        return 0
    prepare_process()
    return run(cells, ledger, options)


def run(cells: list[Cell], ledger: Ledger, options: argparse.Namespace) -> int:
    from benchmarks.reproduction import tasks

    dataset = tasks.open_omniglot(options.data, options.cache)
    asserted = tasks.assert_disjoint(dataset.classes, dataset.splits)
    print(asserted, flush=True)
    validation = tasks.frozen(dataset, "validation", tasks.VALIDATION_SEED, episodes=400)
    tests = None if options.validation else tasks.frozen(dataset, "test", tasks.TEST_SEED)
    failed = []
    for cell in cells:
        if ledger.holds(cell) and tests:
            print(f"{cell.name}: there already", flush=True)
            continue
        try:
            found = one(cell, dataset, validation, tests, options.cache)
        except (ArithmeticError, ValueError) as problem:
            print(f"{cell.name} failed: {problem}", file=sys.stderr, flush=True)
            failed.append(cell.name)
            continue
        if tests:
            about = {"asserted": asserted, "data": dataset.fingerprint}
            about["manifests"] = {str(way): manifest.hash for way, manifest in tests.manifests.items()}
            ledger.add(cell, found, about)
    return 1 if failed else 0


def one(cell: Cell, dataset, validation, tests, cache: Path) -> dict:
    """Trains (unless the weights are in the cache) and scores one cell; validation classes always, test classes unless told not to."""
    import torch

    from benchmarks.reproduction import scoring
    from benchmarks.reproduction.training import new_learner, train

    kept = cache / "weights" / f"{cell.name}-{cell.digest}.pt"
    if kept.exists():
        stored = torch.load(kept, weights_only=True)
        learner, training = new_learner(cell), stored["training"]
        learner.load_state_dict(stored["weights"])
    else:
        with Stopwatch() as watch:
            learner = train(cell, dataset, Teller(cell))
        training = {"steps": cell.steps, "seconds": round(watch.seconds, 1), "cpu_seconds": round(watch.processor, 1)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"training": training, "weights": learner.state_dict()}, kept)
    found = {"training": training, "batch_norm": scoring.statistics_of(cell)}
    with Stopwatch() as watch:
        for tested in filter(None, (validation, tests)):
            wrong = scoring.wrong_queries(learner, cell, dataset, tested)
            found[tested.role] = {
                f"{way}w{shot}s": scoring.summary(row, way * tested.manifests[way].n_query) for (way, shot), row in wrong.items()
            }
    found["scoring"] = {"seconds": round(watch.seconds, 1), "cpu_seconds": round(watch.processor, 1)}
    for role in ("validation", "test"):
        means = [f"{name} {entry['accuracy']:.2f} ± {entry['reach']:.2f}" for name, entry in found.get(role, {}).items()]
        print(f"{cell.name}, {role}: {', '.join(means) or 'not scored'}", flush=True)
    found["validation"] = {name: entry["accuracy"] for name, entry in found["validation"].items()}
    return found


class Teller:
    """Prints how a training goes, about once a minute."""

    def __init__(self, cell: Cell):
        self.cell, self.losses, self.watch, self.told = cell, [], Stopwatch().__enter__(), 0.0

    def __call__(self, step: int, loss: float) -> None:
        self.losses.append(loss)
        self.watch.__exit__()
        if self.watch.seconds - self.told >= TELL_EVERY or step == self.cell.steps:
            self.told = self.watch.seconds
            recent = self.losses[-100:]
            print(
                f"{self.cell.name}: step {step} of {self.cell.steps}, loss {sum(recent) / len(recent):.4f}, "
                f"{self.watch.seconds:.0f} s, {self.watch.processor:.0f} s of processor",
                flush=True,
            )


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.omniglot", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="cells whose names begin so, as prototypical or maml-5w1s")
    parser.add_argument("--minutes", type=float, help="minutes of one quiet core for each training, instead of each cell's own")
    parser.add_argument("--full", action="store_true", help="the published number of steps: hours to days")
    parser.add_argument(
        "--validation", action="store_true", help="score on validation classes only and store nothing: for trying things"
    )
    parser.add_argument("--list", action="store_true", help="say what would be trained, and what is there")
    parser.add_argument(
        "--write-docs", action="store_true", help="write the table of docs/reproduction.md from the results, and train nothing"
    )
    parser.add_argument("--out", type=Path, help="the results' file, instead of benchmarks/results/omniglot.json")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with Omniglot's files (docs/omniglot.md)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="weights and the data set are kept here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
