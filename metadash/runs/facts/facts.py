"""What is known of a kind of run beside its spec and its computation: words, what it must fit, how long it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from metadash.data.dataset import Dataset
from metadash.data.folds import read_fold
from metadash.specs.any_spec import Spec
from metadash.specs.run import AnyFeatures

S = TypeVar("S", bound=Spec)

USUAL_SHAPE = (28, 28)


def fits_always(spec: Any, dataset: Dataset) -> None:
    """There is nothing to ask of the data beyond what the runs ask that it starts from."""


def usual_advice(spec: Any) -> str:
    return "Make it smaller: fewer ways, fewer queries, or a narrower backbone."


def of_its_data(spec: Spec) -> tuple:
    return (spec.dataset,)


def never(spec: Any) -> bool:
    return False


@dataclass(frozen=True)
class Step:
    """One training step of a backbone: the ``inputs`` it reads, and how many are ``held`` in memory at once for its gradient."""

    backbone: AnyFeatures
    inputs: int
    held: int


def no_step(spec: Any) -> Step | None:
    """No backbone learns in it."""
    return None


@dataclass(frozen=True)
class Facts(Generic[S]):
    """One kind of run, whose specs are of the class S. None of it decides a number that is stored.

    ``title``: a line that tells a run from its neighbours. ``seconds``: of one processor for it alone, reckoned from the spec, the
    number of instances and the shape of one input. ``check`` raises BadInput, in one sentence, where the data cannot serve it; what
    it ``needs`` is checked by its own kind. ``advice``: one sentence, what makes it smaller where memory is short, the most effective
    first. ``like``: runs that are equal in this tell of each other's time, in proportion to their seconds. ``early``: whether it may
    stop by its patience, at a step that nobody knows beforehand. ``step``: what a training step of its backbone reads and holds, the
    largest one; None where no backbone learns. ``interactive``: about half a second that somebody waits for; one
    worker more than the settings name is there for them. ``shared``: many runs are built on one, so to wait for one is not to have
    asked for it. ``listed``: a person looks at one by itself, at its curve and log.
    """

    title: Callable[[S], str]
    seconds: Callable[[S, int, Sequence[int]], float]
    check: Callable[[S, Dataset], None] = fits_always
    advice: Callable[[S], str] = usual_advice
    like: Callable[[S], tuple] = of_its_data
    early: Callable[[S], bool] = never
    step: Callable[[S], Step | None] = no_step
    interactive: bool = False
    shared: bool = False
    listed: bool = False


def fold_words(split: str) -> str:
    """``, fold 2 of 5``; empty for a split that is no fold."""
    fold = read_fold(split)
    return f", fold {fold[0]} of {fold[1]}" if fold else ""


def fewer_ways(n_way: int, n_query: int) -> str:
    return f"fewer ways (n_way is {n_way}), fewer queries (n_query is {n_query})"
