"""Croissant metadata of files that are here (MLCommons; formats 0.8 to 1.1): record sets become tables, references become the class table.

Read by itself: ``mlcroissant`` pulls 27 packages. Tables are CSV, Parquet or JSON lines; pictures are a set of files; nothing is downloaded.
"""

import fnmatch
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Source
from metadash.data.importing.formats.arrays import Array
from metadash.data.importing.formats.looking import head_of, one_text, read_json, tables_at, there, thing
from metadash.data.importing.formats.relational import Reference, related
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.pictures import pictures_in
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.importing.readers.places import Folder
from metadash.data.importing.readers.tables import Table, is_table
from metadash.errors import BadInput

DOCUMENTS = ("croissant.json", "metadata.json", "croissant.jsonld", "metadata.jsonld")
PICTURE = "picture file"


def claims(path: Path) -> bool:
    return document_at(path) is not None


def document_at(path: Path) -> Path | None:
    could = [path] if path.is_file() else [path / name for name in DOCUMENTS]
    return next((one for one in could if one.suffix.lower() in (".json", ".jsonld") and is_croissant(head_of(one))), None)


def is_croissant(head: str) -> bool:
    return '"@context"' in head and "mlcommons.org/croissant" in head


def read(path: Path, asked: Asked) -> Found:
    document = document_at(path)
    assert document is not None
    place = Folder(document.parent)
    said = read_json(document.read_bytes(), document.name)
    if not isinstance(said, dict) or not all(
        isinstance(one, dict) for part in ("distribution", "recordSet") for one in listed(said.get(part))
    ):
        raise BadInput(f"'{document.name}' is no Croissant document: its distribution and recordSet have to be lists of objects.")
    if not listed(said.get("recordSet")):
        raise BadInput(
            f"'{document.name}' describes no recordSet, and so says of no file what its rows are; import the files themselves."
        )
    files = {identity(one): one for one in listed(said.get("distribution"))}
    tables: list[Table] = []
    notes: list[str] = []
    sources: tuple[Source, ...] = ()
    for records in listed(said["recordSet"]):
        if identity(records) == "sources" and (told := sources_in(records)):
            sources = told
        elif table := table_of(place, records, files, notes):
            tables.append(table)
    hints = Hints(
        title=one_text(said.get("alternateName") or said.get("name")),
        licence=one_text(said.get("license")),
        provenance=". ".join(
            filter(None, (one_text(said.get("citeAs")), one_text(said.get("url")), one_text(said.get("description"))))
        )[:2000],
    )
    known = [reference for records in listed(said["recordSet"]) for reference in references_of(records)]
    if notes and not any(len(table.frame) for table in tables):
        raise BadInput(f"Nothing that '{document.name}' describes could be read: {notes[0][0].lower()}{notes[0][1:]}")
    tables = with_split([table for table in tables if len(table.frame)])
    found = related(tables, known, asked, hints, document.name)
    found.notes += notes
    found.place, found.files = place, (document.name,)
    return with_sources(with_inputs(found, place, files, asked), sources)


# --- the document ------------------------------------------------------------------------------------------------------------


def listed(said: Any) -> list:
    return said if isinstance(said, list) else [] if said is None else [said]


def identity(one: Any) -> str:
    """``@id``, or the name that older documents have instead; a reference may be either."""
    if isinstance(one, dict):
        return str(one.get("@id") or one.get("name") or "")
    return str(one or "")


def fields_of(records: dict) -> list[dict]:
    return [one for one in listed(records.get("field")) if isinstance(one, dict)]


def short(name: str) -> str:
    """``passengers/age`` is called ``age``."""
    return name.rsplit("/", 1)[-1]


def called(field: dict) -> str:
    return short(str(field.get("name") or identity(field)))


def source_of(field: dict) -> tuple[str, dict, list]:
    """(the file or record set that a field comes from, how it is extracted, its transforms)."""
    source = field.get("source")
    if not isinstance(source, dict):
        return "", {}, []
    whence = next(
        (identity(source[key]) for key in ("fileObject", "fileSet", "distribution", "recordSet", "field") if source.get(key)), ""
    )
    return whence, thing(source.get("extract")), listed(source.get("transform"))


def references_of(records: dict) -> list[Reference]:
    found = []
    for field in fields_of(records):
        target = field.get("references")
        target = identity(target.get("field") or target) if isinstance(target, dict) else identity(target)
        other, slash, key = target.rpartition("/")
        if slash:
            found.append(Reference(identity(records), called(field), other, short(unquoted(key))))
    return found


def unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)


# --- tables ------------------------------------------------------------------------------------------------------------------


def table_of(place: Folder, records: dict, files: dict[str, dict], notes: list[str]) -> Table | None:
    """A record set as a table of its fields; None, and a note, where it is made in a way that is not read here."""
    name, fields = identity(records), fields_of(records)
    if isinstance(records.get("data"), list):
        return Table(name, written_out(records["data"]))
    whence = {source_of(field)[0] for field in fields} - {""}
    if len(whence) != 1:
        notes.append(f"The record set '{name}' is put together of {len(whence)} sources, and was not read.")
        return None
    file = files.get(whence.pop())
    if file is None:
        notes.append(f"The record set '{name}' comes from what is no file, and was not read.")
        return None
    if str(file.get("@type")).endswith("FileSet"):
        return of_files(place, name, fields, file, files, notes)
    if file.get("containedIn") or not is_table(str(file.get("contentUrl", ""))):
        notes.append(f"The record set '{name}' comes from '{identity(file)}', which is no table that is read here.")
        return None
    path = there(place, "", str(file["contentUrl"]), f"The file '{identity(file)}'")
    (table,) = tables_at(place, path)[:1]
    frame, wrong = {}, dict[str, str]()
    for field in fields:
        column = source_of(field)[1].get("column")
        if not isinstance(column, str):
            notes.append(f"The field '{called(field)}' of '{name}' is no column, and was not read.")
        elif column not in table.frame:
            raise BadInput(f"The field '{called(field)}' of '{name}' is the column '{column}', which '{path}' does not have.")
        else:
            frame[called(field)] = changed(table.frame[column], source_of(field)[2])
            wrong |= {called(field): table.wrong[column]} if column in table.wrong else {}
    return Table(name, pd.DataFrame(frame), wrong, table.notes)


