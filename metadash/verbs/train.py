"""The verb ``train``: trains one learner, or looks it up, and prints its accuracy."""

import argparse

from metadash.data.library import open_dataset
from metadash.front.run import train as train_learner
from metadash.learners.core.fusions import BOTH
from metadash.learners.core.options import read_options
from metadash.learners.registry import USUAL
from metadash.metadata.controls import CONTROLS
from metadash.specs.run import AUXILIARY_WEIGHT
from metadash.verbs.options import Verbs, add_budget, add_dataset, add_tasks, add_training, names, numbers
from metadash.verbs.result import OF_TRAINED_ALONE, Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("train", parents=[common], help="train one learner, or look it up")
    add_dataset(verb)
    verb.add_argument("--learner", default=USUAL)
    verb.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the learner's paper; may be repeated"
    )
    verb.add_argument(
        "--sources",
        type=names,
        default=(),
        help="metadata sources, separated by commas (default: none); `all` for all that describe classes (with a fusion that reads instances: all there are)",
    )
    verb.add_argument(
        "--fusion",
        choices=["pseudo-shots", "am3", "film", BOTH, "auxiliary"],
        help="how metadata enters (default pseudo-shots when there are sources); film also reads sources that describe instances, "
        f"{BOTH} places classes by the one and reads instances by the other, auxiliary reads metadata in training only (mode full)",
    )
    verb.add_argument(
        "--auxiliary-weight",
        type=float,
        default=AUXILIARY_WEIGHT,
        help=f"of the auxiliary loss (default {AUXILIARY_WEIGHT:g})",
    )
    verb.add_argument("--control", choices=CONTROLS, default="none", help="falsify the metadata")
    verb.add_argument("--distance", choices=["euclidean", "cosine"], default="euclidean")
    verb.add_argument("--source-dropout", type=float, default=0.0)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--split", help="the split it is trained and tested on (default: the data set's own)")
    verb.add_argument("--where", help="SQL condition on the test classes")
    verb.add_argument(
        "--ways", type=numbers, help="fewer ways to score at too, separated by commas (default: 2,3 of 5; '' for none)"
    )
    verb.add_argument("--mode", choices=["quick", "full"], help="default quick, or the recipe's")
    verb.add_argument(
        "--tune",
        type=int,
        metavar="N",
        help="try N forms of the learner on validation classes and test the best: step sizes, penalties, distance, --normalise; what is given "
        "another value than the usual one is kept (mode quick)",
    )
    add_tasks(verb)
    add_budget(verb)
    add_training(verb)
    verb.set_defaults(run=train)


OF_LEARNERS = (
    "learner",
    "sources",
    "fusion",
    "auxiliary_weight",
    "control",
    "distance",
    "source_dropout",
    "seed",
    "split",
    "ways",
    "mode",
    "recipe",
    "tune",
)


def train(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.train``."""
    given = dict(read_options(",".join(options.option)))
    data = open_dataset(workspace, options.dataset)
    found = train_learner(data, options=given, **chosen(options, *OF_LEARNERS, *OF_TRAINED_ALONE))
    return Result(found.values(), str(found))
