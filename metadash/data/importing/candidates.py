"""What a column could be, by its values and its name: the class, the input, an id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metadash.data.columns.facts import NAMING, NESTED, Storage, is_record, storage_of
from metadash.data.importing import words
from metadash.data.importing.found import Found
from metadash.data.importing.inputs import as_path, is_pictures
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.inputs.mentions import is_marked
from metadash.errors import BadInput, nearest

SOME = 200


@dataclass(frozen=True)
class Look:
    """``distinct`` of ``present`` values; ``words``: how many there are in a text, on average; ``pictures``: bytes of picture files;
    ``marked``: texts in which a mention is marked."""

    storage: Storage
    present: int
    distinct: int
    words: float = 0.0
    length: float = 0.0
    pictures: bool = False
    paths: bool = False
    counts: bool = False
    marked: bool = False


def look_at(column: pd.Series) -> Look:
    known = column.dropna()
    storage = storage_of(known) if len(known) else "text"
    if is_record(storage):
        return Look(storage, len(known), len(known), pictures=is_pictures(known))
    if storage in ("vector", "labels"):
        return Look(storage, len(known), len(known))
    distinct = int(known.nunique())
    if storage != "text":
        counts = (
            storage == "number"
            and known.dtype.kind in "iu"
            and distinct == len(known) > 1
            and int(known.max() - known.min()) == distinct - 1
        )
        return Look(storage, len(known), distinct, counts=bool(counts))
    some = [str(value) for value in known.iloc[:: max(1, len(known) // SOME)]][:SOME]
    n = max(len(some), 1)
    paths = sum(as_path(value).lower().endswith(ENDINGS) for value in some) > 0.8 * n
    return Look(
        storage,
        len(known),
        distinct,
        sum(len(t.split()) for t in some) / n,
        sum(map(len, some)) / n,
        paths=bool(some) and paths,
        marked=sum(map(is_marked, some)) > 0.8 * n,
    )


def codes_of(column: pd.Series) -> np.ndarray:
    """[R] a number for each different value, −1 where it is missing."""
    if column.dtype == object and len(known := column.dropna()) and not isinstance(known.iloc[0], (str, bool, int, float)):
        column = column.map(lambda value: value if value is None or isinstance(value, str) else repr(value))
    return pd.factorize(column)[0]


def constant_within(column: pd.Series, look: Look, class_codes: np.ndarray) -> bool:
    """Whether all instances of a class have the same value, and classes have several: it then describes classes."""
    if look.storage in NESTED and len(column) > 50_000:
        return False
    codes = codes_of(column)
    known = (codes >= 0) & (class_codes >= 0)
    if not known.any():
        return False
    n = int(class_codes.max()) + 1
    low = np.full(n, np.iinfo(np.int64).max)
    high = np.full(n, -1)
    np.minimum.at(low, class_codes[known], codes[known])
    np.maximum.at(high, class_codes[known], codes[known])
    seen = high >= 0
    return bool((low[seen] == high[seen]).all()) and bool((np.bincount(class_codes[known], minlength=n) > 1).any())


def could_be_class(look: Look) -> bool:
    return look.storage in NAMING and 1 <= look.distinct <= max(1, look.present // 2) and not look.paths


def guess_class(found: Found, looks: Mapping[str, Look], asked: str | None) -> str:
    """The column whose values are the classes: as it was asked for, as the format says, by its name, else the words with most values."""
    frame = found.instances
    for said in (asked, found.hints.class_column):
        if said is not None:
            if said not in frame:
                raise BadInput(
                    f"There is no column '{said}' of instances{nearest(said, map(str, frame.columns), known='it has')}"
                )
            return said
    could = [
        name
        for name, look in looks.items()
        if could_be_class(look) and not (look.storage == "number" and frame[name].dtype.kind == "f")
    ]
    named = [name for name in could if words.is_in(name, words.CLASS_NAMES)]
    if named:
        return min(named, key=lambda name: words.place_in(name, words.CLASS_NAMES))
    texts = [name for name in could if looks[name].storage == "text" and looks[name].words < 6 and looks[name].distinct >= 2]
    if not texts:
        raise BadInput(
            f"No column looks as if it said the class of each row; name it with --class-column (there are {', '.join(map(str, frame.columns))})."
        )
    best = max(texts, key=lambda name: looks[name].distinct)
    found.notes.append(f"No column is named as a class; ‘{best}’ was taken, which has most values (another: --class-column).")
    return best


def guess_inputs(found: Found, looks: Mapping[str, Look], kept: Sequence[str], level: Mapping[str, str]) -> list[str]:
    """Nothing where the reader found inputs; else pictures, vectors, the longest text, or all numbers of instances together."""
    hint = found.hints.input_column
    if hint is not None:
        return [hint]
    if found.inputs is not None:
        return []
    own = [name for name in kept if level[name] == "instance"]
    pictures = [name for name in own if looks[name].pictures or looks[name].paths]
    if pictures:
        return [min(pictures, key=lambda name: words.place_in(name, words.PICTURE_NAMES))]
    vectors = [name for name in own if looks[name].storage == "vector"]
    if vectors:
        return [vectors[0]]
    texts = [
        name
        for name in own
        if looks[name].storage == "text" and looks[name].distinct > 0.2 * looks[name].present and not is_code(looks[name])
    ]
    if texts:
        return [max(texts, key=lambda name: (words.is_in(name, words.TEXT_NAMES), looks[name].length))]
    numbers = [
        name
        for name in own
        if looks[name].storage == "number" and not is_id(name, looks[name], len(found.instances)) and looks[name].distinct > 1
    ]
    if numbers:
        found.notes.append(
            f"The inputs are the {len(numbers)} columns of numbers that differ within classes (others: --input-column)."
        )
        return numbers
    raise BadInput(
        "No column holds an input for each instance (pictures, a text, numbers); name it with --input-column, or import the folder that the "
        "pictures lie in."
    )


def is_code(look: Look) -> bool:
    """Texts of one word: names or numbers of rows, no sentences."""
    return look.words <= 1.2


def is_id(name: str, look: Look, rows: int) -> bool:
    """A value of its own in each row, that says nothing but which row it is."""
    if look.present != rows or look.distinct != rows or rows < 2:
        return False
    if words.is_in(name, words.ID_NAMES):
        return True
    return look.counts or (look.storage == "text" and is_code(look))


def modality_of_columns(found: Found, inputs: Sequence[str], looks: Mapping[str, Look]) -> str:
    if not inputs:
        return found.inputs.modality if found.inputs is not None else "vector"
    look = looks[inputs[0]]
    if look.pictures or look.paths:
        return "image"
    if look.storage == "text":
        return "mention" if look.marked else "text"
    return "vector"
