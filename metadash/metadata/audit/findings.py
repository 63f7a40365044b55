"""What an audit finds: a thing to look at before training, with its reason, its evidence and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from metadash.data.columns.kind import ColumnKind
from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Dataset, Source
from metadash.data.writing.fingerprint import as_text

Severity = Literal["block", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note")

CODES: dict[str, str] = {
    "class-id": "is the class id",
    "class-name": "is the class name",
    "class-order": "runs with the class id",
    "names-class": "spells the class",
    "tells-class": "gives the class away",
    "label-proxy": "stands for the class",
    "identifier": "identifies each class",
    "encodes-split": "encodes the split",
    "split-by": "was held out by this",
    "parted-groups": "has relatives in training",
    "input-aggregate": "is worked out from the inputs",
    "aggregate": "summarises test instances",
    "duplicate-rows": "repeats rows across the split",
    "near-duplicates": "nearly repeats rows across the split",
    "indistinct": "cannot tell classes apart",
    "unseen-values": "has values that training never sees",
    "identical-sources": "says the same as another source",
    "identical-columns": "repeats a column of another source",
    "constant": "never varies",
    "empty": "is empty",
    "low-coverage": "is mostly missing",
    "external-knowledge": "brings outside knowledge",
    "personal": "looks personal",
}
"""The stable code of each kind of finding, with the words of its badge."""


@dataclass(frozen=True)
class Finding:
    """One finding. ``source`` and ``column`` are empty where it is about all sources or a whole source.

    *block*: training with it would answer another question than the one asked; *warn*: look at it first; *note*: worth knowing.
    ``evidence`` holds the numbers (and names) it rests on.
    """

    code: str
    severity: Severity
    source: str
    column: str
    sentence: str
    advice: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def badge(self) -> str:
        return CODES[self.code]


@dataclass(frozen=True)
class Material:
    """What an audit looks at: a data set under one split, and some of its sources."""

    dataset: Dataset
    split: str
    sources: tuple[Source, ...]

    @cached_property
    def roles(self) -> dict[str, np.ndarray]:
        return self.dataset.split(self.split)

    @property
    def classes(self) -> pd.DataFrame:
        return self.dataset.classes

    @cached_property
    def names(self) -> np.ndarray:
        """[C] the classes' names as text."""
        return self.classes["class_name"].astype(str).to_numpy()

    @cached_property
    def kinds(self) -> dict[str, ColumnKind]:
        """The kind of each column of the class sources, judged over all classes."""
        return {column: kind_of(self.classes[column]) for _, column in self.class_columns()}

    @cached_property
    def encoded_as(self) -> dict[str, ColumnKind]:
        """The kind that the encoder takes each of them for, judged over the training classes alone."""
        train = self.roles["train"]
        return {column: kind_of(self.classes[column].iloc[train]) for _, column in self.class_columns()}

    def of_level(self, level: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.level == level)

    def class_columns(self) -> Iterator[tuple[Source, str]]:
        for source in self.of_level("class"):
            for column in source.columns:
                yield source, column

    def instance_columns(self) -> Iterator[tuple[Source, str]]:
        for source in self.of_level("instance"):
            for column in source.columns:
                yield source, column


def text_of(column: pd.Series) -> pd.Series:
    """The column's values as text, lists too; what is missing stays missing. Whole numbers look alike whether stored as 3 or 3.0."""
    if column.dtype == object:
        column = column.map(as_text)
    if pd.api.types.is_float_dtype(column):
        return column.map(lambda value: f"{value:.12g}", na_action="ignore").astype("string")
    return column.astype("string")


def named(names: np.ndarray, rows: np.ndarray, most: int = 3) -> str:
    """A few of the classes by name: “a”, “b” and 7 more."""
    shown = ", ".join(f"“{names[row]}”" for row in rows[:most])
    return shown + (f" and {len(rows) - most} more" if len(rows) > most else "")
