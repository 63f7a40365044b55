"""The verb ``propose``: which features and which light head suit a data set, by its validation classes."""

import argparse

from metadash.data.library import open_dataset
from metadash.front.propose import propose as ask
from metadash.verbs.options import Verbs, add_dataset, numbers
from metadash.verbs.result import Result, chosen
from metadash.workspace import Workspace

OF_PROPOSALS = (
    "n_way",
    "strategy",
    "column",
    "shots",
    "n_query",
    "split",
    "width",
    "backbone_episodes",
    "own_backbone",
    "n_tasks",
)


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("propose", parents=[common], help="which features and which light head validation classes like best")
    add_dataset(verb)
    verb.add_argument("--n-way", type=int, help="classes of a task (default 5, or what the data have)")
    verb.add_argument("--strategy", choices=["uniform", "siblings", "disjoint"], help="how tasks are drawn")
    verb.add_argument("--column", help="what siblings share, or support and query do not (default: the data set's own)")
    verb.add_argument("--shots", type=numbers, help="labelled examples per class, separated by commas (default 1,5)")
    verb.add_argument("--n-query", type=int, help="queries per class")
    verb.add_argument("--split", help="whose validation classes are asked (default: the data set's own)")
    verb.add_argument("--width", type=int, help="how wide the network is that is trained here")
    verb.add_argument("--backbone-episodes", type=int, help="its training episodes, at most")
    verb.add_argument(
        "--own-backbone", action="store_true", default=None, help="train it here, though one comes with the data set"
    )
    verb.add_argument("--n-tasks", type=int, help="validation tasks, 20 to 400 (default 200)")
    verb.set_defaults(run=propose)


def propose(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.propose``."""
    found = ask(open_dataset(workspace, options.dataset), **chosen(options, *OF_PROPOSALS))
    return Result(found.values(), str(found))
