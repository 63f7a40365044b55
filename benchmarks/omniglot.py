"""Trains the learners from scratch on Omniglot and sets their accuracy beside the published one: ``python -m benchmarks.omniglot``.

Every cell (learner, training episodes, seed) is a run of the product's own trainer, as ``metadash train`` gives it, in a workspace of its
own, and is written as soon as it is finished; a cell that is there already is not trained again, so the command can be ended at any
moment and given again. One thread, no selection on test
classes: the last weights are the ones tested, and whoever tries hyperparameters does so on validation classes (``--validation``).

Exit codes: 0 everything asked for is there, 1 a cell failed, 2 bad usage.
"""

import argparse
import sys
import tempfile
import typing
from pathlib import Path

from benchmarks.document import write_between
from benchmarks.record import ROOT
from benchmarks.reproduction import page
from benchmarks.reproduction.cells import planned
from benchmarks.reproduction.ledger import Ledger
from metadash.errors import BadInput
from metadash.runs.machine import prepare_process
from metadash.specs.run import RunSpec

if typing.TYPE_CHECKING:
    from benchmarks.reproduction.workbench import Workbench

RESULTS = ROOT / "benchmarks" / "results" / "omniglot.json"
DATA = ROOT.parent / "shared" / "data" / "omniglot"
PAGE, BEGIN = ROOT / "docs" / "reproduction.md", "<!-- begin: written by python -m benchmarks.omniglot --write-docs -->"
CACHE = Path(tempfile.gettempdir()) / "metadash-omniglot"


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
    if options.trials:
        return tried(options)
    try:
        failed = bench(options).work(cells, ledger)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 1 if failed else 0


def tried(options: argparse.Namespace) -> int:
    """Omniglot's own one-shot trials, by a run of the workspace: the authors' where their file is given, else twenty draws of their form."""
    from benchmarks.reproduction import trials
    from benchmarks.reproduction.training import learner_of
    from metadash.data.library import open_dataset
    from metadash.front.run import stored
    from metadash.runs.store import RunStore
    from metadash.workspace import Workspace

    workspace = Workspace()
    try:
        run = stored(RunStore(workspace), options.trials)
        dataset = open_dataset(workspace, run.spec_as(RunSpec).dataset)
        learner = learner_of(run, dataset)
        sets = [trials.official_trials(options.runs)] if options.runs else [trials.drawn_trials(dataset, s) for s in range(20)]
        wrong = [trials.wrong_trials(learner, one) for one in sets]
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    print(trials.sentence(wrong[0], sets[0]))
    if len(sets) > 1:
        errors = [100 * found.sum() / len(one) for found, one in zip(wrong, sets, strict=True)]
        print(f"Over {len(sets)} draws: {sum(errors) / len(errors):.2f} %, from {min(errors):.2f} to {max(errors):.2f}.")
    print(f"{run.cost['cpu_seconds'] / 60:.1f} processor minutes of training and scoring.")
    return 0


def bench(options: argparse.Namespace) -> "Workbench":
    from benchmarks.reproduction import tasks
    from benchmarks.reproduction.workbench import Workbench

    dataset = tasks.open_omniglot(options.data, options.cache)
    asserted = tasks.assert_disjoint(dataset.classes, dataset.splits)
    print(asserted, flush=True)
    if options.validation:
        tests = tasks.frozen(dataset, "validation", tasks.VALIDATION_SEED, episodes=400)
    else:
        tests = tasks.frozen(dataset, "test", tasks.TEST_SEED)
    return Workbench(dataset, asserted, tests)


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
    parser.add_argument("--trials", metavar="DIGEST", help="Omniglot's 400 one-shot trials by a stored run (docs/omniglot.md)")
    parser.add_argument("--runs", type=Path, metavar="FILE", help="the authors' all_runs.zip, for --trials with their own")
    parser.add_argument("--out", type=Path, help="the results' file, instead of benchmarks/results/omniglot.json")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with Omniglot's files (docs/omniglot.md)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="runs and the data set are kept here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
