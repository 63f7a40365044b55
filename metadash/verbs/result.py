"""What a verb hands back, and how it reads its options: what all verbs share."""

import argparse
from dataclasses import dataclass
from typing import Any

from metadash.errors import BadInput


@dataclass(frozen=True)
class Result:
    """What a verb found: ``values`` for machines, ``text`` for people; not ``healthy`` makes the exit code 1, ``blocked`` 2."""

    values: Any
    text: str
    healthy: bool = True
    blocked: bool = False


OF_BUDGET = ("backbone", "width", "backbone_episodes", "own_backbone", "normalise", "steps", "n_episodes", "shots", "n_query")
"""The options of every verb that trains, by the names that ``run_for`` knows too."""
OF_TASKS = ("n_way", "strategy", "column", "where")


def chosen(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those of a verb's options that are choices of ``run_for``."""
    return {name: getattr(options, name) for name in names}


def refuse_idle(options: argparse.Namespace, why: str, *names: str, **called: str) -> None:
    """Raises BadInput for the first of these options that was given and would be ignored; ``called`` where its flag is not its name."""
    for name in (*names, *called):
        if getattr(options, name) not in (None, False, (), []):
            raise BadInput(f"--{called.get(name, name.replace('_', '-'))} would be ignored {why}.")
