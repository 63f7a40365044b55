"""What the map of one test task says in a sentence: right answers with the plain and with the fused prototypes, class by class."""

from dataclasses import dataclass

import pandas as pd

from metadash.stats.words import points


@dataclass(frozen=True)
class OneTask:
    """Counts of right answers in one task. ``gains``: by class id, right answers more with the fused prototype than with the plain."""

    queries: int
    right: int
    right_plainly: int
    fused: bool
    gains: dict[int, int]
    queries_of: dict[int, int]

    @property
    def most(self) -> int | None:
        """The class that gained most, if any did."""
        best = max(self.gains, key=lambda c: self.gains[c])
        return best if self.gains[best] > 0 else None

    @property
    def least(self) -> int | None:
        """The class that lost most, if any did."""
        worst = min(self.gains, key=lambda c: self.gains[c])
        return worst if self.gains[worst] < 0 else None


def one_task(map_points: pd.DataFrame) -> OneTask:
    """Read off the points of a stored map."""
    queries = map_points[map_points["kind"] == "query"]
    right = queries["predicted"] == queries["class_id"]
    plainly = queries["plainly_predicted"] == queries["class_id"]
    gains = (right.astype(int) - plainly.astype(int)).groupby(queries["class_id"]).sum()
    return OneTask(
        len(queries),
        int(right.sum()),
        int(plainly.sum()),
        bool((map_points["kind"] == "prototype").any()),
        {int(c): int(gain) for c, gain in gains.items()},  # type: ignore[call-overload]
        {int(str(c)): int(n) for c, n in queries.groupby("class_id").size().items()},
    )


def task_sentence(task: OneTask, names: dict[int, str]) -> str:
    """A count, not a mean: it is exact for this one task, and the page says beside it what holds for all."""
    share = f"{100 * task.right / task.queries:.0f} %"
    if not task.fused:
        return f"In this task the learner is right in {task.right} of {task.queries} queries ({share})."
    difference = points(100 * (task.right - task.right_plainly) / task.queries)
    text = (
        f"In this task the learner is right in {task.right} of {task.queries} queries ({share}) with the prototypes that the metadata "
        f"moved, and in {task.right_plainly} with the plain ones ({difference})."
    )
    if task.most is not None:
        text += f" “{names[task.most]}” gains most: {task.gains[task.most]} of its {task.queries_of[task.most]}."
    elif task.least is not None:
        text += f" No class gains; “{names[task.least]}” loses {-task.gains[task.least]} of its {task.queries_of[task.least]}."
    return text
