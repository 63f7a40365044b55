"""What lies in the place of runs, as it is now: each folder looked at once, by this process or by another, for as long as it stays as it is."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from metadash.checksums import SETTLED, Stamp
from metadash.runs.record import REFUSED, UNMOVED, look
from metadash.runs.shelf import index
from metadash.runs.shelf.entries import Entry, Listed, entry_of, stamp_text, worked_out_by

KNOWN: dict[str, dict[str, Listed]] = {}
"""Of each place of runs that this process listed: what it knows of its folders, by name."""

LOCK = threading.Lock()
MOST_KNOWN = 4


def listed(root: Path, folder: Path) -> list[Listed]:
    """What is in ``folder``, the place of runs of the workspace ``root``, in the order of the names. Raises OSError where that cannot be read."""
    with LOCK:
        if str(folder) not in KNOWN:
            while len(KNOWN) >= MOST_KNOWN:
                KNOWN.pop(next(iter(KNOWN)))
            KNOWN[str(folder)] = {name: Listed(folder / name, entry) for name, entry in index.remembered(root).items()}
        known, now, by = KNOWN[str(folder)], time.time_ns(), worked_out_by()
        there: list[Listed] = []
        fresh: list[Listed] = []
        for name, stamp in sorted(stamps(folder)):
            found, text = known.get(name), stamp_text(stamp)
            if found is None or found.entry.stamp != text or found.entry.by != by:
                entry = looked_at(folder / name, text)
                if entry is None:
                    continue
                found = Listed(folder / name, entry)
                if now - max(stamp[:2]) > SETTLED:  # a younger file could change again without a new time
                    fresh.append(found)
            there.append(found)
        gone = known.keys() - {found.entry.name for found in there}
        for name in gone:
            del known[name]
        known.update({found.entry.name: found for found in fresh})
        index.note(root, [found.entry for found in fresh], gone)
        return [refused(found) for found in there] if REFUSED else there


def stamps(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """The folders there that could be runs, each with what ``stat`` says of its record; zeros where there is none."""
    for found in os.scandir(folder):
        if found.name.startswith(".") or not found.is_dir():
            continue
        try:
            about = os.stat(f"{found.path}{os.sep}run.json")
        except OSError:
            yield found.name, (0, 0, 0, 0)
        else:
            yield found.name, (about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino)


def looked_at(folder: Path, stamp: str) -> Entry | None:
    """None where it went away meanwhile."""
    try:
        return entry_of(look(folder), folder.name, stamp)
    except (OSError, ValueError):
        return None


def refused(found: Listed) -> Listed:
    """The same; of a damaged run that could not be moved aside, that it is one."""
    stamp = REFUSED.get(str(found.folder))
    if stamp is None or stamp_text(stamp) != found.entry.stamp:
        return found
    return Listed(found.folder, Entry(found.entry.name, found.entry.stamp, why=UNMOVED))
