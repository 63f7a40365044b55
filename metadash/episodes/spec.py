"""What a task is: how many classes and examples, drawn from which pool, by which strategy, from which seed."""

from dataclasses import dataclass, field
from typing import Literal

from metadash.data.dataset import ROLES
from metadash.errors import BadInput

STRATEGIES = ("uniform", "siblings", "disjoint")
Strategy = Literal["uniform", "siblings", "disjoint"]


@dataclass(frozen=True)
class Pool:
    """The classes that may be drawn: one role of a stored split, narrowed by an optional SQL condition on ``classes``."""

    split: str
    role: str = "test"
    where: str | None = None


@dataclass(frozen=True)
class EpisodeSpec:
    """An episode to draw.

    ``n_way`` classes, ``n_shot`` support and ``n_query`` query instances of each. Strategy *uniform* draws any classes of the
    pool; *siblings* draws classes that share their value of ``column`` (a class column); *disjoint* draws any classes, and
    support and query instances that share no value of ``column`` (an instance column). Raises BadInput when it makes no sense.
    """

    pool: Pool
    n_way: int = 5
    n_shot: int = 1
    n_query: int = 15
    strategy: Strategy = "uniform"
    column: str | None = None
    seed: int = 0
    n_episodes: int = field(default=1)

    def __post_init__(self) -> None:
        for name, low, high in (("n_way", 2, 1000), ("n_shot", 0, 1000), ("n_query", 1, 1000), ("n_episodes", 1, 1_000_000)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise BadInput(f"{name} is {value!r}; it must be a whole number from {low} to {high}.")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise BadInput(f"seed is {self.seed!r}; it must be a whole number from 0 on.")
        if self.pool.role not in ROLES:
            raise BadInput(f"The role is '{self.pool.role}'; it must be one of {', '.join(ROLES)}.")
        if self.strategy not in STRATEGIES:
            raise BadInput(f"The strategy is '{self.strategy}'; it must be one of {', '.join(STRATEGIES)}.")
        if self.strategy != "uniform" and not self.column:
            raise BadInput(
                f"The strategy '{self.strategy}' needs a column: the one whose values siblings share or support and query do not."
            )
