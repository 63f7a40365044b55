"""What a person said about where things lie, before anything was read."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """``classes``: the file with the table of classes; ``table``: the sheet, or the table of a database, that holds the instances;
    ``class_column``: whose values are the classes; ``side``: pixels of a side of stored pictures."""

    classes: Path | None = None
    table: str | None = None
    class_column: str | None = None
    side: int | None = None
