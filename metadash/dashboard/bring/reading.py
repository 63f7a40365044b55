"""What lies in the files that somebody brought, read once and kept while guesses about it are corrected."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from metadash.data.importing.found import Found
from metadash.data.importing.landing import Report, silent
from metadash.data.importing.plan import Plan
from metadash.data.importing.preview import name_of
from metadash.data.importing.readers import read
from metadash.data.importing.readers.files import Beside
from metadash.data.importing.readers.tables import is_table
from metadash.data.importing.roles import guess


@dataclass(frozen=True)
class Reading:
    """``found`` in the files called ``title`` (``several``: it is one of them, in one folder), and what the reader was asked (``asked``)."""

    title: str
    several: bool
    asked: dict[str, Any]
    found: Found

    @property
    def name(self) -> str:
        """What a data set of it is called, unless somebody says otherwise."""
        if self.found.hints.name:
            return self.found.hints.name
        is_file = is_table(self.title) or self.title.lower().endswith(".zip")
        return name_of(Path(self.title).stem if is_file else self.title)

    @cached_property
    def guessed(self) -> Plan:
        """What was guessed of it, once: it looks at every value; of classes, by the column that is asked for."""
        return guess(self.found, self.name, self.asked.get("class_column"))

    @property
    def typed(self) -> str:
        """What stands for it in a command."""
        return f"{self.name}/" if self.several else self.title


def read_files(path: Path, only: Path | None, report: Report = silent, **asked: Any) -> Found:
    """What lies at ``path``. Paths in a column lead nowhere but into the folder ``only``, where one is given: a table that a
    page reads must not name other files of the server. Raises BadInput."""
    report("reading tables", 0.0)
    found = read(path, **asked)
    if only is not None and found.place is not None and path.is_file() and path.suffix.lower() != ".zip":
        found.place = Beside(path.parent, only)
    return found
