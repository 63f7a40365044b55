"""The process that imports: ``python -m metadash.dashboard.bring.worker PLACE``; what it is to do stands in the place (``errand``).

It ends itself a moment after it was called off, or after the server that began it has ended, wherever it is: a data set takes its place
by one rename, so there is nothing half-made to see.
"""

import contextlib
import os
import shutil
import sys
import threading
import time
import traceback
from _thread import interrupt_main
from pathlib import Path
from typing import Any

from metadash.errors import BadInput
from metadash.runs.queue.jobs import whereabouts
from metadash.workspace import Workspace, read_json, write_json

LOOK_EVERY = 0.2
BEAT = 5.0
"""Seconds of silence after which it says once more what it does."""
GRACE = 2.0
"""Seconds in which an import that was called off tidies up by itself; then it is ended."""
DEFECT = (
    "The import failed on a defect of MetaDash, and left nothing behind; the server's folder of this upload holds the details."
)


class Told:
    """What is written down of how far it is, a few times a second at most."""

    def __init__(self, place: Path):
        self.place, self.last, self.beat = place, 0.0, time.monotonic()
        self.said: tuple[str, dict[str, Any]] = ("running", {})
        self.lock = threading.RLock()
        self.off, self.over = threading.Event(), threading.Event()
        self.who = whereabouts()

    def write(self, state: str, **values: Any) -> None:
        with self.lock, contextlib.suppress(BadInput):  # a full disk is said by what is imported
            self.said, self.beat = (state, values), time.monotonic()
            write_json(self.place / "progress.json", {"state": state, **values, **self.who, "updated": time.time()})

    def sign_of_life(self) -> None:
        """Says once more what was said last, where that is long ago: other machines believe nothing else."""
        with self.lock:
            if time.monotonic() - self.beat > BEAT:
                self.write(self.said[0], **self.said[1])

    def __call__(self, phase: str, fraction: float) -> bool:
        """As every long work here reports; True asks it to stop."""
        if time.monotonic() - self.last > LOOK_EVERY:
            self.last = time.monotonic()
            self.write("running", phase=phase, fraction=min(1.0, max(0.0, float(fraction))))
        return self.off.is_set()


def watch(told: Told) -> None:
    """Beside the work: sees that it was called off, or that the server is gone."""
    threading.Thread(target=follow_the_rope, args=(told,), daemon=True).start()
    while not told.off.is_set():
        if (told.place / "cancel").exists() or not told.place.is_dir():
            told.off.set()
        elif not told.over.is_set():
            told.sign_of_life()
        time.sleep(LOOK_EVERY)
    if told.over.wait(GRACE / 2):
        return
    interrupt_main()  # what does not ask whether to stop is interrupted where it is
    if told.over.wait(GRACE / 2):
        return
    called_off(told)
    os._exit(1)


def follow_the_rope(told: Told) -> None:
    sys.stdin.buffer.read()
    told.off.set()


def called_off(told: Told) -> None:
    told.write("cancelled", message="The import was called off and left nothing behind.")


def ended(told: Told, message: str = "") -> None:
    told.over.set()
    if told.off.is_set() or not message:
        called_off(told)
    else:
        told.write("failed", message=message)


def main(place: Path) -> None:
    from metadash.dashboard.bring.recipe import carry_out

    told = Told(place)
    told("starting", 0.0)
    threading.Thread(target=watch, args=(told,), daemon=True).start()
    asked = read_json(place / "asked.json") or {}
    try:
        only = asked["only"] and Path(asked["only"])
        data = carry_out(Workspace(asked["workspace"]), Path(asked["path"]), only, asked["recipe"], told)
        told.over.set()
        told.write("done", phase="done", fraction=1.0, name=data.name, notes=list(data.description.extra.get("notes", ())))
        shutil.rmtree(place / "files", ignore_errors=True)
    except KeyboardInterrupt:
        ended(told)
    except BadInput as problem:
        ended(told, str(problem))
    except Exception:
        traceback.print_exc()
        ended(told, DEFECT)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
