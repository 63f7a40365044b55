"""An import that goes on in a process of its own: how it is begun, how far it is, how it is called off.

Its record lies beside the files that it imports (``staging``), so that another visitor, or the same one after a reload, sees it too. The
process ends when the server does: the data set lands whole or not at all either way.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from metadash.dashboard.bring.staging import place_of
from metadash.dashboard.places import PACKAGE
from metadash.errors import BadInput
from metadash.runs.queue.jobs import lives, whereabouts
from metadash.workspace import Workspace, read_json, reason, refuse_change, write_json

ASKED, PROGRESS, CANCEL, LOG = "asked.json", "progress.json", "cancel", "log.txt"
State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
STARTED: list[subprocess.Popen[bytes]] = []
"""Processes of this server. Their standard input is the rope: it ends when the server does."""


@dataclass(frozen=True)
class Errand:
    """``name``: what the data set is to be called; once it is ``done``, what it is called. ``fraction`` 0..1, ``seconds`` since it began."""

    place: Path
    name: str
    state: State
    phase: str = ""
    fraction: float = 0.0
    seconds: float = 0.0
    message: str = ""
    notes: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def seconds_left(self) -> float | None:
        """By the pace so far; None while there is none to speak of."""
        return self.seconds * (1 - self.fraction) / self.fraction if self.fraction > 0.02 and self.seconds > 1 else None


def begin(workspace: Workspace, place: Path, path: Path, only: Path | None, name: str, recipe: Mapping[str, Any]) -> None:
    """Start to import ``path`` as ``recipe`` says; paths in its tables lead nowhere but into ``only``, where that is given. Raises
    BadInput where no process can be started."""
    refuse_change(place)
    reap()
    for left in (PROGRESS, CANCEL):
        (place / left).unlink(missing_ok=True)
    asked = {
        "workspace": str(workspace.root),
        "path": str(path),
        "only": only and str(only),
        "name": name,
        "recipe": dict(recipe),
    }
    write_json(place / ASKED, {**asked, "since": time.time(), **whereabouts()})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "metadash.dashboard.bring.worker", str(place)]
    try:
        with (place / LOG).open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment)
    except OSError as error:
        (place / ASKED).unlink(missing_ok=True)
        raise BadInput(f"The import could not be started: {reason(error)}; try again.") from error
    STARTED.append(process)
    write_json(place / ASKED, {**asked, "since": time.time(), **whereabouts(process.pid)})


def reap() -> None:
    """Forget processes that have ended, and ask how: else they stay in the system's table."""
    STARTED[:] = [process for process in STARTED if process.poll() is None]


def read(place: Path) -> Errand | None:
    """How it stands; None where nothing was asked for."""
    reap()
    asked = read_json(place / ASKED)
    if not isinstance(asked, dict):
        return None
    told = read_json(place / PROGRESS) or {}
    state, message = told.get("state", "queued"), told.get("message", "")
    if state in ("queued", "running") and not lives({**asked, "updated": asked.get("since"), **told}):
        told = read_json(place / PROGRESS) or {}  # it may have ended well in between
        state, message = told.get("state", "queued"), told.get("message", "")
        if state in ("queued", "running"):
            state, message = "interrupted", "The import was interrupted and left nothing behind; start it again."
    return Errand(
        place,
        told.get("name") or asked.get("name", ""),
        state,
        told.get("phase", "starting"),
        float(told.get("fraction", 0.0)),
        max(0.0, float(told.get("updated") or time.time()) - float(asked.get("since", time.time()))),
        message,
        tuple(told.get("notes", ())),
    )


def cancel(place: Path) -> None:
    refuse_change(place)
    with contextlib.suppress(OSError):
        (place / CANCEL).touch()


def under_way(workspace: Workspace) -> list[Errand]:
    """All that are, whoever began them."""
    try:
        places = list(place_of(workspace).iterdir())
    except OSError:
        return []
    return [found for place in places if (found := read(place)) and found.active]
