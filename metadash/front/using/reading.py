"""Examples, inputs and metadata from files, by the readers that import data sets: what is labelled is read as what was learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.given.pictures import like
from metadash.data.importing.readers.pixels import ENDINGS, Unreadable, decoded
from metadash.data.importing.readers.places import Place, place_at
from metadash.data.importing.readers.tables import is_table, tables_of
from metadash.data.inputs.texts import snippet
from metadash.data.modality import LARGEST_SIDE
from metadash.errors import BadInput
from metadash.front.using.checks import TakesInputs
from metadash.workspace import reason

LABELS = ("label", "class", "class_name", "category", "species", "intent")
"""What the column of labels is called, the first that is there."""

FILES = ("file", "file_name", "filename", "path", "image", "picture", "photo", "input")
TEXTS = ("text", "sentence", "utterance", "input", "query", "question")
ARCHIVE = ".zip"


@dataclass
class Read:
    """Inputs as the data set stores its own, what each is called, their labels where they are examples, how many were scaled; and the columns
    that stand beside them where they came in a table."""

    inputs: list[Any]
    names: list[str]
    labels: list[str] = field(default_factory=list)
    scaled: int = 0
    beside: pd.DataFrame | None = None

    def known(self, columns: Sequence[str]) -> list[dict[str, Any]] | None:
        """What the table says of each input in these columns; None where it has none of them."""
        own = [] if self.beside is None else [column for column in columns if column in self.beside]
        return records(self.beside[own]) if self.beside is not None and own else None

    def some(self, rows: Sequence[int]) -> "Read":
        """Those in these places."""
        at = list(rows)
        labels = [self.labels[place] for place in at] if self.labels else []
        beside = None if self.beside is None else self.beside.iloc[at]
        return Read([self.inputs[place] for place in at], [self.names[place] for place in at], labels, self.scaled, beside)

    def note(self, what: str, data: TakesInputs) -> str:
        """One sentence where some were scaled; empty where none was."""
        high, wide = (*data.inputs.shape[1:], 0, 0)[:2]
        return f"{self.scaled} of {len(self.inputs)} {what} were scaled to {high} × {wide} pixels." if self.scaled else ""


def read_examples(path: str | Path, data: TakesInputs) -> Read:
    """Examples, their labels and their names: of a folder (or zip file) with a folder of pictures for each class, or of a table with a column
    of labels. Raises BadInput where nothing of the kind is there, or some of it cannot be read."""
    place = Path(path)
    check_there(place, "examples")
    if is_table(place.name):
        return of_table(place, data, labelled=True)
    if not place.is_dir() and place.suffix.lower() != ARCHIVE:
        raise BadInput(
            f"'{place.name}' holds no labelled examples; give a folder with a folder for each class, or a table with a column label."
        )
    refuse_pictures(place, data)
    files = place_at(place)
    named = [(name, name[len(files.top) :]) for name in files.names if name.lower().endswith(ENDINGS)]
    inside = [(name, short) for name, short in named if "/" in short]
    if not inside:  # of one class alone its folder holds everything
        inside = [(name, name) for name, _ in named if "/" in name]
    if not inside:
        raise BadInput(
            f"'{files.title}' holds no folder with pictures in it; put the examples of each class into a folder of its name."
        )
    found = pictures([picture_at(files, name, data) for name, _ in inside], [short for _, short in inside])
    found.labels = [short.rsplit("/", 1)[0] for _, short in inside]
    return found


def pictures(found: list[tuple[np.ndarray, bool]], names: list[str]) -> Read:
    return Read([one for one, _ in found], names, scaled=sum(changed for _, changed in found))


def read_inputs(path: str | Path, data: TakesInputs) -> Read:
    """What is to be labelled, and its names: of a folder (or zip file) of pictures, of one picture, of a table, or of a file of texts with one
    on each line. Raises BadInput as ``read_examples``."""
    place = Path(path)
    check_there(place, "inputs")
    if data.modality.stored == "texts" and place.suffix.lower() == ".txt":
        return texts_of(place, data)
    if is_table(place.name):
        return of_table(place, data, labelled=False)
    refuse_pictures(place, data)
    if place.is_file() and place.suffix.lower() != ARCHIVE:
        return pictures([picture_of(read_bytes(place), place.name, data)], [place.name])
    files = place_at(place)
    found = [name for name in files.names if name.lower().endswith(ENDINGS)]
    if not found:
        raise BadInput(f"'{files.title}' holds no pictures to label.")
    return pictures([picture_at(files, name, data) for name in found], found)


def read_metadata(path: str | Path, classes: Sequence[str]) -> pd.DataFrame:
    """A row a class: the table of a file, by the column whose values are the classes. Raises BadInput where no column names them."""
    place = Path(path)
    check_there(place, "metadata")
    frame = tables_of(place)[0].frame
    wanted = set(classes)
    for column in sorted(frame.columns, key=lambda name: str(name).casefold() not in LABELS):
        values = frame[column].map(str).str.strip()
        if set(values) & wanted:
            return frame.drop(columns=column).set_index(pd.Index(values))
    raise BadInput(
        f"No column of '{place.name}' names a class of the examples ({', '.join(list(classes)[:5])}); write them into a column class_name."
    )


def read_of_inputs(path: str | Path, names: Sequence[str]) -> pd.DataFrame | None:
    """What a table says of single inputs, a row each of ``names`` (all missing where it has none): by the column whose values are their
    names, or the last parts of these; numbers name inputs in a column of files alone. None where no column names any. Raises BadInput for an
    input that has two rows, and for a name that several inputs have."""
    place = Path(path)
    check_there(place, "metadata")
    frame = tables_of(place)[0].frame
    short = [name.replace("\\", "/").rsplit("/", 1)[-1] for name in names]
    for column in sorted(frame.columns, key=lambda name: str(name).casefold() not in FILES):
        values = frame[column].map(str).str.strip()
        for called in (list(names), short):
            if not (same := set(values) & set(called)):
                continue
            if str(column).casefold() not in FILES and all(one.isdigit() for one in same):
                continue
            if several := next((one for one in sorted(same) if called.count(one) > 1), None):
                raise BadInput(
                    f"'{place.name}' speaks of '{several}', and several inputs are called so; write their folders too."
                )
            if twice := next(iter(values[values.duplicated() & values.isin(called)]), None):
                raise BadInput(f"'{place.name}' has two rows of '{twice}'; each input has one.")
            return frame.drop(columns=column).set_index(pd.Index(values)).reindex(called)
    return None


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A row each, values by column."""
    return [{str(column): value for column, value in row.items()} for row in frame.to_dict("records")]


