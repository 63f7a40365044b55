"""Where the front door computes: whatever is missing, with a bar or without, and then it is stored for everybody."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from metadash import settings
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.progress_bar import bar
from metadash.runs.kinds import title_of
from metadash.runs.queue.batch import train_all, train_one
from metadash.runs.store import Run
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace


def compute_all(
    specs: Sequence[Spec], workspace: Workspace, title: str, progress: bool = True, workers: int | None = None
) -> None:
    """Every run that is not stored yet, side by side on as many workers as there are. Raises BadInput where one fails."""
    with bar(1, progress) as shown:
        train_all(specs, workspace, workers or settings.worker_count(), shown.part(title))


def compute_one(spec: Spec, workspace: Workspace, progress: bool = True) -> Run:
    """One run, in this process, after what it builds on. Raises BadInput where it fails."""
    with bar(1, progress) as shown:
        return train_one(spec, workspace, shown.part(title_of(spec)))


def opened(data: Dataset) -> Dataset:
    """``data`` as it is. Raises BadInput for what is no opened data set."""
    if not isinstance(data, Dataset):
        raise BadInput(f"{data!r:.60} is no data set; open one with metadash.open, or make one with metadash.from_tables.")
    return data


def names_in(sources: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names of sources, given one by one or in one text with commas between."""
    found = sources.split(",") if isinstance(sources, str) else sources or ()
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


TASKS_AND_BUDGET = (
    "where",
    "n_way",
    "strategy",
    "column",
    "mode",
    "split",
    "backbone",
    "width",
    "backbone_episodes",
    "own_backbone",
    "normalise",
    "steps",
    "n_episodes",
    "n_query",
)
"""Arguments of ``answer``, ``ablate`` and ``train`` that go to ``run_for`` as they are; ``shots`` does too, as numbers."""


def tasks_and_budget(given: Mapping[str, Any]) -> dict[str, Any]:
    """These among the arguments that a function was ``given`` (its ``locals()``), by name: none can be left out on the way."""
    return {**{name: given[name] for name in TASKS_AND_BUDGET}, "shots": numbers_in(given["shots"])}
