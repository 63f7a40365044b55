"""The reader of a folder of pictures, or a zip file of one, with tables beside them or without; also of a folder of tables alone."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd

from metadash.data.importing.found import Found
from metadash.data.importing.linking import link_of, names_of, of_instances, put_together, take_classes
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.pictures import pictures_in
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.importing.readers.places import Folder, Place, place_at
from metadash.data.importing.readers.tables import Table, is_table, tables_in, tables_of
from metadash.data.importing.words import SPLIT_WORDS
from metadash.errors import BadInput

NAMED = 0.5
"""Of a column's values, the share that must be names of pictures."""


def claims(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() == ".zip"


def read(path: Path, asked: Asked) -> Found:
    place = place_at(path)
    pictures = [name for name in place.names if name.lower().endswith(ENDINGS)]
    tables = [name for name in place.names if is_table(name)]
    if not pictures and not tables:
        raise BadInput(
            f"'{place.title}' holds no pictures and no tables; it needs a folder of pictures for each class, or a table."
        )
    found = of_tables(place, tables, asked) if not pictures else of_pictures(place, pictures, tables, asked)
    found.place = place
    return found


def read_tables(place: Place, names: list[str]) -> list[Table]:
    """Every table of every file: one by itself is called as its file, one of several as in the file, with the file before it where two
    would have the same name."""
    found: list[tuple[str, Table]] = []
    for name in names:
        tables = tables_of(place.path / name) if isinstance(place, Folder) else tables_in(place.read(name), name)
        if len(tables) == 1:
            tables[0].name = name[len(place.top) :]
        found += [(name[len(place.top) :], table) for table in tables]
    often = Counter(table.name for _, table in found)
    for file, table in found:
        table.name = f"{file}/{table.name}" if often[table.name] > 1 else table.name
    return [table for _, table in found]


def of_tables(place: Place, names: list[str], asked: Asked) -> Found:
    tables = read_tables(place, names)
    classes = None
    if asked.classes is not None:
        classes = tables_of(asked.classes)[0]
        tables = [table for table in tables if table.name != asked.classes.name] or tables
    found = put_together(tables, classes, asked.class_column, asked.table)
    found.files = tuple(names)
    return found


def of_pictures(place: Place, pictures: list[str], names: list[str], asked: Asked) -> Found:
    tables = read_tables(place, names)
    if asked.classes is not None:
        named = tables_of(asked.classes)[0]
        tables = [table for table in tables if table.name != asked.classes.name]
    files = tuple(names)
    naming = [(column, table) for table in tables if (column := naming_column(table.frame, place, pictures))]
    if naming:
        table = of_instances([table for _, table in naming], asked.table)
        column = next(column for column, one in naming if one is table)
        found = of_table(place, pictures, table, column, asked)
        found.tables, found.table = names_of([table for _, table in naming]), table.name
        others = [other for other in tables if other is not table]
    else:
        found = of_folders(place, pictures, asked)
        others = tables
    if asked.classes is not None:
        others = [named]
    for other in sorted(others, key=lambda one: -len(one.frame)):
        link = link_of(found.instances, other.frame, asked.class_column or found.hints.class_column)
        if link is None:
            if asked.classes is not None:
                raise BadInput(f"No column of '{asked.classes.name}' names the classes, one in each row.")
            found.notes.append(f"The table '{other.name}' names neither pictures nor classes, and was not read.")
        elif found.classes is None:
            take_classes(found, other, link)
        else:
            found.notes.append(f"The table '{other.name}' was not read: there is a table of classes already.")
    found.files = files
    return found


# --- a table that names pictures --------------------------------------------------------------------------------------------


def naming_column(frame: pd.DataFrame, place: Place, pictures: list[str]) -> str | None:
    """The column whose values are names of pictures here: as paths, or as files' names with or without their ending."""
    lookup = Lookup(place, pictures)
    best: tuple[float, str] | None = None
    for column in frame.columns:
        values = frame[column].dropna()
        if str(values.dtype) not in ("str", "object") and values.dtype.kind not in "iu":
            continue
        some = [str(value) for value in values.head(2000)]
        share = sum(lookup.find(value) is not None for value in some) / max(len(some), 1)
        if share >= NAMED and values.nunique() >= 0.5 * len(values) and (best is None or share > best[0]):
            best = (share, str(column))
    return None if best is None else best[1]


class Lookup:
    """Pictures by what people call them."""

    def __init__(self, place: Place, pictures: list[str]):
        self.whole = {name: name for name in pictures} | {name[len(place.top) :]: name for name in pictures}
        bases = Counter(name.rsplit("/", 1)[-1] for name in pictures)
        self.base = {base: name for name in pictures if bases[base := name.rsplit("/", 1)[-1]] == 1}
        stems = Counter(base.rsplit(".", 1)[0] for base in bases.elements())
        self.stem = {stem: name for base, name in self.base.items() if stems[stem := base.rsplit(".", 1)[0]] == 1}

    def find(self, said: str) -> str | None:
        said = said.strip().replace("\\", "/").removeprefix("./")
        return self.whole.get(said) or self.base.get(said.rsplit("/", 1)[-1]) or self.stem.get(said)


def of_table(place: Place, pictures: list[str], table: Table, column: str, asked: Asked) -> Found:
    """A row of the table an instance; the folder that its picture lies in is a column too, where it says something."""
    lookup = Lookup(place, pictures)
    names = [None if value != value or value is None else lookup.find(str(value)) for value in table.frame[column]]
    frame = table.frame.copy()
    folders = pd.Series([None if name is None else name[len(place.top) :].rpartition("/")[0] for name in names], dtype=object)
    if folders.nunique() > 1 and "folder" not in frame:
        frame["folder"] = folders.to_numpy()
    found = Found(frame, pictures_in(place, names, asked.side), notes=list(table.notes))
    found.wrong = {("instances", name): what for name, what in table.wrong.items()}
    found.hints = replace(found.hints, id_column=column)
    unnamed = len(pictures) - len({name for name in names if name is not None})
    if unnamed:
        found.notes.append(f"{unnamed} of {len(pictures)} pictures stand in no row of '{table.name}' and were not read.")
    return found


# --- folders that name classes -----------------------------------------------------------------------------------------------


def of_folders(place: Place, pictures: list[str], asked: Asked) -> Found:
    """``class/file``, ``split/class/file``, and deeper: then the whole way is the class, and its first folder what classes share."""
    parts = [name[len(place.top) :].split("/")[:-1] for name in pictures]
    loose = sum(not part for part in parts)
    notes = []
    if loose == len(pictures):
        raise BadInput(
            f"The pictures in '{place.title}' lie in no folders and no table names them; put those of each class into a folder of its name."
        )
    if loose:
        notes.append(f"{loose} of {len(pictures)} pictures lie in no folder of a class and were not read.")
        pictures = [name for name, part in zip(pictures, parts, strict=True) if part]
        parts = [part for part in parts if part]
    frame = pd.DataFrame({"file": [name[len(place.top) :] for name in pictures]})
    firsts = {part[0].casefold() for part in parts}
    if firsts <= set(SPLIT_WORDS) and all(len(part) > 1 for part in parts):
        frame["split"] = [part[0] for part in parts]
        parts = [part[1:] for part in parts]
    frame["class"] = ["/".join(part) for part in parts]
    if all(len(part) > 1 for part in parts):
        frame["group"] = [part[0] for part in parts]
    found = Found(frame, pictures_in(place, pictures, asked.side), notes=notes)
    found.hints = replace(found.hints, class_column="class", id_column="file", split_column="split" if "split" in frame else None)
    return found
