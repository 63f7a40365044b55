"""What people write beside runs: a name, a star, tags, a few words. Beside, and in no digest: a run is what it was computed as.

A note belongs to a learner (all its seeds and folds, those still to come too) or, of other kinds, to one run; it lies in ``notes/`` of the
workspace under the id of either, so it outlives the run's folder and is there again when the run is computed again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from metadash.checksums import Kept
from metadash.errors import BadInput
from metadash.workspace import read_json, refuse_change, write_json

LONGEST = {"name": 80, "tag": 40, "text": 4000}
PATIENCE = 5.0
PLACE = "notes"
ID = re.compile("[0-9a-f]{10,64}")


@dataclass(frozen=True)
class Note:
    """``name`` on one line, shown instead of what the learner is called by its options; ``tags`` in the order of the alphabet."""

    name: str = ""
    star: bool = False
    tags: tuple[str, ...] = ()
    text: str = ""


NOTHING = Note()


def place_of(runs: Path) -> Path:
    """Of the notes on what lies in the folder ``runs``."""
    return runs.parent / PLACE


def read_note(path: Path) -> Note:
    """What of a file is as it should be; of one that is none, nothing."""
    about = read_json(path)
    found: Mapping[str, Any] = about if isinstance(about, dict) else {}
    tags = found.get("tags")
    try:
        return checked(
            Note(
                name=text if isinstance(text := found.get("name"), str) else "",
                star=found.get("star") is True,
                tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
                text=text if isinstance(text := found.get("text"), str) else "",
            )
        )
    except BadInput:
        return NOTHING


READ = Kept(read_note)


def all_notes(runs: Path) -> dict[str, Note]:
    """Every note, by the id of its learner or run; empty where none is written yet."""
    found: dict[str, Note] = {}
    try:
        files = list(place_of(runs).glob("[0-9a-f]*.json"))
    except OSError:
        return found
    for file in files:
        try:
            note = READ(file)
        except OSError:
            continue
        if note != NOTHING:
            found[file.stem] = note
    return found


def changed(place: Path) -> int:
    """When a note was last written, in nanoseconds; 0 where there is none."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0


def write_note(runs: Path, identity: str, seen: Note | None = None, **changes: Any) -> Note:
    """Change some parts of a note; the others keep what somebody else wrote. Raises BadInput, in one sentence, for what is too long, where
    nothing can be written, and for a part that was changed by somebody else since the note was as ``seen``."""
    if not ID.fullmatch(identity):
        raise BadInput(f"'{identity[:40]}' is the id of no learner and no run; `runs` lists them.")
    place = place_of(runs)
    refuse_change(place)
    file = place / f"{identity}.json"
    try:
        place.mkdir(exist_ok=True)
        with FileLock(place / ".lock", timeout=PATIENCE):
            before = read_note(file)
            note = checked(replace(before, **changes))
            if seen is not None and (part := changed_by_others(before, seen, note)):
                raise BadInput(
                    f"Somebody else has changed the {part} meanwhile, to “{in_words(before, part)}”; save again to have yours."
                )
            if note == NOTHING:
                file.unlink(missing_ok=True)
            else:
                write_json(file, asdict(note))
    except Timeout:
        raise BadInput("Somebody else is writing notes just now; try again.") from None
    except OSError as error:
        raise BadInput(f"The note could not be written ({error.strerror or error}); free some space, then try again.") from error
    return note


def changed_by_others(now: Note, seen: Note, wanted: Note) -> str:
    """The part of a note that is neither as it was seen nor as it is wanted; empty where there is none."""
    parts = ((field.name, *(getattr(note, field.name) for note in (now, seen, wanted))) for field in fields(Note))
    return next((name for name, is_now, was, is_wanted in parts if is_now not in (was, is_wanted)), "")


def in_words(note: Note, part: str) -> str:
    value = getattr(note, part)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def forget_note(runs: Path, identity: str) -> None:
    write_note(runs, identity, **asdict(NOTHING))


def checked(note: Note) -> Note:
    """The same in one spelling. Raises BadInput for what is too long."""
    name, tags = " ".join(note.name.split()), tuple(sorted({" ".join(tag.split()) for tag in note.tags} - {""}, key=str.casefold))
    text = note.text.strip()
    if len(name) > LONGEST["name"]:
        raise BadInput(f"The name has {len(name)} characters; it may have {LONGEST['name']}.")
    for tag in tags:
        if len(tag) > LONGEST["tag"] or "," in tag:
            raise BadInput(f"The tag “{tag[:60]}” cannot be one; it may have {LONGEST['tag']} characters and no comma.")
    if len(text) > LONGEST["text"]:
        raise BadInput(f"The notes have {len(text)} characters; they may have {LONGEST['text']}.")
    return Note(name, note.star, tags, text)


def tags_in(text: str | Sequence[str]) -> tuple[str, ...]:
    """Tags given one by one, or in one text with commas between."""
    return tuple(tag.strip() for tag in (text.split(",") if isinstance(text, str) else text) if tag.strip())
