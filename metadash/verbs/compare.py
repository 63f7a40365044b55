"""The verb ``compare``: lists what is stored, or puts two or more learners side by side, the last of them the baseline."""

import argparse

from metadash.answers.costs import cost_of
from metadash.answers.stored_arms import names_of, stored_arms
from metadash.front.compare import compare as compare_learners
from metadash.runs.store import RunStore
from metadash.stats.verdict import ROPE
from metadash.verbs.options import Verbs, names
from metadash.verbs.result import Result, refuse_idle
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("compare", parents=[common], help="list runs, or put learners side by side on the same episodes")
    verb.add_argument(
        "learners",
        nargs="*",
        type=names,
        metavar="LEARNER",
        help="two or more, the last the baseline: a learner's id, or the digests of its runs (one a seed), separated by commas",
    )
    verb.add_argument(
        "--pairs", action="store_true", help="test every pair, Holm over all of them, not each against the baseline"
    )
    verb.add_argument("--ways", action="store_true", help="also print accuracy over the number of ways")
    verb.add_argument("--rope", type=float, help=f"half-width of no practical difference, in points (default {ROPE:g})")
    verb.set_defaults(run=compare)


def compare(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.compare``; without learners, a list of them."""
    if not options.learners:
        refuse_idle(options, "where runs are only listed; name two learners or more to compare", "pairs", "ways", "rope")
        return listed(RunStore(workspace))
    found = compare_learners(options.learners, pairs=options.pairs, ways=options.ways, rope=options.rope, workspace=workspace)
    return Result(found.values(), str(found))


def listed(store: RunStore) -> Result:
    """Every learner that is stored, newest first."""
    found, _ = stored_arms(store.runs())
    names = names_of(found)
    values = [
        {"id": arm.id, "name": names[arm.id], "digests": list(arm.digests), "validation_percent": arm.validation}
        | cost_of(arm).as_values()
        | {"accuracy": [run.summary["accuracy"] for run in arm.runs]}
        for arm in found
    ]
    lines = [f"{arm.id}  {names[arm.id]}: {', '.join(arm.digests)}" for arm in found]
    lines = lines or ["There are no runs yet; `train` or `answer` makes some."]
    if foreign := store.foreign("learner"):
        lines.append(f"Left out, made by another version of MetaDash: {', '.join(foreign)}. Train them again to compare them.")
    return Result(values, "\n".join(lines))
