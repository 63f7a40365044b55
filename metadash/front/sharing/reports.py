"""Reports that a team keeps: answers as they were when they were added, in an order, with what somebody wrote to each.

A section is stored as it was shown, under a name that is a hash of it: a report does not change when code, runs or data do.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from metadash.checksums import is_sealed, sealed
from metadash.errors import BadInput
from metadash.figures.document import Commented
from metadash.figures.section import LARGEST, Section, name_of, restored, stored
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
    """None for a file that is no report, whoever sealed it."""
    record = read_json(path)
    if not isinstance(record, dict) or record.get("format") != FORMAT or not is_sealed(record):
        return None
    try:
        sections = tuple((str(name), str(told)) for name, told in record["sections"])
        return Report(path.stem, str(record["title"]), sections, float(record["changed"]))
    except (KeyError, TypeError, ValueError):
        return None


def report_named(workspace: Workspace, identity: str) -> Report:
    """Raises BadInput where there is none, or it is damaged."""
    found = read(folder_of(workspace) / f"{identity}.json") if ID.fullmatch(identity) else None
    if found is None:
        raise BadInput("That report is not stored here any more; somebody has deleted it, or it is damaged.")
    return found


def titled(workspace: Workspace, title: str) -> Report:
    """The report of this title, else a new one that is not written yet. Raises BadInput for a title that says nothing, and for too many
    reports."""
    title, known = checked_title(title), reports(workspace)
    found = next((one for one in known if one.title == title), None)
    if found is None and len(known) >= MOST:
        raise BadInput(f"There are {MOST} reports already; delete one first.")
    return found or Report(uuid.uuid4().hex[:12], title)


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
    name = name_of(text)
    with held(workspace):
        now = titled(workspace, title)
        if any(one == name for one, _ in now.sections):
            raise BadInput(f"This answer stands in “{now.title}” already.")
        if len(now.sections) >= MOST_SECTIONS:
            raise BadInput(f"“{now.title}” has {MOST_SECTIONS} sections already; begin another report.")
        write_text(file_of(workspace, name), text)
        return write(workspace, replace(now, sections=(*now.sections, (name, ""))))


def change(workspace: Workspace, identity: str, how: Callable[[Report], Report]) -> Report:
    """One change at a time, of the report as it is now: who changes another section than somebody else does not undo theirs."""
    with held(workspace):
        return write(workspace, how(report_named(workspace, identity)))


def commented(workspace: Workspace, identity: str, name: str, comment: str, seen: str | None = None) -> Report:
    """Raises BadInput for a comment that is too long, and for one that somebody else has changed since it was as ``seen``."""
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(f"The comment has {len(comment)} letters; it may have {LONGEST_COMMENT}.")

    def with_it(now: Report) -> Report:
        if seen is not None and dict(now.sections).get(name, seen) not in (seen, comment):
            raise BadInput(
                f"Somebody else has written to this section meanwhile: “{dict(now.sections)[name]}”; change yours, and it takes the place of theirs."
            )
        return replace(now, sections=tuple((one, comment if one == name else old) for one, old in now.sections))

    return change(workspace, identity, with_it)


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
    """The report without a section, which goes where no other holds it."""
    with held(workspace):
        now = report_named(workspace, identity)
        left = write(workspace, replace(now, sections=tuple(one for one in now.sections if one[0] != name)))
        forget(workspace, [name])
        return left


def delete(workspace: Workspace, identity: str) -> None:
    """The report goes, and the sections that no other holds."""
    with held(workspace):
        gone = report_named(workspace, identity)
        (folder_of(workspace) / f"{identity}.json").unlink(missing_ok=True)
        forget(workspace, [name for name, _ in gone.sections])


def forget(workspace: Workspace, names: Iterable[str]) -> None:
    """Those sections go that no report holds any more."""
    kept = {name for one in reports(workspace) for name, _ in one.sections}
    for name in names:
        if name not in kept:
            file_of(workspace, name).unlink(missing_ok=True)


def file_of(workspace: Workspace, name: str) -> Path:
    """Of a section."""
    return folder_of(workspace) / "sections" / f"{name}.json"


def sections_of(workspace: Workspace, report: Report) -> list[Commented]:
    """Raises BadInput for one that is gone or damaged."""
    return [(section_named(workspace, name), comment) for name, comment in report.sections]


def sections_there(workspace: Workspace, report: Report) -> dict[str, Section | None]:
    """By their names, in order; None for one that is gone or damaged, which stops no other."""
    found: dict[str, Section | None] = {}
    for name, _ in report.sections:
        try:
            found[name] = section_named(workspace, name)
        except BadInput:
            found[name] = None
    return found


def section_named(workspace: Workspace, name: str) -> Section:
    """Raises BadInput where it is gone, or is not the one that has this name."""
    try:
        text = file_of(workspace, name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput("This section is gone; take it out of the report, and add it from its page again.") from error
    if name_of(text) != name:
        raise BadInput("This section is not as it was written; take it out of the report, and add it from its page again.")
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
