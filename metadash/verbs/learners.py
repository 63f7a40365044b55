"""The verb ``learners``: every learner with its paper, its cost and its options."""

import argparse

from metadash.learners.registry import ENTRIES, options_for
from metadash.verbs.options import Verbs
from metadash.verbs.result import Result
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("learners", parents=[common], help="list the learners with paper, cost and options")
    verb.set_defaults(run=learners)


def learners(options: argparse.Namespace, workspace: Workspace) -> Result:
    found, lines = [], []
    for entry in ENTRIES:
        usual = {name: getattr(options_for(entry.name), name) for name in entry.options}
        quick = {name: value for name, value in entry.quick.items() if value != usual[name]}
        about = {"name": entry.name, "title": entry.title, "paper": entry.paper, "idea": entry.idea, "cost": entry.cost}
        found.append({**about, "transductive": entry.transductive, "options": usual, "options in quick mode": quick})
        together = " Transductive: it classifies all queries of a task together." if entry.transductive else ""
        lines.append(f"{entry.name:14} {entry.title} ({entry.paper}). {entry.cost}{together}")
    return Result(found, "\n".join(lines))
