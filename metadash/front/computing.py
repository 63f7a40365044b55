"""Where the front door computes: whatever is missing, with a bar or without, and then it is stored for everybody."""

from collections.abc import Sequence

from metadash import settings
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
