"""What is trained on Omniglot: one *cell* is a learner, the episodes it learns from, and a seed."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.reproduction.published import length_of

SETTINGS = ((5, 1), (5, 5), (20, 1), (20, 5))
"""(ways, shots) of the four published tests."""

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Cell:
    """``tasks`` training episodes a step, each of ``n_way`` × (``n_shot`` + ``n_query``) drawings.

    ``rate``: steps a second of one quiet core, from which ``minutes`` becomes a number of steps: the work then depends on the
    configuration alone, however busy the machine. ``full`` trains as long as was published. ``settings``: the tests it can take.
    """

    learner: str
    n_way: int
    n_shot: int
    n_query: int
    rate: float
    minutes: float
    tasks: int = 1
    learning_rate: float = 2e-3
    options: Options = ()
    settings: tuple[tuple[int, int], ...] = SETTINGS
    seed: int = 0
    full: bool = False

    @property
    def published(self) -> tuple[int, int] | None:
        return length_of(self.learner, self.n_way)

    @property
    def steps(self) -> int:
        return self.published[0] if self.full and self.published else max(1, round(self.minutes * 60 * self.rate))

    @property
    def setting(self) -> str:
        return f"{self.learner}-{self.n_way}w{self.n_shot}s"

    @property
    def name(self) -> str:
        return f"{self.setting}-seed{self.seed}"

    @property
    def configuration(self) -> dict[str, Any]:
        """Everything that the weights depend on."""
        kept = ("learner", "n_way", "n_shot", "n_query", "tasks", "learning_rate", "steps", "seed")
        return {**{name: getattr(self, name) for name in kept}, "options": {name: value for name, value in self.options}}

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.configuration, sort_keys=True).encode()).hexdigest()[:16]


def adapting(learner: str, n_way: int, n_shot: int, n_query: int, rate: float, minutes: float, **other: Any) -> Cell:
    """A learner whose head has the ways it was trained with: it is tested there only."""
    other = {"learning_rate": 1e-3, "settings": ((n_way, n_shot),)} | other
    return Cell(learner, n_way, n_shot, n_query, rate, minutes, **other)


FINN_5 = {"options": (("inner_steps", 1), ("eval_steps", 3), ("inner_lr", 0.4))}
FINN_20 = {"options": (("inner_steps", 5), ("eval_steps", 5), ("inner_lr", 0.1))}
"""Training as Finn, Abbeel & Levine 2017; as many queries as shots."""
HEAD = {"options": (("inner_steps", 5), ("inner_lr", 0.1))}
RIDGE: Options = (("ridge_lambda", 10.0),)
"""Where λ starts: by default at 0.1, which is poor (docs/learners.md, deviations)."""

PROTOTYPICAL_1 = Cell("prototypical", 60, 1, 5, 3.7, 10.8)
PROTOTYPICAL_5 = Cell("prototypical", 60, 5, 5, 2.1, 17.5)
"""The episodes of Snell, Swersky & Zemel 2017."""

CELLS = (
    PROTOTYPICAL_1,
    PROTOTYPICAL_5,
    adapting("maml", 5, 1, 1, 4.2, 7, tasks=8, **FINN_5),
    adapting("fomaml", 5, 1, 1, 12.0, 4, tasks=8, **FINN_5),
    Cell("matching", 20, 1, 5, 12.0, 3),
    Cell("r2d2", 20, 1, 5, 12.0, 3),
    adapting("anil", 5, 1, 5, 6.0, 2, tasks=8, **HEAD),
    Cell("relation", 20, 1, 5, 12.0, 2, learning_rate=1e-3),
    adapting("reptile", 5, 1, 9, 4.5, 2, tasks=5),
    adapting("meta-lstm", 5, 1, 5, 0.8, 3),
    replace(PROTOTYPICAL_1, seed=1),
    replace(PROTOTYPICAL_1, seed=2),
    replace(PROTOTYPICAL_5, seed=1),
    replace(PROTOTYPICAL_5, seed=2),
    adapting("maml", 5, 5, 5, 1.0, 8, tasks=8, **FINN_5),
    adapting("maml", 20, 1, 1, 0.6, 8, tasks=4, **FINN_20),
    Cell("matching", 20, 5, 5, 7.5, 3),
    Cell("r2d2", 20, 5, 5, 7.5, 3, options=RIDGE),
    Cell("relation", 20, 5, 5, 7.5, 3, learning_rate=1e-3),
    adapting("fomaml", 5, 5, 5, 3.6, 5, tasks=8, **FINN_5),
    adapting("anil", 5, 5, 5, 3.7, 5, tasks=8, **HEAD),
)
"""In the order in which they are trained: what matters most comes first."""


def planned(minutes: float | None = None, full: bool = False, only: list[str] | None = None) -> list[Cell]:
    """The cells asked for: ``only`` names beginnings of their names. ValueError for one that names nothing."""
    cells = [cell if minutes is None else replace(cell, minutes=minutes) for cell in CELLS]
    if full:
        cells = [replace(cell, full=True, tasks=cell.published[1]) if cell.published else cell for cell in cells]
    for name in only or []:
        if not any(cell.name.startswith(name) for cell in cells):
            raise ValueError(f"There is no cell '{name}'; there are {', '.join(cell.name for cell in cells)}.")
    return [cell for cell in cells if not only or cell.name.startswith(tuple(only))]
