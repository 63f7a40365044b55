"""The verb ``audit``: what to look at before training, who could be recognised, and (asked for) what metadata alone answers."""

import argparse

from metadash.data.library import open_dataset
from metadash.front.audit import audit as look
from metadash.verbs.options import Verbs, add_budget, add_dataset, names
from metadash.verbs.result import OF_TRAINING, Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser(
        "audit", parents=[common], help="what to look at in the metadata before training; who is recognisable"
    )
    add_dataset(verb)
    verb.add_argument("--split", help="the split it is judged under (default: the data set's own)")
    verb.add_argument("--sources", "--source", type=names, default=(), help="only these sources, separated by commas")
    verb.add_argument("--quasi", type=names, default=(), help="columns that others may know: counts k, l and unique rows")
    verb.add_argument("--sensitive", metavar="COLUMN", help="what they would learn, for l-diversity")
    verb.add_argument("--metadata-only", action="store_true", help="also train what answers from metadata alone")
    verb.add_argument("--probe", metavar="COLUMN", help="how well a published map of --run would let a reader guess this column")
    verb.add_argument("--run", dest="probed", metavar="DIGEST", help="a finished learner's run, for --probe")
    verb.add_argument("--prototypes", action="store_true", help="probe its prototypes instead of its map")
    add_budget(verb, shots=False)
    verb.set_defaults(run=audit)


def audit(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.audit``; a block makes the exit code 2."""
    choices = chosen(options, "split", "sources", "quasi", "sensitive", "metadata_only", "probe", "prototypes", *OF_TRAINING)
    found = look(open_dataset(workspace, options.dataset), run=options.probed, **choices)
    return Result(found.values(), str(found), blocked=found.blocked)