def check_there(path: Path, what: str) -> None:
    if not path.exists():
        raise BadInput(f"There is no '{path}'; name the file or the folder of the {what}.")


def refuse_pictures(path: Path, data: TakesInputs) -> None:
    """Folders and zip files are read for pictures only."""
    if data.modality.parts != "pixels":
        noun = data.modality.noun
        raise BadInput(
            f"'{path.name}' is no table, and the learner reads {noun}s; give a table (.csv, .parquet, …) with one in each row."
        )


def of_table(path: Path, data: TakesInputs, labelled: bool) -> Read:
    """The inputs in the rows of a table, their labels (none where they are not to be read) and their names."""
    frame = tables_of(path)[0].frame
    known = {str(column).casefold(): column for column in frame.columns}
    label = next((known[name] for name in LABELS if name in known), None) if labelled else None
    if labelled and label is None:
        raise BadInput(f"'{path.name}' has no column of labels; call it label (it has {', '.join(map(str, frame.columns[:8]))}).")
    labels = [] if label is None else [said(value, row, path) for row, value in enumerate(frame[label])]
    rest = frame.drop(columns=[known[name] for name in LABELS if name in known])
    if data.modality.parts == "pixels":
        files = column_among(rest, FILES, path, "of files")
        names = [str(value) for value in rest[files]]
        read = pictures([picture_of(read_bytes(path.parent / name), name, data) for name in names], names)
        read.labels, read.beside = labels, rest
        return read
    names = [str(row + 1) for row in range(len(frame))]
    if data.modality.stored == "texts":
        texts = rest[column_among(rest, TEXTS, path, "of texts")]
        found = [said(value, row, path) for row, value in enumerate(texts)]
        check_faults(data, found, [f"Row {row + 1}" for row in range(len(found))], path)
        return Read(found, names, labels, beside=rest)
    return Read(list(numbers_in(rest, data, path)), names, labels, beside=rest)


