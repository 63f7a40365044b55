"""The verb ``save``: a trained learner leaves as one folder, which ``predict --run FOLDER`` runs without the workspace."""

import argparse

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.using.files import BEST, learner_of
from metadash.front.using.leaving import LeftRun, load_left
from metadash.verbs.options import Verbs, add_learner
from metadash.verbs.result import Result, refuse_idle
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser(
        "save", parents=[common], help="write a trained learner as one folder, which `predict --run FOLDER` runs anywhere"
    )
    add_learner(verb)
    verb.add_argument("--out", required=True, metavar="FOLDER", help="a new folder: tensors, tables and a card, no programs")
    verb.add_argument("--dataset", help="the data set whose learners --run best chooses among (default glyphs)")
    verb.set_defaults(run=save)


def save(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``TrainedRun.save``."""
    data = None
    if options.asked == BEST:
        data = open_dataset(workspace, options.dataset or "glyphs")
    else:
        refuse_idle(options, "by a run that is named; it is for --run best", "dataset")
    learner = learner_of(options.asked, data, workspace)
    if isinstance(learner, LeftRun):
        raise BadInput(f"The learner in '{learner.folder.name}' has left its workspace already; copy that folder.")
    folder = learner.save(options.out)
    card = load_left(folder).card
    values = {"folder": str(folder), **{name: card[name] for name in ("run", "title", "dataset", "licence", "metrics", "holds")}}
    text = (
        f"{card['title']}\nwritten to {folder}\n  {card['holds']}\n  metadash predict --run {folder}/ runs it, here and elsewhere"
    )
    return Result(values, text)
