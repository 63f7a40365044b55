"""What a verb hands back, and how it reads its options: what all verbs share."""

import argparse
from dataclasses import dataclass
from typing import Any, get_type_hints

from metadash.errors import BadInput
from metadash.front.choices import Budget, OfTraining, Tasks, Training


@dataclass(frozen=True)
class Result:
    """What a verb found: ``values`` for machines, ``text`` for people; not ``healthy`` makes the exit code 1, ``blocked`` 2."""

    values: Any
    text: str
    healthy: bool = True
    blocked: bool = False


OF_TASKS, OF_BUDGET, OF_TRAINING, OF_TRAINED_ALONE = (
    tuple(get_type_hints(said)) for said in (Tasks, Budget, Training, OfTraining)
)
"""The options of verbs that draw tasks and train, by the names that functions and ``run_for`` know too."""


def chosen(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those of a verb's options that are choices of ``run_for``."""
    return {name: getattr(options, name) for name in names}


def refuse_idle(options: argparse.Namespace, why: str, *names: str, **called: str) -> None:
    """Raises BadInput for the first of these options that was given and would be ignored; ``called`` where its flag is not its name."""
    for name in (*names, *called):
        if getattr(options, name) not in (None, False, (), []):
            raise BadInput(f"--{called.get(name, name.replace('_', '-'))} would be ignored {why}.")