def said(value: Any, row: int, path: Path) -> str:
    """Raises BadInput where a cell that must say something is empty."""
    if value is None or value != value or not str(value).strip():
        raise BadInput(
            f"Row {row + 1} of '{path.name}' has an empty cell where a label or an input must be; fill it in, or leave the row out."
        )
    return str(value).strip()


def column_among(frame: pd.DataFrame, names: Sequence[str], path: Path, what: str) -> Any:
    """The column of one of these names, or the only one of texts. Raises BadInput where there is neither."""
    known = {str(column).casefold(): column for column in frame.columns}
    if found := next((known[name] for name in names if name in known), None):
        return found
    texts = [column for column in frame.columns if str(frame[column].dtype) in ("object", "str", "string")]
    if len(texts) == 1:
        return texts[0]
    raise BadInput(f"'{path.name}' has no column {what}; call it {names[0]} (it has {', '.join(map(str, frame.columns[:8]))}).")


def numbers_in(frame: pd.DataFrame, data: TakesInputs, path: Path) -> np.ndarray:
    """[n, D] of the columns of numbers. Raises BadInput where they are not as many as the learner reads."""
    columns = [column for column in frame.columns if frame[column].dtype.kind in "iuf"]
    (wanted,) = data.inputs.shape[1:]
    if len(columns) != wanted:
        raise BadInput(f"'{path.name}' has {len(columns)} columns of numbers, and an input of '{data.name}' is {wanted} numbers.")
    return frame[columns].to_numpy(dtype=np.float32)


def check_faults(data: TakesInputs, texts: Sequence[str], called: Sequence[str], path: Path) -> None:
    """Raises BadInput naming the first text that is no input of such a data set, as what it is ``called`` in the file."""
    for text, name in zip(texts, called, strict=True):
        if fault := data.modality.fault(text):
            raise BadInput(
                f"{name} of '{path.name}' {fault} (“{snippet(text, 60)}”); {data.modality.how[:1].lower()}{data.modality.how[1:]}"
            )


def texts_of(path: Path, data: TakesInputs) -> Read:
    """The lines of a file that are not empty. Raises BadInput where there is none, where it is not UTF-8, and for a line that is no input."""
    try:
        lines = [line.strip() for line in read_bytes(path).decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise BadInput(f"'{path.name}' is not written in UTF-8; save it so.") from error
    found = [(line, str(number)) for number, line in enumerate(lines, 1) if line]
    check_faults(data, [line for line, _ in found], [f"Line {number}" for _, number in found], path)
    return Read([line for line, _ in found], [number for _, number in found])


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"'{path.name}' cannot be read: {reason(error)}.") from error


def picture_at(place: Place, name: str, data: TakesInputs) -> tuple[np.ndarray, bool]:
    try:
        content = place.read(name)
    except (OSError, ValueError) as error:
        raise BadInput(f"The picture '{name}' cannot be read ({reason(error)}); mend it, or take it out.") from error
    return picture_of(content, name, data)


def picture_of(content: bytes, name: str, data: TakesInputs) -> tuple[np.ndarray, bool]:
    """One file as the data set's own pictures are (upright, on white, of their size), and whether it was scaled. Raises BadInput where it cannot be read."""
    try:
        picture, seen = decoded(content, LARGEST_SIDE)
    except Unreadable as problem:
        raise BadInput(f"The picture '{name}' {problem}; mend it, or take it out.") from problem
    shape = data.inputs.shape[1:]
    return like(picture, shape), seen.size != (shape[1], shape[0])
