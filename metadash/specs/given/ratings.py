"""How well ratings of new users are foreseen, by which methods, with which metadata: said completely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from metadash.data.folds import MOST_FOLDS
from metadash.episodes.rated import FEWEST_ASKED, Order, RatedSpec
from metadash.errors import BadInput
from metadash.fields import SEED, Between, Checked
from metadash.specs.any_spec import Spec

PLAIN, INFORMED, SHUFFLED, ANYTHING = "offsets", "metadata", "shuffled", "everything"
"""The method without metadata, the same with them, the same with their rows dealt to other items; and what guesses."""

METHODS = {
    ANYTHING: "the mean of all ratings",
    "own-mean": "the user's own mean, shrunk",
    "item-mean": "the item's mean, shrunk",
    PLAIN: "user and item offsets",
    "neighbours": "offsets + item neighbours",
    "factors": "offsets + ridge on item factors",
    INFORMED: "offsets + ridge on metadata",
    "factors+metadata": "offsets + ridge on factors and metadata",
    SHUFFLED: "offsets + ridge on shuffled metadata",
}
"""What is always in the table, by name, simplest first: baselines that are seldom beaten stand beside what is asked about."""
WITH_METADATA = (INFORMED, "factors+metadata", SHUFFLED)

SHUFFLES = 3
"""How often rows of metadata are dealt to other items; what is said of shuffled rows is the mean."""


@dataclass(frozen=True)
class RatingsSpec(Checked):
    """Every method of ``metadash.training.ratings.methods`` on the same tasks of users, each user a test user in one of ``folds``.

    ``shots`` of a user's ratings are known, at most ``n_query`` others are foreseen, ``draws`` times for each user; ``order`` as
    ``RatedSpec`` has it. ``sources`` are those of the data set that the methods with metadata read: of items, and of users.
    """

    dataset: str
    sources: tuple[str, ...] = ()
    shots: tuple[int, ...] = (3, 15)
    n_query: Annotated[int, Between(FEWEST_ASKED, 1000)] = 10
    draws: Annotated[int, Between(1, 100)] = 2
    order: Order = "random"
    folds: Annotated[int, Between(2, MOST_FOLDS)] = 5
    seed: Annotated[int, Between(0, SEED)] = 0

    def settle(self) -> None:
        if not self.shots or list(self.shots) != sorted(set(self.shots)) or self.shots[0] < 1:
            raise BadInput(f"shots is {self.shots}; it must be different whole numbers from 1 on, smallest first.")
        if len(set(self.sources)) < len(self.sources):
            raise BadInput(f"A source is named twice in {', '.join(self.sources)}.")
        self.set(sources=tuple(sorted(self.sources)))  # in whichever order they are named, they are the same question
        self.tasks(1, "test")

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that it scores."""
        return tuple(name for name in METHODS if self.sources or name not in WITH_METADATA)

    @property
    def needs(self) -> "Sequence[Spec]":
        return []

    def tasks(self, fold: int, role: str) -> RatedSpec:
        """The tasks of one role in one fold, with as many known ratings as the most ``shots``."""
        return RatedSpec(fold, self.folds, role, max(self.shots), self.n_query, self.draws, self.order, self.seed)
