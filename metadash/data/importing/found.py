"""What lies at a path, as a reader found it: tables and inputs, before anybody has decided what they mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from metadash.data.dataset import Source

if TYPE_CHECKING:
    from metadash.data.importing.readers.places import Place


class InputsFound(Protocol):
    """Inputs that are read when they are needed, in the order of the table of instances: 100,000 pictures never lie in memory at once."""

    modality: str
    """A name in ``metadash.data.modality``."""

    def __len__(self) -> int: ...

    def faults(self) -> Mapping[int, str]:
        """Why these rows cannot be read, in a few words each. Looks at every input once."""
        ...

    def pieces(self, rows: Sequence[int]) -> Iterator[Any]:
        """These rows, some at a time, as ``write_dataset`` stores them: [n, H, W(, 3)] uint8, [n, D] float32, or lists of texts."""
        ...


@dataclass(frozen=True)
class Hints:
    """What a format says of its own tables; what it does not say is guessed. A guess never overrides a hint, an option overrides both.

    ``name`` of the data set; ``kept``: columns that are stored and are no metadata, such as outlines and addresses of photos."""

    name: str = ""
    class_column: str | None = None
    input_column: str | None = None
    id_column: str | None = None
    split_column: str | None = None
    sibling_column: str | None = None
    disjoint_column: str | None = None
    sources: tuple[Source, ...] = ()
    sensitive: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    title: str = ""
    licence: str = ""
    provenance: str = ""
    class_noun: str = ""


@dataclass
class Found:
    """``instances``: a row an instance, columns as they were read. ``inputs``: None where a column of ``instances`` holds them (texts,
    numbers, paths, bytes), which roles say. ``classes``: a row a class, or None; ``class_key`` is the column of it that the class column of
    ``instances`` names. ``notes``: a sentence for each thing that was decided or left out here, for the preview. ``wrong``: what is wrong
    with a column, by (``instances`` or ``classes``, its name). ``place``: where paths in a column lead, or None. ``files``: what was read,
    for the provenance; ``stamp``: of those files before they were read, to notice that one changes meanwhile. ``made``: inputs that were made of
    columns already, so that none is looked at twice. ``tables``: of several tables, the names of those that could hold the
    instances, and ``table`` the one that does. ``whole``: the folder of an exported data set,
    which is put back as it is where nothing is corrected; ``held``: what has to stay for as long as it is read from."""

    instances: pd.DataFrame
    inputs: InputsFound | None = None
    classes: pd.DataFrame | None = None
    class_key: str | None = None
    hints: Hints = field(default_factory=Hints)
    notes: list[str] = field(default_factory=list)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    place: "Place | None" = None
    files: tuple[str, ...] = ()
    stamp: object = None
    made: dict[Any, InputsFound] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    table: str = ""
    whole: Path | None = None
    held: object = None
