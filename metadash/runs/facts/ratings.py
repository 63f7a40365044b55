"""Ratings of new users, foreseen by every method."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.errors import BadInput
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.specs.given.ratings import RatingsSpec

FOLD_SECONDS = 1.0
RATING_SECONDS = 1.5e-5
"""Of one fold, for each rating and each number of shots."""


def title(spec: RatingsSpec) -> str:
    read = f" with {', '.join(spec.sources)}" if spec.sources else ""
    return f"Ratings of new users{read}, {spec.dataset}, {spec.folds} folds"


def seconds(spec: RatingsSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return spec.folds * (FOLD_SECONDS + RATING_SECONDS * len(spec.shots) * n_instances)


def check(spec: RatingsSpec, dataset: Dataset) -> None:
    ratings_of(dataset)
    for name in spec.sources:
        source = dataset.source(name)
        if source.level == "task":
            raise BadInput(f"The source '{name}' describes users, and no method here reads such; choose sources of items.")
        if source.level == "instance":
            raise BadInput(
                f"The source '{name}' describes single ratings, which nobody knows before they are given; choose others."
            )


def advice(spec: RatingsSpec) -> str:
    return f"Ask for fewer draws of each user (draws is {spec.draws}), or fewer numbers of shots."


def like(spec: RatingsSpec) -> tuple:
    return spec.dataset, spec.folds, bool(spec.sources)


RATINGS = Facts(title, seconds, check, advice, like)
