"""Figures of the command line: the first answer from nothing, later ones from the run store."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT, Outcome, Row, Stopwatch, median
from metadash.answers.answer import answer, answer_spec
from metadash.data.library import open_dataset
from metadash.runs.store import RunStore
from metadash.workspace import Workspace

SMALL = ("--backbone-episodes", "40", "--steps", "100", "--n-episodes", "200", "--seeds", "2")
"""For trying the script out: seconds instead of a minute, and an answer that means nothing."""


def ask(workspace: Path, small: bool, timeout: float = 600) -> tuple[dict[str, Any], float]:
    """`python -m metadash answer --json` as a process of its own: its answer and its wall seconds."""
    command = [sys.executable, "-m", "metadash", "answer", "--json", "--workspace", str(workspace), *(SMALL if small else ())]
    with Stopwatch() as watch:
        done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise RuntimeError(f"The command line ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout), watch.seconds


def answered(folder: Path, small: bool) -> dict[str, Any]:
    """The answer in the workspace ``cli`` of ``folder``, computed there by whichever figure needs it first."""
    return ask(folder / "cli", small)[0]


def first_answer(folder: Path, small: bool) -> Outcome:
    """From an empty workspace, process start and installing the data set included."""
    found, seconds = ask(folder / "cli", small)
    rows = [
        Row("first answer on the command line, from an empty workspace", "s", seconds, target=120.0),
        Row("… of which runs (backbone not counted)", "s", found["seconds_computed"]),
    ]
    return Outcome(rows, details={"sentence": found["sentence"]})


def later_answers(folder: Path, small: bool) -> Outcome:
    """The same command on the same workspace: with the process's start, and reading the answer alone in a process already running."""
    answered(folder, small)
    repetitions = 2 if small else 5
    process = [ask(folder / "cli", small)[1] for _ in range(repetitions)]
    reading = [read_again(folder / "cli", small) for _ in range(repetitions)]
    return Outcome(
        [
            median("later answer on the command line, process start included", "s", process, 2.0),
            median("… reading the answer off the run store, in a running process", "s", reading, 2.0),
        ]
    )


def read_again(workspace: Path, small: bool) -> float:
    """Nothing is kept from the last time: the data set is opened and the scores are read anew."""
    with Stopwatch() as watch:
        house = Workspace(workspace)
        data = open_dataset(house, "glyphs")
        budget = {"backbone_episodes": 40, "steps": 100, "n_episodes": 200, "seeds": (0, 1)} if small else {}
        found = answer(answer_spec(data, data.description.questions[0], **budget), data, RunStore(house))
    if found is None:
        raise RuntimeError("The answer was not in the run store.")
    return watch.seconds
