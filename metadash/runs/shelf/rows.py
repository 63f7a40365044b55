"""Stored runs as rows of a list, each with the note of its learner: searched and narrowed without a look at a record."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import NOTHING, Note


@dataclass(frozen=True)
class Row:
    """A stored run, or what lies in the place of one, with the note of its learner."""

    run: Listed
    note: Note

    @property
    def digest(self) -> str:
        return self.run.digest

    @property
    def name(self) -> str:
        """What a person called it, else what it is."""
        return self.note.name or self.run.entry.title or "no run to be believed"

    @property
    def when(self) -> str:
        """It was made, by the clock of this machine; empty where nothing says so."""
        created = self.run.entry.created
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(created)) if created else ""

    @property
    def status(self) -> str:
        if self.run.entry.why:
            return "damaged"
        return "of another version" if self.run.misunderstood else "done"

    @property
    def words(self) -> str:
        """What a search looks into, in small letters."""
        entry = self.run.entry
        said = (entry.title, entry.kind, entry.dataset, entry.name, entry.learner, self.status, self.note.name, self.note.text)
        return " ".join([*said, *self.note.tags]).casefold()


def rows_of(listed: Sequence[Listed], notes: Mapping[str, Note]) -> list[Row]:
    """Newest first."""
    found = [Row(run, notes.get(run.learner, NOTHING)) for run in listed]
    return sorted(found, key=lambda row: row.run.entry.created, reverse=True)


def narrowed(rows: Sequence[Row], search: str, kind: str, dataset: str, tag: str, starred: bool) -> list[Row]:
    """Those that hold every word of ``search``, of this kind, data set and tag (empty: of any)."""
    asked = search.casefold().split()
    return [
        row
        for row in rows
        if (not kind or row.run.entry.kind == kind)
        and (not dataset or row.run.entry.dataset == dataset)
        and (not tag or tag in row.note.tags)
        and (not starred or row.note.star)
        and (not asked or all(word in row.words for word in asked))
    ]
