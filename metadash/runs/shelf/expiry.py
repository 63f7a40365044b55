"""Which runs are old enough to go, by one stated policy; nothing goes unless somebody set a number of days.

A run expires when it was made more than so many days ago, nobody gave it or its learner a star, a name, a tag or a note, and no run that stays is
built on it. Whole learners go together: none loses a seed or a fold while others of its runs stay.
"""

import time
from collections.abc import Sequence

from metadash import settings
from metadash.errors import BadInput
from metadash.runs.shelf.deleting import delete, needed_by, needs
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import all_notes
from metadash.runs.store import RunStore
from metadash.workspace import Workspace

DAY = 24 * 3600.0


def expired(store: RunStore, days: float, now: float | None = None) -> list[Listed]:
    """Those that would go. What cannot be believed has no date, and stays for ``doctor`` to name."""
    runs = [run for run in store.listed() if run.entry.record]
    before = (time.time() if now is None else now) - days * DAY
    noted = all_notes(store.folder)
    young = {run.learner for run in runs if run.entry.created >= before}
    going = {run.digest: run for run in runs if run.learner not in young and run.learner not in noted}
    while kept := used(runs, going):  # what stays may need what needs others
        for run in runs:
            if run.learner in kept:
                going.pop(run.digest, None)
    return [*going.values()]


def used(runs: Sequence[Listed], going: dict[str, Listed]) -> set[str]:
    """The learners of those going that a run that stays is built on."""
    return {going[need].learner for run in runs if run.digest not in going for need in needs(run) if need in going}


def expire(workspace: Workspace, days: float) -> int:
    """Delete what has expired; how many runs went. None goes while a job reads one of them: it is tried again later."""
    going = [run.digest for run in expired(RunStore(workspace), days)]
    if not going or needed_by(workspace, going):
        return 0
    delete(workspace, going)
    return len(going)


def days_kept() -> float | None:
    """What the setting says; None where it says nothing, so that nothing expires. Raises BadInput for no number of days."""
    said = settings.KEEP_DAYS.value
    if not said:
        return None
    if not said.isdecimal() or not 1 <= int(said) <= 36_500:
        raise BadInput(f"{settings.KEEP_DAYS.name} is '{said}'; it must be a whole number of days from 1 to 36500.")
    return float(said)
