"""What makes a data set one of ratings: the columns of its instances that say who rated, how, and when. Its classes are the items."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from metadash.data.dataset import Dataset
from metadash.errors import BadInput

KEY = "ratings"
"""In ``extra`` of the description."""

STARS = 5.0
"""The top of a scale of stars; errors on any other scale are said in stars too."""


@dataclass(frozen=True)
class Rated:
    """``user``, ``value`` and ``time`` (None: not known) are columns of instances; ``least`` and ``most`` the ends of the scale, as far as
    ratings were seen to reach."""

    user: str
    value: str
    time: str | None
    least: float
    most: float

    def in_stars(self, values: np.ndarray) -> np.ndarray:
        """Ratings as stars: as they are on a scale that ends at five, else spread over one to five."""
        if self.most == STARS and self.least >= 0:
            return values
        return 1 + (STARS - 1) * (values - self.least) / (self.most - self.least)

    @property
    def kept(self) -> dict[str, Any]:
        """As it stands in the description."""
        return {KEY: asdict(self)}


def rated_in(data: Dataset) -> Rated | None:
    """None for a data set of any other kind."""
    told = data.description.extra.get(KEY)
    return None if told is None else Rated(**told)


def ratings_of(data: Dataset) -> Rated:
    """Raises BadInput for a data set without ratings."""
    found = rated_in(data)
    if found is None:
        raise BadInput(f"'{data.name}' holds no ratings of users; its tasks are drawn from its classes.")
    return found


def refuse_ratings(data: Dataset) -> None:
    """Raises BadInput for ratings, where tasks are drawn from classes."""
    if rated_in(data) is not None:
        raise BadInput(
            f"The tasks of '{data.name}' are its users, and no {data.description.class_noun} is a class to tell from others; ask on Start, or "
            "with `recommend`, whether metadata help to foresee what new users like."
        )
