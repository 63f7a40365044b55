"""What a list says of a stored run without reading it again: worked out once from its record, and a run that opens its record when asked."""

import hashlib
import json
import zlib
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from metadash.checksums import Stamp
from metadash.errors import BadInput
from metadash.runs.kinds import title_of
from metadash.runs.record import Run, family, part_in, spec_in
from metadash.runs.version import PACKAGE, code_version
from metadash.specs.any_spec import Spec
from metadash.specs.run import RunSpec


@dataclass(frozen=True)
class Entry:
    """One folder in the place of runs. ``stamp`` is that of its ``run.json``; ``why`` it is none to be believed, empty for a run.

    ``record`` is the ``run.json``, compressed: a server holds ten thousand. ``learner`` is the id of the learner that it is of, or what else it is noted under; ``size`` in bytes; ``split`` and
    ``seed`` are those of a learner.
    What depends on this version of MetaDash is worked out ``by`` it: ``misunderstood`` (what it says of a spec of another version), ``title``,
    and ``family``, equal of runs whose time tells each other's.
    """

    name: str
    stamp: str
    why: str = ""
    record: bytes = b""
    kind: str = ""
    dataset: str = ""
    created: float = 0.0
    learner: str = ""
    size: int = 0
    split: str = ""
    seed: int = 0
    by: str = ""
    misunderstood: str = ""
    title: str = ""
    family: str = ""


class Listed(Run):
    """What lies in a folder as the index knows it; the record of a run is opened when somebody asks for more than a list says."""

    def __init__(self, folder: Path, entry: Entry):
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "entry", entry)

    entry: Entry

    @cached_property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(zlib.decompress(self.entry.record))
        return found

    @cached_property
    def spec(self) -> Spec:
        """This version understood it when it was indexed, so a learner's need not be checked again: of thousands that takes seconds."""
        values = self.about["spec"]
        if self.kind != "learner" or self.entry.misunderstood or self.entry.by != worked_out_by():
            return spec_in(self.kind, values)
        found = object.__new__(RunSpec)
        for field in fields(RunSpec):
            if field.name not in values:  # it is quiet
                kept = field.default if field.default_factory is MISSING else field.default_factory()
            elif isinstance(values[field.name], dict):
                kept = part_in(RunSpec, field.name, json.dumps(values[field.name]))
            else:
                kept = in_tuples(values[field.name])
            object.__setattr__(found, field.name, kept)
        return found

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def created(self) -> float:
        return self.entry.created

    @property
    def dataset(self) -> str:
        return self.entry.dataset

    @property
    def place(self) -> tuple[str, int]:
        return self.entry.split, self.entry.seed

    @property
    def learner(self) -> str:
        return self.entry.learner

    @property
    def misunderstood(self) -> str:
        return self.entry.misunderstood

    @property
    def title(self) -> str:
        return self.entry.title

    @property
    def family(self) -> str:
        return self.entry.family


def in_tuples(value: Any) -> Any:
    return tuple(map(in_tuples, value)) if isinstance(value, list) else value


def stamp_text(stamp: Stamp) -> str:
    return " ".join(map(str, stamp))


def entry_of(found: Run | str, name: str, stamp: str) -> Entry:
    """Of what lies in the folder ``name``: a run, or in words why it is none."""
    if isinstance(found, str):
        return Entry(name, stamp, why=found, by=worked_out_by())
    about = found.about
    learner, place = name, ("", 0)
    with suppress(KeyError, TypeError, AttributeError, ValueError):
        learner, place = found.learner, found.place
    return Entry(
        name,
        stamp,
        record=zlib.compress(json.dumps(about).encode(), 1),
        kind=found.kind,
        dataset=found.dataset,
        created=float(about["created"]),
        learner=learner,
        size=size_of(found.folder),
        split=place[0],
        seed=place[1],
        by=worked_out_by(),
        **told(found),
    )


def told(run: Run) -> dict[str, str]:
    """What this version says of a run: of one that it does not understand, only that."""
    if run.misunderstood:
        return {"misunderstood": run.misunderstood, "title": f"{run.kind} of another version"}
    try:
        return {"title": title_of(run.spec), "family": family(run.spec)}
    except (BadInput, KeyError, TypeError, ValueError, AttributeError) as problem:
        return {"misunderstood": f"it cannot be told what it is ({problem})", "title": f"{run.kind} of another version"}


def size_of(folder: Path) -> int:
    """Bytes of the files of a run; 0 of one that went away meanwhile."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0


@cache
def worked_out_by() -> str:
    """Names the code that decides what is said of a run: what computes, and the words."""
    words = hashlib.sha256(code_version().encode())
    for place in (
        *sorted((PACKAGE / "runs").glob("facts/*.py")),
        *sorted((PACKAGE / "runs").glob("shelf/*.py")),
        PACKAGE / "stats" / "words.py",
    ):
        words.update(place.read_bytes())
    return words.hexdigest()[:16]
