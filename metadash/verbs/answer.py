"""The verb ``answer``: trains whatever the question still needs, and prints the answer."""

import argparse

from metadash.answers.answer import USUAL_SEEDS
from metadash.data.library import open_dataset
from metadash.front.answer import answer as ask
from metadash.verbs.options import Verbs, add_budget, add_dataset, add_folds, add_tasks, names
from metadash.verbs.result import OF_BUDGET, OF_TASKS, Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("answer", parents=[common], help="train what a question needs, and print the answer")
    add_dataset(verb)
    verb.add_argument("--question", help="one of the data set's questions (default: its first); `datasets` lists them")
    verb.add_argument("--sources", type=names, help="ask about these sources instead, separated by commas")
    add_tasks(verb)
    verb.add_argument("--where", help="SQL condition on the test classes")
    verb.add_argument("--seeds", type=int, default=len(USUAL_SEEDS), help=f"training seeds (default {len(USUAL_SEEDS)})")
    add_folds(verb)
    verb.add_argument("--mode", choices=["quick", "full"], default="quick")
    add_budget(verb)
    verb.set_defaults(run=answer)


def answer(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.answer``."""
    choices = chosen(options, "question", "seeds", "folds", "split", "mode", *OF_TASKS, *OF_BUDGET)
    found = ask(open_dataset(workspace, options.dataset), sources=options.sources or (), **choices)
    return Result(found.values(), found.sentence)
