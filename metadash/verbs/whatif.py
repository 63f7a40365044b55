"""The verb ``whatif``: a trained learner is asked again with some metadata changed; or how wrong a source may get."""

import argparse

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.run import load
from metadash.front.what_if import doses, what_if
from metadash.verbs.options import Verbs, add_dataset, names
from metadash.verbs.result import Result, chosen, refuse_idle
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("whatif", parents=[common], help="ask a trained learner again with its metadata changed")
    add_dataset(verb)
    verb.add_argument(
        "--run", dest="asked", required=True, metavar="DIGEST", help="a finished learner's run, as `compare` lists them"
    )
    verb.add_argument(
        "--change",
        action="append",
        default=[],
        metavar="SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]]",
        help="a source missing, swap, nearest, noise, stale or blur for a fraction of the test classes (or of the test instances, where it "
        "describes those: no nearest), chosen random, rare or systematic",
    )
    verb.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="CLASS:COLUMN=VALUE",
        help="one class's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--edit-instance",
        action="append",
        default=[],
        metavar="ID:COLUMN=VALUE",
        help="one test instance's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--dose", type=names, default=(), metavar="SOURCES", help="instead: the curve as these get more and more wrong"
    )
    verb.add_argument("--n-shot", type=int, help="labelled examples per class looked at (default: the fewest)")
    verb.add_argument("--episode", type=int, help="the test task looked at query by query (default 1)")
    verb.add_argument("--seed", type=int, help="decides which classes are hit first (default 0)")
    verb.set_defaults(run=whatif)


def whatif(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.what_if``, or ``metadash.doses``."""
    run, data = load(options.asked, workspace), open_dataset(workspace, options.dataset)
    if run.spec.dataset != data.name:
        raise BadInput(f"The run {options.asked} is of the data set '{run.spec.dataset}'; name that one with --dataset.")
    if not options.dose:
        found = what_if(run, **chosen(options, "change", "edit", "edit_instance", "n_shot", "episode", "seed"))
        return Result(found.values(), str(found))
    if options.change or options.edit or options.edit_instance:
        raise BadInput("--dose draws a whole curve; ask it without --change, --edit and --edit-instance.")
    refuse_idle(options, "by --dose, which draws a curve over all test tasks", "episode")
    curve = doses(run, options.dose, **chosen(options, "n_shot", "seed"))
    return Result(curve.values(), str(curve))
