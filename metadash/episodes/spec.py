"""What a task is: how many classes and examples, drawn from which pool, by which strategy, from which seed."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from metadash.canonical import QUIET
from metadash.data.dataset import ROLES
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked, OneOf

STRATEGIES = ("uniform", "siblings", "disjoint")
Strategy = Literal["uniform", "siblings", "disjoint"]


@dataclass(frozen=True)
class Pool(Checked):
    """The classes that may be drawn: one role of a stored split, narrowed by an optional SQL condition on ``classes``."""

    split: str
    role: Annotated[str, OneOf(ROLES)] = "test"
    where: str | None = None


@dataclass(frozen=True)
class EpisodeSpec(Checked):
    """An episode to draw.

    ``n_way`` classes, ``n_shot`` support and ``n_query`` query instances of each. Strategy *uniform* draws any classes of the
    pool; *siblings* draws classes that share their value of ``column`` (a class column); *disjoint* draws any classes, and
    support and query instances that share no value of ``column`` (an instance column). With ``query_dirichlet`` the same number of
    queries in all, n_way × n_query, is dealt to the classes by a Dirichlet of that concentration, drawn for each episode: 2 as
    Veilleux et al. 2021, the smaller the more uneven; None asks each class alike. Raises BadInput when it makes no sense.
    """

    pool: Pool
    n_way: Annotated[int, Between(2, 1000)] = 5
    n_shot: Annotated[int, Between(0, 1000)] = 1
    n_query: Annotated[int, Between(1, 1000)] = 15
    strategy: Strategy = "uniform"
    column: str | None = None
    seed: Annotated[int, Between(0, SEED)] = 0
    n_episodes: Annotated[int, Between(1, 1_000_000)] = 1
    query_dirichlet: Annotated[float | None, Between(0.01, 1000.0)] = field(default=None, metadata=QUIET)

    def settle(self) -> None:
        if self.strategy != "uniform" and not self.column:
            raise BadInput(
                f"The strategy '{self.strategy}' needs a column: the one whose values siblings share or support and query do not."
            )
