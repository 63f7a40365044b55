"""What the questions of the front door take alike, said once for functions and verbs: how tasks are drawn, and how much is computed."""

import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, ParamSpec, TypedDict, TypeVar

from metadash.data.dataset import Dataset
from metadash.errors import BadInput

P = ParamSpec("P")
R = TypeVar("R")


class Tasks(TypedDict, total=False):
    """How tasks are drawn; None, or what is left out, stands for what the question, the sources or the data set ask for.

    ``n_way`` classes a task; ``strategy`` is ``uniform``, ``siblings`` or ``disjoint``, ``column`` what siblings share or support and
    query do not, ``where`` an SQL condition on the test classes. ``query_dirichlet`` deals a test task's queries to its classes unevenly,
    by a Dirichlet of that concentration (2 as α-TIM's authors; smaller is more uneven).
    """

    n_way: int | None
    strategy: str | None
    column: str | None
    where: str | None
    query_dirichlet: float | None


class Training(TypedDict, total=False):
    """How much is computed: the embedding network (or encoder), its ``width``, ``backbone_training`` by ``episodes`` or by cross-entropy
    over training ``classes``, how long, ``own_backbone`` to train it though one is shipped, ``normalise`` what is done to its frozen
    features before the heads, ``text_encoder`` how texts and names among the metadata are read, training ``steps`` at most, test episodes (of each fold), queries a class. All there is where metadata are scored alone: at
    one example a class, since more make no difference to them."""

    backbone: str | None
    width: int | None
    backbone_training: str | None
    backbone_episodes: int | None
    own_backbone: bool | None
    normalise: str | None
    text_encoder: str | None
    steps: int | None
    n_episodes: int | None
    n_query: int | None


class Budget(Training, total=False):
    """``Training``, and the numbers of labelled examples a class."""

    shots: int | Sequence[int] | None


class TasksAndBudget(Tasks, Budget, total=False):
    """What every question takes that draws tasks and trains for them."""


class OfTraining(TasksAndBudget, total=False):
    """What a learner that is trained by itself takes besides: how it is trained, where that is not as usual.

    ``meta_batch`` tasks a step, their losses averaged; ``learning_rate`` of the first step and ``weight_decay``; ``patience`` in looks at
    validation classes without a rise (0: it never ends early). Training tasks that are not like the tests: ``train_ways``, ``train_shots``
    (one number is drawn a step), ``train_queries``, ``train_strategy`` ``uniform``. ``start`` ``random`` or ``backbone`` (full mode);
    ``schedule`` ``constant``, ``cosine``, ``linear`` or ``step``; ``keep`` the ``best`` weights on validation classes or the ``last``.
    """

    meta_batch: int | None
    learning_rate: float | None
    weight_decay: float | None
    patience: int | None
    train_ways: int | None
    train_shots: int | Sequence[int] | None
    train_queries: int | None
    train_strategy: str | None
    start: str | None
    schedule: str | None
    keep: str | None


def spelled_out(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, whose signature names all that its ``**choices`` may hold: ``help`` and the completion of a notebook show it,
    and what there is not is a TypeError, as with any other argument."""
    given = inspect.signature(function)
    *first, choices = given.parameters.values()
    (named,) = typing.get_args(choices.annotation)
    hints = typing.get_type_hints(named)
    said = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint) for name, hint in hints.items()
    ]
    signature = given.replace(parameters=[*first, *said])

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        signature.bind(*args, **kwargs)
        return function(*args, **kwargs)

    called.__signature__ = signature  # type: ignore[attr-defined]
    return called


def read(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Choices as ``run_for`` takes them."""
    return {**choices, "shots": numbers_in(choices.get("shots"))}


def opened(data: Dataset) -> Dataset:
    """``data`` as it is. Raises BadInput for what is no opened data set."""
    if not isinstance(data, Dataset):
        raise BadInput(f"{data!r:.60} is no data set; open one with metadash.open, or make one with metadash.from_tables.")
    return data


def names_in(sources: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names of sources, given one by one or in one text with commas between."""
    found = sources.split(",") if isinstance(sources, str) else sources or ()
    if not isinstance(found, Iterable):
        raise BadInput(f"{sources!r:.60} names no source; give a name, or several.")
    return tuple(name for part in found if (name := str(part).strip()))


def numbers_in(numbers: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Numbers of shots or ways, one or several; None stands for what is usual."""
    if numbers is None:
        return None
    if isinstance(numbers, Integral):
        return (int(numbers),)
    found = [*numbers] if isinstance(numbers, Iterable) and not isinstance(numbers, str) else [None]
    if not all(isinstance(one, Integral) for one in found):
        raise BadInput(f"{numbers!r} is no number of shots or ways; give a whole number, or several such as (1, 5).")
    return tuple(int(one) for one in found if one is not None)