def written_out(rows: list) -> pd.DataFrame:
    return pd.DataFrame([{short(key): value for key, value in row.items()} for row in rows if isinstance(row, dict)])


def of_files(place: Folder, name: str, fields: list[dict], file: dict, files: dict[str, dict], notes: list[str]) -> Table | None:
    """A row a file of a set, such as the pictures of a folder."""
    if any(files.get(identity(one), {}).get("contentUrl") for one in listed(file.get("containedIn"))):
        notes.append(f"The files of '{name}' lie in an archive; unpack it beside the document, and take containedIn out.")
        return None
    patterns = [str(one) for one in listed(file.get("includes"))]
    without = [str(one) for one in listed(file.get("excludes"))]
    names = [
        one
        for one in place.names
        if any(fnmatch.fnmatch(one, pattern) for pattern in patterns) and not any(fnmatch.fnmatch(one, p) for p in without)
    ]
    if not names:
        raise BadInput(
            f"No file here is one of '{identity(file)}' ({', '.join(patterns) or 'which includes nothing'}); put them beside the document."
        )
    whole = pd.Series(names, dtype=object)
    frame: dict[str, pd.Series] = {}
    for field in fields:
        _, extract, transforms = source_of(field)
        what = extract.get("fileProperty")
        if what in ("content", None):
            frame.setdefault(PICTURE, whole)
        else:
            frame[called(field)] = changed(
                whole if what == "fullpath" else whole.map(lambda one: one.rsplit("/", 1)[-1]), transforms
            )
    return Table(name, pd.DataFrame(frame))


def changed(values: pd.Series, transforms: list) -> pd.Series:
    """As far as transforms are regular expressions: the first group of a match, missing without one."""
    for one in transforms:
        pattern = one.get("regex") if isinstance(one, dict) else None
        if pattern:
            try:
                form = re.compile(pattern)
            except re.error as error:
                raise BadInput(f"'{str(pattern)[:60]}' is no regular expression ({error}); mend the transform.") from error
            values = values.map(lambda value, form=form: first_group(form, value), na_action="ignore")
    return values


def first_group(form: re.Pattern, value: Any) -> str | None:
    found = form.search(str(value))
    return None if found is None else next((one for one in found.groups() if one is not None), found[0])


# --- what a data set needs ---------------------------------------------------------------------------------------------------


def with_split(tables: list[Table]) -> list[Table]:
    """Of our own table of splits, which has a row for each class in each of several, the first."""
    for table in tables:
        if list(table.frame.columns) == ["split", "class_id", "role"]:
            first = table.frame[table.frame["split"] == table.frame["split"].iloc[0]]
            table.frame = first[["class_id", "role"]].rename(columns={"role": "split"}).reset_index(drop=True)
    return tables


def sources_in(records: dict) -> tuple[Source, ...]:
    try:
        rows = [{short(key): value for key, value in row.items()} for row in records["data"]]
        return tuple(
            Source(
                row["name"],
                row["level"],
                tuple(row["columns"]),
                row["description"],
                row["available_at_prediction"],
                row["sensitive"],
            )
            for row in rows
        )
    except (KeyError, TypeError, AttributeError):
        return ()


def with_sources(found: Found, sources: tuple[Source, ...]) -> Found:
    tables = {"class": found.classes, "instance": found.instances}
    columns: dict[str, set[str]] = {level: set() if one is None else set(map(str, one)) for level, one in tables.items()}
    told = tuple(one for one in sources if set(one.columns) <= columns.get(one.level, set()))
    split = "split" if "split" in columns["class"] | columns["instance"] else None
    grouped = {column for one in told for column in one.columns} | {"split", found.class_key, found.hints.class_column}
    rest = (
        tuple(column for level in columns.values() for column in sorted(level - grouped)) if told else ()
    )  # somebody has said what is metadata
    found.hints = replace(found.hints, sources=told, kept=rest, split_column=found.hints.split_column or split)
    return found


def with_inputs(found: Found, place: Folder, files: dict[str, dict], asked: Asked) -> Found:
    """Pictures that a column names, or an array with a row for each instance."""
    arrays = [str(one.get("contentUrl", "")) for one in files.values() if str(one.get("contentUrl", "")).endswith(".npy")]
    if arrays:
        array = Array.at(place.path / there(place, "", arrays[0], f"The array '{arrays[0]}'"))
        if len(array) == len(found.instances):
            found.inputs = array
        return found
    pictures = {name.rsplit("/", 1)[-1]: name for name in place.names if name.lower().endswith(ENDINGS)}
    for column in [PICTURE, *found.instances.columns]:
        if column in found.instances and pictures:
            values = found.instances[column]
            names = [find(str(value), place, pictures) if isinstance(value, str) else None for value in values]
            if np.mean([name is not None for name in names]) >= 0.5:
                found.inputs = pictures_in(place, names, asked.side)
                found.hints = replace(
                    found.hints,
                    ignored=(*found.hints.ignored, column) if column == PICTURE else found.hints.ignored,
                    id_column=column,
                )
                return found
    return found


def find(said: str, place: Folder, pictures: dict[str, str]) -> str | None:
    return said if said in place.known else pictures.get(said.replace("\\", "/").rsplit("/", 1)[-1])
