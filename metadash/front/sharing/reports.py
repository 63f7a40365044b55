"""Reports that a team keeps: answers as they were when they were added, in an order, with what somebody wrote to each.

A section is stored as it was shown, under a name that is a hash of it: a report does not change when code, runs or data do.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from metadash.checksums import is_sealed, sealed
from metadash.errors import BadInput, Overtaken
from metadash.figures.document import Commented
from metadash.figures.section import LARGEST, Section, restored, stored
from metadash.workspace import Workspace, read_json, reason, refuse_change, write_json, write_text

FORMAT = 1
MOST, MOST_SECTIONS, LONGEST, LONGEST_COMMENT = 500, 60, 120, 4000
ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Report:
    """``sections`` are names of stored sections, each with its comment, in order; ``changed`` in seconds since 1970."""

    id: str
    title: str
    sections: tuple[tuple[str, str], ...] = ()
    changed: float = 0.0


def folder_of(workspace: Workspace) -> Path:
    return workspace.root / "reports"


def reports(workspace: Workspace) -> list[Report]:
    """Those that can be read, the last changed first."""
    found = [read(path) for path in folder_of(workspace).glob("*.json") if ID.fullmatch(path.stem)]
    return sorted((one for one in found if one), key=lambda one: -one.changed)


def read(path: Path) -> Report | None:
    record = read_json(path)
    if not isinstance(record, dict) or record.get("format") != FORMAT or not is_sealed(record):
        return None
    return Report(path.stem, record["title"], tuple((name, told) for name, told in record["sections"]), record["changed"])


def report_named(workspace: Workspace, identity: str) -> Report:
    """Raises BadInput where there is none, or it is damaged."""
    found = read(folder_of(workspace) / f"{identity}.json") if ID.fullmatch(identity) else None
    if found is None:
        raise BadInput("That report is not stored here any more; somebody has deleted it, or it is damaged.")
    return found


def new_report(workspace: Workspace, title: str) -> Report:
    """Raises BadInput for a title that says nothing, that another report has, and for too many reports."""
    title, known = checked_title(title), reports(workspace)
    if any(one.title == title for one in known):
        raise BadInput(f"There is a report '{title}' already; choose another title.")
    if len(known) >= MOST:
        raise BadInput(f"There are {MOST} reports already; delete one first.")
    return write(workspace, Report(uuid.uuid4().hex[:12], title))


def checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST:
        raise BadInput(f"The title has {len(title)} letters; give it from 1 to {LONGEST}.")
    return title


def add(workspace: Workspace, title: str, section: Section) -> Report:
    """Put a section at the end of the report with this title, which is made where there is none. Raises BadInput for one that is there
    already, and for one that is too large."""
    text = stored(section)
    if len(text) > LARGEST:
        raise BadInput(
            f"This answer takes {len(text) / 1e6:.0f} MB, and {LARGEST / 1e6:.0f} MB are the most of a section; show less on its chart."
        )
    found = next((one for one in reports(workspace) if one.title == checked_title(title)), None) or new_report(workspace, title)
    name = section.id

    def with_it(now: Report) -> Report:
        if any(one == name for one, _ in now.sections):
            raise BadInput(f"This answer stands in “{now.title}” already.")
        if len(now.sections) >= MOST_SECTIONS:
            raise BadInput(f"“{now.title}” has {MOST_SECTIONS} sections already; begin another report.")
        write_text(folder_of(workspace) / "sections" / f"{name}.json", text)
        return replace(now, sections=(*now.sections, (name, "")))

    return change(workspace, found.id, with_it)


def change(workspace: Workspace, identity: str, how: Callable[[Report], Report]) -> Report:
    """One change at a time, of the report as it is now: who changes another section than somebody else does not undo theirs."""
    with held(workspace):
        return write(workspace, how(report_named(workspace, identity)))


def commented(workspace: Workspace, identity: str, name: str, comment: str, before: str | None = None) -> Report:
    """``before``: what the writer saw there. Raises Overtaken where somebody else has written something else since."""
    told = comment[:LONGEST_COMMENT]

    def written(now: Report) -> Report:
        stands = dict(now.sections).get(name, told)
        if before is not None and stands not in (before, told):
            raise Overtaken("this comment", stands)
        return replace(now, sections=tuple((one, told if one == name else old) for one, old in now.sections))

    return change(workspace, identity, written)


def moved(workspace: Workspace, identity: str, name: str, by: int) -> Report:
    """Up where ``by`` is negative; at the end it stays."""

    def reordered(now: Report) -> Report:
        order = list(now.sections)
        place = next((at for at, (one, _) in enumerate(order) if one == name), None)
        if place is not None and 0 <= place + by < len(order):
            order.insert(place + by, order.pop(place))
        return replace(now, sections=tuple(order))

    return change(workspace, identity, reordered)


def without(workspace: Workspace, identity: str, name: str) -> Report:
    return change(workspace, identity, lambda now: replace(now, sections=tuple(one for one in now.sections if one[0] != name)))


def delete(workspace: Workspace, identity: str) -> None:
    """The report goes, and the sections that no other holds."""
    with held(workspace):
        gone = report_named(workspace, identity)
        (folder_of(workspace) / f"{identity}.json").unlink(missing_ok=True)
        kept = {name for one in reports(workspace) for name, _ in one.sections}
        for name, _ in gone.sections:
            if name not in kept:
                (folder_of(workspace) / "sections" / f"{name}.json").unlink(missing_ok=True)


def sections_of(workspace: Workspace, report: Report) -> list[Commented]:
    """Raises BadInput for one that is gone or damaged."""
    return [(section_named(workspace, name), comment) for name, comment in report.sections]


def section_named(workspace: Workspace, name: str) -> Section:
    try:
        text = (folder_of(workspace) / "sections" / f"{name}.json").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput("A section of this report is gone; remove it, and add it from its page again.") from error
    return restored(text)


def write(workspace: Workspace, report: Report) -> Report:
    report = replace(report, changed=time.time())
    record = {
        "format": FORMAT,
        "title": report.title,
        "sections": [list(one) for one in report.sections],
        "changed": report.changed,
    }
    place(workspace)
    write_json(folder_of(workspace) / f"{report.id}.json", sealed(record))
    return report


def place(workspace: Workspace) -> Path:
    folder = folder_of(workspace)
    refuse_change(folder)
    try:
        (folder / "sections").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The report could not be kept: {reason(error)}. Free some space, then try again.") from error
    return folder


@contextmanager
def held(workspace: Workspace) -> Iterator[None]:
    with FileLock(place(workspace) / ".lock"):
        yield
