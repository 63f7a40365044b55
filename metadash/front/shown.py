"""What every result has: a sentence for a terminal, a picture and a table for a notebook, one file for everybody else."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from metadash.figures.html import fragment, write_page
from metadash.figures.result import result_html


class Shown(ABC):
    """A result as a person meets it."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What was asked."""

    @property
    @abstractmethod
    def told(self) -> Sequence[str]:
        """The answer in sentences, the one that matters first."""

    @property
    def small(self) -> str:
        """What it rests on; empty where that is said already."""
        return ""

    @property
    @abstractmethod
    def repeat(self) -> Sequence[str]:
        """What names it, and what computes it again."""

    @property
    def picture(self) -> str:
        """An SVG for a notebook; empty where there is none."""
        return ""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Every number, a row each."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Every number, as the verb prints them with ``--json``."""

    def figures(self) -> dict[str, go.Figure]:
        """The pictures by their headings."""
        return {}

    def numbers(self) -> dict[str, pd.DataFrame]:
        """The tables by their headings, for people."""
        return {"The numbers": self.frame()}

    def _repr_html_(self) -> str:
        return fragment(self.told, self.picture, next(iter(self.numbers().values())), self.small)

    def to_html(self, file: str | Path) -> Path:
        """Write all of it as one HTML file that opens offline. Raises BadInput where the file cannot be written."""
        text = result_html(self.title, self.told, self.small, self.figures(), self.numbers(), self.repeat)
        return write_page(file, text)
