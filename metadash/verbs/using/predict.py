"""The verb ``predict``: a trained learner labels files, from a few examples of each class."""

import argparse

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.run import TrainedRun
from metadash.front.using.files import BEST, label_files, learner_of
from metadash.front.using.labelled import FIXED
from metadash.front.using.leaving import LeftRun
from metadash.front.using.lists import names_in
from metadash.verbs.options import Verbs, add_learner
from metadash.verbs.result import Result, chosen, refuse_idle
from metadash.workspace import Workspace

SHOWN = 20
"""Labels that a terminal shows; all of them are in the file."""


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser(
        "predict", parents=[common], help="label files by a trained learner, from a few examples of each class"
    )
    add_learner(verb, ", the folder that it left in")
    verb.add_argument("--examples", required=True, metavar="DIR_OR_TABLE", help="class/file.png, or a table with a column label")
    verb.add_argument(
        "--metadata",
        nargs="+",
        metavar="FILE",
        help="a table with a row a class, one with a row an input (a column names its file), or both",
    )
    verb.add_argument(
        "--inputs",
        required=True,
        metavar="PATH",
        help="what to label: a folder of pictures, one picture, a table, or lines of text",
    )
    verb.add_argument("--out", metavar="FILE.csv", help="where to write the labels; .parquet writes Parquet")
    verb.add_argument("--false-alarm", type=float, default=0.05, help="share of members that none_of_these may reject (0.05)")
    verb.add_argument(
        "--zero-shot", type=names_in, default=(), metavar="CLASSES", help="classes without an example, placed by metadata"
    )
    verb.add_argument("--next-steps", action="store_true", help="also say which label or cell of the metadata would help most")
    verb.add_argument("--dataset", help="the data set whose learners --run best chooses among (default glyphs)")
    verb.set_defaults(run=predict)


def predict(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.label_files``."""
    data = None
    if options.asked == BEST:
        data = open_dataset(workspace, options.dataset or "glyphs")
    else:
        refuse_idle(options, "by a run that is named; it is for --run best", "dataset")
    choices = chosen(options, "examples", "inputs", "metadata", "out", "zero_shot", "false_alarm")
    learner = learner_of(options.asked, data, workspace)
    if options.next_steps and isinstance(learner, LeftRun):
        raise BadInput(
            "--next-steps asks validation classes, which a learner that has left its workspace does not have; leave it out."
        )
    found = label_files(learner, **choices, data=data, workspace=workspace)
    table = found.frame()[list(FIXED)]
    more = f"\n… {len(table) - SHOWN} more" if len(table) > SHOWN else ""
    written = f"\nwritten to {options.out}" if options.out else ""
    text, values = f"{found}\n{table.head(SHOWN).to_string(index=False)}{more}{written}", found.values()
    if options.next_steps and isinstance(learner, TrainedRun):
        steps = learner.next_steps(found)
        text, values = f"{text}\nWhat to do next:\n{steps}", values | {"next_steps": steps.values()["steps"]}
    return Result(values, text)
