"""The kinds of tasks there are, one entry each: what says them, how they are made, and what would be new to the learner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from metadash.data.dataset import Dataset
from metadash.episodes.given import GivenSpec, given_tasks
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.rated import RatedSpec, rated_tasks
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec


@dataclass(frozen=True)
class TaskKind:
    """``make`` turns a data set and a spec of type ``spec`` into a frozen manifest; ``new`` is what train and test do not share."""

    name: str
    title: str
    spec: type
    make: Callable[[Dataset, Any], EpisodeManifest]
    new: str


TASK_KINDS = (
    TaskKind("drawn", "Classification tasks drawn from a pool of classes", EpisodeSpec, draw, "class or group of classes"),
    TaskKind("given", "One owner, one task", GivenSpec, given_tasks, "owner"),
    TaskKind("rated", "One user, one task: ratings to be foreseen from others", RatedSpec, rated_tasks, "user"),
)


def tasks_of(dataset: Dataset, spec: EpisodeSpec | GivenSpec | RatedSpec) -> EpisodeManifest:
    """The manifest of a spec of any kind."""
    kind = next(kind for kind in TASK_KINDS if isinstance(spec, kind.spec))
    return kind.make(dataset, spec)
