"""What the inner loop did to one episode, read off its frames: the sentence above the pictures, and the tables to take away.

One episode has no interval: its counts are exact for it, and say nothing about others. So the sentence gives counts and their n, and the
page gives the mean over all episodes, with its interval, beside it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metadash.stats.words import THIN

HARDLY = 0.9
"""A support loss that keeps this part of what it was has hardly been moved."""

NOTHING_LEFT = 0.2
"""A support loss from which there is little to gain: the right classes have four fifths of the probability."""


@dataclass(frozen=True)
class Adapted:
    """Right answers among ``queries``, counted. ``own_steps`` is how many steps the learner was scored with; ``right_moved`` are
    those of the prototypes with metadata, None for a run without; ``losses`` of the support before any step and after the last that
    the learner was scored with (or the last there is)."""

    steps: int
    own_steps: int
    queries: int
    right: tuple[int, ...]
    right_plainly: int
    right_moved: int | None
    turned_right: int
    turned_wrong: int
    losses: tuple[float, float]

    @property
    def hardly_moved(self) -> bool:
        return self.steps > 0 and self.losses[0] > NOTHING_LEFT and HARDLY * self.losses[0] < self.losses[1]

    @property
    def overshot(self) -> bool:
        return self.steps > 0 and self.losses[1] > self.losses[0] + 0.01


def read_adaptation(steps: pd.DataFrame, queries: pd.DataFrame, prototypes: pd.DataFrame, own_steps: int) -> Adapted:
    """From the frames of a stored adaptation (see ``metadash.training.adaptation``)."""
    right = right_by_step(queries)
    seen = {by: int((part["predicted"] == part["class_id"]).sum()) for by, part in prototypes.groupby("by")}
    first, last = right[0], right[-1]
    return Adapted(
        len(right) - 1,
        own_steps,
        right.shape[1],
        tuple(int(count) for count in right.sum(axis=1)),
        seen["plain"],
        seen.get("metadata"),
        int((last & ~first).sum()),
        int((first & ~last).sum()),
        (float(steps["support_loss"].iloc[0]), float(steps["support_loss"].iloc[min(own_steps, len(right) - 1)])),
    )


def by_step(queries: pd.DataFrame, column: str) -> np.ndarray:
    """[steps + 1, Q] of one column."""
    return queries.sort_values(["step", "query"])[column].to_numpy().reshape(queries["step"].nunique(), -1)


def right_by_step(queries: pd.DataFrame) -> np.ndarray:
    """[steps + 1, Q] whether a query is answered rightly."""
    return by_step(queries, "predicted") == by_step(queries, "class_id")


def share(count: int, n: int) -> str:
    return f"{100 * count / n:.0f}{THIN}%"


def headline(found: Adapted) -> str:
    """``5 steps take this task from 31 % to 84 % of 75 queries; a prototype over the same backbone gets 79 %.``"""
    n, first, last = found.queries, share(found.right[0], found.queries), share(found.right[-1], found.queries)
    steps = f"{found.steps} step{'s' if found.steps > 1 else ''}"
    one = found.steps == 1
    if not found.steps:
        does = f"Without any step, the learner is right in {last} of {n} queries of this task"
    elif found.right[-1] == found.right[0]:
        does = f"{steps} leave{'s' if one else ''} this task at {last} of {n} queries"
    else:
        down = "down " if found.right[-1] < found.right[0] else ""
        does = f"{steps} take{'s' if one else ''} this task from {first} {down}to {last} of {n} queries"
    moved = "" if found.right_moved is None else f", {share(found.right_moved, n)} with the metadata"
    return f"{does}; a prototype over the same backbone gets {share(found.right_plainly, n)}{moved}."


def details(found: Adapted) -> str:
    """Which queries changed sides, and what the steps beyond the learner's own bring; empty where no step was made."""
    if not found.steps:
        return ""
    text = f"{found.turned_right} of {found.queries} queries turn right on the way, {found.turned_wrong} turn{'s' if found.turned_wrong == 1 else ''} wrong."
    if found.steps > found.own_steps:
        own = share(found.right[found.own_steps], found.queries)
        text += f" It was scored with {found.own_steps} step{'s' if found.own_steps != 1 else ''}, which give {own} here."
    elif found.steps < found.own_steps:
        text += f" It was scored with {found.own_steps} steps; these are the first {found.steps}."
    return text


def advice(found: Adapted, mode: str) -> str:
    """What to change where the steps hardly do anything, or do harm; else empty."""
    if found.overshot:
        return (
            f"The steps are too large: the support loss goes up, from {found.losses[0]:.2f} to {found.losses[1]:.2f}. Train it with "
            "smaller ones (the option inner_lr), or for longer."
        )
    if not found.hardly_moved:
        return ""
    because = (
        "Over a frozen backbone only the head adapts, and step sizes meant for a whole network hardly move it"
        if mode == "quick"
        else "The step size is small for what it has to do"
    )
    return (
        f"The steps are small: the support loss goes from {found.losses[0]:.2f} to {found.losses[1]:.2f}. {because}; look at more steps, "
        "or train it with larger ones (the option inner_lr, or finetune_lr)."
    )


def steps_table(steps: pd.DataFrame, prototypes: pd.DataFrame) -> pd.DataFrame:
    """The steps with the prototypes' accuracy beside them, to take away."""
    right = (prototypes["predicted"] == prototypes["class_id"]).groupby(prototypes["by"]).mean()
    names = {"plain": "prototype_accuracy", "metadata": "prototype_with_metadata_accuracy"}
    return steps.assign(**{name: right[by] for by, name in names.items() if by in right})


def queries_table(queries: pd.DataFrame, prototypes: pd.DataFrame, names: np.ndarray, classes: list[int]) -> pd.DataFrame:
    """Every query at every step and by the prototypes, with names and one column for each class's probability, to take away.

    ``names`` [C] of all classes of the data set; ``classes`` those of the episode, in the order of the probabilities.
    """
    views = prototypes.assign(by="prototype, " + prototypes["by"])
    every = pd.concat([queries.assign(by="learner").astype({"step": "Int64"}), views], ignore_index=True)
    table = every[["by", "step", "query", "row", "class_id", "predicted", "probability"]].copy()
    table.insert(5, "class_name", names[every["class_id"]])
    table.insert(7, "predicted_name", names[every["predicted"]])
    spread = np.stack(every["probabilities"].to_list())
    return table.assign(**{f"p_class_{c}": spread[:, place] for place, c in enumerate(classes)})
