"""What every result has: a sentence for a terminal, a picture and a table for a notebook, one file for everybody else."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pandas as pd

from metadash.figures.document import html_document
from metadash.figures.html import fragment, write_page
from metadash.figures.section import Section
from metadash.runs.store import Run


class Shown(ABC):
    """A result as a person meets it."""

    @abstractmethod
    def parts(self) -> Section:
        """What it is shown by."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Every number, a row each."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Every number, as the verb prints them with ``--json``."""

    def _repr_html_(self) -> str:
        parts = self.parts()
        return fragment(parts.told, parts.svg, next(iter(parts.numbers.values())), parts.small)

    def to_html(self, file: str | Path) -> Path:
        """Write all of it as one HTML file that opens offline. Raises BadInput where the file cannot be written."""
        parts = self.parts()
        return write_page(file, html_document(parts.title, [(parts, "")]))


class ShownRun(Shown):
    """A result that is read from one stored run."""

    run: Run

    @property
    def digest(self) -> str:
        """Its name in the run store; :func:`metadash.load` finds a learner by it."""
        return self.run.digest
