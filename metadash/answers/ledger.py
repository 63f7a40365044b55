"""What has been asked of a data set's test classes: one line a question in the workspace, written when its answer is first read.

Whoever asks ten times, of other splits, seeds or filters, and tells of the time it helped, has made a finding out of chance: at a true
+0.5 points ten splits give a false *helps* in 15 % of cases. The ledger cannot forbid that; it counts, so that each answer can say
how often was asked before, and what would hold if all of it were tested together (``looks_words``).

One question is what decides a number: sources, tasks, learner, budget, split or folds, filter and the set of seeds. The same again is not
counted, nor is another band, which changes no number. Other seeds are: which three seeds were drawn turns the word of one answer in four. All questions of one data set are one
count, whether their test classes are the same, overlap or not, since a search through splits and filters is a search all the same.
"""

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from metadash import settings
from metadash.answers.stored_arms import StoredArm
from metadash.canonical import digest, plain
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec

FILE = "asked.jsonl"
LONGEST = 64 * 2**20
"""Bytes up to which a ledger grows, a hundred thousand questions: beyond, it is no ledger of people any more."""


@dataclass(frozen=True)
class Asked:
    """One question: ``fingerprint`` of the data set, ``question`` a digest of all that decides its numbers; ``tested`` the split or the
    folds, ``filtered`` the condition on test classes (or empty), ``seeds`` in words; ``title`` and ``dataset`` are for the reader."""

    dataset: str
    fingerprint: str
    question: str
    title: str
    tested: str
    filtered: str
    seeds: str


@dataclass(frozen=True)
class Looks:
    """That a question was the ``nth`` of ``total`` different ones so far, on so many ``splits`` (or foldings) and ``filters``.

    ``kept`` is False where the ledger could not be written.
    """

    nth: int
    total: int
    splits: int
    filters: int
    kept: bool = True


def asked_of_run(run: RunSpec, fingerprint: str, seeds: Iterable[int], *, folds: int = 0, how: str = "confirm") -> Asked:
    """The question of what the sources of ``run`` add, whichever page or verb asked it.

    ``run`` is the arm with all sources, real ones; its own seed does not matter, nor does the order in which sources are named, nor
    what fewer ways it is scored at besides. ``how``: the tier; what retrains every arm is *confirm*.
    """
    what: dict[str, Any] = plain(run)
    for name in ("dataset", "split", "seed"):
        del what[name]
    backbone = {name: value for name, value in what["backbone"].items() if name not in ("dataset", "split")}
    what["backbone"] = backbone | {"start": bool(backbone.get("start"))}  # of a fold as of any other
    what["evaluation"] = {name: value for name, value in what["evaluation"].items() if name != "ways"}
    what |= {name: sorted(what[name]) for name in ("sources", "modulating")}
    tested, drawn = f"{folds} folds" if folds else run.split, sorted(set(seeds))
    title = f"{', '.join(sorted(run.sources)) or 'no metadata'} ({run.learner}, {run.mode}, {how})"
    question = digest(fingerprint, what, tested, drawn, how)
    seeds_told = " ".join(map(str, drawn))
    return Asked(run.dataset, fingerprint, question, title, tested, run.evaluation.where or "", seeds_told)


def asked_of_arms(arms: Sequence[StoredArm]) -> Asked:
    """The question of how several stored learners differ, in whatever order and against whichever baseline."""
    fingerprint = arms[0].runs[0].about.get("dataset_fingerprint") or arms[0].spec.dataset  # older versions did not write it
    each = sorted(
        (asked_of_run(arm.spec, fingerprint, arm.seeds, folds=arm.folds if arm.folds > 1 else 0) for arm in arms),
        key=lambda one: one.question,
    )
    tested, filtered, drawn = (
        "; ".join(sorted({getattr(one, name) for one in each})) for name in ("tested", "filtered", "seeds")
    )
    title = f"comparison of {len(each)} learners"
    return Asked(each[0].dataset, fingerprint, digest([one.question for one in each]), title, tested, filtered, drawn)


def record(store: RunStore, asked: Asked) -> Looks:
    """Write the question down unless it stands there, and tell which it is. A ledger that cannot be written stops no answer."""
    file = file_of(store)
    if settings.read_only():
        return looks_at(read(file, asked.fingerprint), asked)
    if not any(one.question == asked.question for one in read(file, asked.fingerprint)):
        line = json.dumps({"at": round(time.time()), **asdict(asked)}, ensure_ascii=False)
        try:
            append(file, line)
        except OSError:
            return looks_at(read(file, asked.fingerprint), asked, kept=False)
    return looks_at(read(file, asked.fingerprint), asked)


def rank_of(store: RunStore, asked: Asked) -> Looks:
    """Which question it is, as things stand now; one that was never recorded would be the next."""
    return looks_at(read(file_of(store), asked.fingerprint), asked)


def looks_at(before: list[Asked], asked: Asked, kept: bool = True) -> Looks:
    every = before if any(one.question == asked.question for one in before) else [*before, asked]
    nth = 1 + next(place for place, one in enumerate(every) if one.question == asked.question)
    filters = {one.filtered for one in every if one.filtered}
    return Looks(nth, len(every), len({one.tested for one in every}), len(filters), kept)


def file_of(store: RunStore) -> Path:
    """Beside the runs, so that a workspace that is moved takes it along."""
    return store.folder.parent / FILE


def append(file: Path, line: str) -> None:
    """In one call on a descriptor that always writes at the end, so that lines of several processes never mix. It begins with a line
    break of its own: what somebody was stopped in the middle of writing spoils no line but its own."""
    if file.exists() and file.stat().st_size > LONGEST:
        raise OSError("the ledger is full")
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"\n{line}\n".encode())
    finally:
        os.close(descriptor)


def read(file: Path, fingerprint: str) -> list[Asked]:
    """The different questions asked of one data set, in the order in which they were first asked; lines that are none are passed over."""
    try:
        state = file.stat()
    except OSError:
        return []
    return [one for one in _read(file, state.st_mtime_ns, state.st_size) if one.fingerprint == fingerprint]


@lru_cache(maxsize=4)
def _read(file: Path, modified: int, size: int) -> tuple[Asked, ...]:
    try:
        with file.open("rb") as opened:
            lines = opened.read(LONGEST).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found: dict[str, Asked] = {}
    for line in lines:
        if (one := understood(line)) is not None:
            found.setdefault(one.question, one)
    return tuple(found.values())


def understood(line: str) -> Asked | None:
    """A line as a question, or None where it is damaged or blank."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name] for name in ("fingerprint", "question")):
        return None
    return Asked(**{field.name: str(row.get(field.name, "")) for field in fields(Asked)})
