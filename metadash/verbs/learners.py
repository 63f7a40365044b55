"""The verb ``learners``: every learner with its paper, its cost and its options."""

import argparse
from typing import Any

from metadash.learners.core.entry import LearnerEntry
from metadash.learners.core.recipe import settings_words
from metadash.learners.registry import ENTRIES, options_for
from metadash.specs.run import Evaluation
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
        rates = {mode: entry.outer_rate(mode) for mode in ("quick", "full")} if entry.optimiser == "adamw" else {}
        found.append(
            {
                **about,
                "transductive": entry.transductive,
                "options": usual,
                "options in quick mode": quick,
                "learning_rate": rates,
                "recipe": recipe_of(entry),
            }
        )
        together = " Transductive: it classifies all queries of a task together." if entry.transductive else ""
        lines.append(f"{entry.name:14} {entry.title} ({entry.paper}). {entry.cost}{together}")
        if entry.paper_recipe is not None:
            lines.append(f"{'':14}   --recipe paper: {settings_words(entry.paper_recipe, Evaluation.n_way)}")
    return Result(found, "\n".join(lines))


def recipe_of(entry: LearnerEntry) -> dict[str, Any] | None:
    """What its paper's recipe sets for tests of the usual number of ways, and where it is not the paper; None where it has none."""
    recipe = entry.paper_recipe
    if recipe is None:
        return None
    settings = recipe.settings_for(Evaluation.n_way, next(iter(recipe.widths), ""))
    return {**settings, "options": dict(settings.get("options", ())), "deviations": list(recipe.deviations)}
