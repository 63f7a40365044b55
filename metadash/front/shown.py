"""What every result has: a sentence for a terminal, a picture and a table for a notebook, one file for everybody else."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from metadash.figures.html import fragment, write_page
from metadash.figures.result import result_html
from metadash.runs.store import Run


@dataclass(frozen=True)
class Parts:
    """What a result is shown by: ``title`` is what was asked, the first of ``told`` the answer, ``small`` what it rests on; ``numbers`` are
    tables by their headings, ``repeat`` what computes it again and names it. ``pictures`` are figures by their headings, drawn when they are
    asked for, and ``svg`` the first of them for a notebook. ``shown`` is HTML of its own, safe as it is, between what is told and the pictures."""

    title: str
    told: Sequence[str]
    numbers: Mapping[str, pd.DataFrame]
    repeat: Sequence[str]
    small: str = ""
    pictures: Mapping[str, Callable[[], go.Figure]] = field(default_factory=dict)
    svg: str = ""
    shown: str = ""


class Shown(ABC):
    """A result as a person meets it."""

    @abstractmethod
    def parts(self) -> Parts:
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
        pictures = {heading: draw() for heading, draw in parts.pictures.items()}
        text = result_html(parts.title, parts.told, parts.small, pictures, parts.numbers, parts.repeat, parts.shown)
        return write_page(file, text)


class ShownRun(Shown):
    """A result that is read from one stored run."""

    run: Run

    @property
    def digest(self) -> str:
        """Its name in the run store; :func:`metadash.load` finds a learner by it."""
        return self.run.digest
