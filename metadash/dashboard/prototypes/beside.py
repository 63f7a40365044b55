"""What may stand beside a learner on its map: another one, itself told nothing of a source, itself before it adapts to the task."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from metadash.answers.map_sentence import one_task
from metadash.answers.stored_arms import StoredArm
from metadash.runs.record import Run
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec, own_steps, told_at_test

NOTHING, START, WITHOUT = "", "start", "without "
"""What the link names beside the digests of other runs."""


def besides(run: RunSpec, others: Sequence[str], label: Callable[[str], str]) -> dict[str, str]:
    """Choices by what a link calls them, in words: itself first, then the runs ``others``."""
    itself = {NOTHING: "nothing"}
    if own_steps(run) is not None:
        itself[START] = "itself before its first step"
    itself |= {f"{WITHOUT}{source}": f"itself without {source}" for source in told_at_test(run)}
    return itself | {other: label(other) for other in others}


def as_spec(choice: str, runs: dict[str, tuple[StoredArm, Run]]) -> dict[str, Any]:
    """The fields of a map's spec that a choice sets."""
    if choice == START:
        return {"before_steps": True}
    if choice.startswith(WITHOUT):
        return {"without": choice.removeprefix(WITHOUT)}
    return {"beside": runs[choice][1].spec_as(RunSpec)} if choice else {}


def beside_sentence(points: pd.DataFrame, beside: pd.DataFrame, choice: str) -> str:
    """Right answers to the same queries, there and here: counts of one task."""
    here, there = one_task(points), one_task(beside)
    who = {START: "before its first step it is right in"}.get(
        choice,
        f"told nothing of {choice.removeprefix(WITHOUT)}, it is right in"
        if choice.startswith(WITHOUT)
        else "the other is right in",
    )
    own, other = (frame[frame["kind"] == "query"] for frame in (points, beside))
    differ = int((own["predicted"].to_numpy() != other["predicted"].to_numpy()).sum())
    return f"Beside it, {who} {there.right} of {there.queries} queries (here {here.right}); {differ} of them are answered differently."


def in_link(spec: MapSpec, learners: Sequence[str]) -> dict[str, str]:
    """What a link to a stored map says of what stands beside it; ``learners`` are the digests of the runs that the map needs."""
    choice = (
        START if spec.before_steps else f"{WITHOUT}{spec.without}" if spec.without else learners[1] if spec.beside else NOTHING
    )
    return {"pr_beside": choice} if choice else {}


def what_lies(choice: str) -> str:
    """What of the learner is drawn."""
    return "**Scores** of the classes of the task, by the head" if choice == START else "**Embedding**"


def beside_words(points: pd.DataFrame, beside: pd.DataFrame, choice: str) -> str:
    """How both come onto the same axes."""
    if choice == START:
        return (
            "points lie by their scores of the classes of the task, which its steps change, with the mean of each point's scores at zero, and "
            "prototypes are means of the support's; the start was arranged from the places of what was scored, then turned, mirrored and scaled onto them"
        )
    own, other = (frame.loc[frame["row"] >= 0, ["x", "y"]].to_numpy() for frame in (points, beside))
    if np.array_equal(own, other):
        return "both see every instance at the same place, so all points were arranged together, and only prototypes and answers differ"
    return "the second was arranged from the places of the first, then turned, mirrored and scaled onto them"
