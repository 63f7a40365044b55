"""Frictionless data packages: ``datapackage.json`` with tables as resources, the type of each column, and foreign keys.

https://specs.frictionlessdata.io/data-package/ (version 1; what version 2 adds does not change what is read here).
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from metadash.data.importing.formats.looking import content_of, one_text, read_json, tables_at, there, thing
from metadash.data.importing.formats.relational import Reference, related
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.delimited import read_delimited
from metadash.data.importing.readers.places import Folder
from metadash.data.importing.readers.tables import Table, is_table
from metadash.errors import BadInput

DOCUMENT = "datapackage.json"
TRUE, FALSE = ["true", "True", "TRUE", "1"], ["false", "False", "FALSE", "0"]


def claims(path: Path) -> bool:
    return path.name == DOCUMENT or (path.is_dir() and (path / DOCUMENT).is_file())


def read(path: Path, asked: Asked) -> Found:
    place = Folder(path if path.is_dir() else path.parent)
    said = read_json(content_of(place, DOCUMENT) if DOCUMENT in place.known else path.read_bytes(), path.name)
    resources = said.get("resources") if isinstance(said, dict) else None
    if not isinstance(resources, list) or not resources or not all(isinstance(one, dict) for one in resources):
        raise BadInput(f"'{DOCUMENT}' has no list of resources; a data package lists its tables there.")
    tables, references, files, notes = [], [], [], list[str]()
    for number, resource in enumerate(resources, 1):
        name = str(resource.get("name") or f"resource {number}")
        if other := no_table(resource):
            notes.append(f"The resource '{name}' ({other}) is no table, and was not read as one.")
            continue
        table, read_from = resource_of(place, resource, name)
        tables.append(table)
        files += read_from
        references += keys_of(resource, name)
    licence, provenance = rights_of(said)
    title = one_text(said.get("title") or said.get("name")) or place.title
    found = related(tables, references, asked, Hints(title=title, licence=licence, provenance=provenance), DOCUMENT)
    found.notes += notes
    found.place, found.files = place, tuple(files)
    return found


def rights_of(said: dict) -> tuple[str, str]:
    """(licence, provenance)."""
    whence = [one_text(said.get(key)) for key in ("description", "sources", "contributors", "homepage")]
    return one_text(said.get("licenses") or said.get("license")), ". ".join(filter(None, whence))[:2000]


def no_table(resource: dict) -> str:
    """The file of a resource that is something else, such as a picture; empty for a table."""
    said = resource.get("path")
    paths = said if isinstance(said, list) else [said]
    return next(
        (one for one in paths if isinstance(one, str) and "://" not in one and Path(one).suffix and not is_table(one)), ""
    )


def resource_of(place: Folder, resource: dict, name: str) -> tuple[Table, list[str]]:
    """One table: from files (several are one below the other) or written out, each column as its type says."""
    schema = thing(resource.get("schema"))
    listed = schema.get("fields")
    fields = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict) and one.get("name")]
    if isinstance(resource.get("data"), list):
        return typed(Table(name, pd.DataFrame(resource["data"])), fields, schema), []
    paths = resource.get("path")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not paths or not all(isinstance(one, str) for one in paths):
        raise BadInput(f"The resource '{name}' of '{DOCUMENT}' has neither a path nor data.")
    files = [there(place, "", one, f"The resource '{name}'") for one in paths]
    parts = [as_written(place, file, name) for file in files]
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    table = Table(name, frame, notes=[note for part in parts for note in part.notes])
    return typed(table, fields, schema), files


def as_written(place: Folder, file: str, name: str) -> Table:
    """Of a CSV file the texts themselves, since the schema says what they are; of others what they hold."""
    if not file.lower().endswith((".csv", ".tsv", ".tab", ".txt")):
        tables = tables_at(place, file)
        if len(tables) > 1:
            raise BadInput(f"'{file}' has several tables, and the resource '{name}' is one; export that to a file of its own.")
        return tables[0]
    if not (place.path / file).stat().st_size:
        raise BadInput(f"The file '{file}' is empty; a table needs a header and a row for each instance.")
    columns, _, notes = read_delimited(place.path / file)
    return Table(name, pd.DataFrame({column: texts.to_pandas() for column, texts in columns.items()}, dtype=object), notes=notes)


def typed(table: Table, fields: list[dict], schema: dict) -> Table:
    """Columns as the schema says. What is none of its kind becomes missing, and the first such value is named in ``wrong``."""
    none = texts_in(schema.get("missingValues", [""]))
    said = {str(one["name"]): one for one in fields}
    if fields and (lost := [name for name in said if name not in table.frame]):
        raise BadInput(f"The schema of '{table.name}' has the field '{lost[0]}', and its file has no such column.")
    for name in table.frame:
        values = table.frame[name]
        values = values.where(~values.isin(none) & values.notna(), None).astype(object)
        field = said.get(str(name), {})
        read = READ.get(
            str(field.get("type", "any")), lambda values, field: pd.Series(list(values), index=values.index, dtype=object)
        )
        made = read(values, field)
        bad = made.isna() & values.notna()
        if bad.any():
            table.wrong[str(name)] = (
                f"{int(bad.sum())} of {int(values.notna().sum())} values are no {field['type']}, the first ‘{str(values[bad].iloc[0])[:40]}’"
            )
        table.frame[name] = made
    return table


def numbers(values: pd.Series, field: dict) -> pd.Series:
    texts = values.map(lambda one: None if one is None else str(one))
    group, point = str(field.get("groupChar", "")), str(field.get("decimalChar", "."))
    if group:
        texts = texts.str.replace(group, "", regex=False)
    if point != ".":
        texts = texts.str.replace(point, ".", regex=False)
    if not field.get("bareNumber", True):
        texts = texts.str.replace(r"^[^\d+\-.]+|[^\d.]+$", "", regex=True)
    return pd.to_numeric(texts, errors="coerce")


def integers(values: pd.Series, field: dict) -> pd.Series:
    found = numbers(values, field)
    return found.where(found % 1 == 0).astype("Int64") if found.isna().any() or (found % 1 != 0).any() else found.astype("int64")


def texts_in(said: Any) -> list[str]:
    return [str(one) for one in said] if isinstance(said, list) else []


def booleans(values: pd.Series, field: dict) -> pd.Series:
    said = [(one, is_true) for key, is_true in (("trueValues", True), ("falseValues", False)) for one in texts_in(field.get(key))]
    words = dict(said) or {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
    found = values.map(lambda one: one if isinstance(one, bool) else words.get(str(one)), na_action="ignore")
    return found.astype("boolean")


def dates(values: pd.Series, field: dict) -> pd.Series:
    pattern = str(field.get("format", "default"))
    form = None if pattern in ("default", "any") else pattern
    return pd.to_datetime(values.map(lambda one: None if one is None else str(one)), errors="coerce", format=form)


def structured(values: pd.Series, field: dict) -> pd.Series:
    def one(value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return None

    return values.map(one, na_action="ignore")


def texts(values: pd.Series, field: dict) -> pd.Series:
    return values.map(lambda one: one if one is None else str(one)).astype(object)


READ = {
    **dict.fromkeys(("number",), numbers),
    **dict.fromkeys(("integer", "year"), integers),
    "boolean": booleans,
    **dict.fromkeys(("date", "datetime"), dates),
    **dict.fromkeys(("array", "object", "list"), structured),
    **dict.fromkeys(("string", "time", "yearmonth", "duration", "geopoint", "geojson"), texts),
}
"""By a field's type; ``any`` stays as it is written."""


def keys_of(resource: dict, name: str) -> list[Reference]:
    schema = thing(resource.get("schema"))
    listed = schema.get("foreignKeys", [])
    found = []
    for key in listed if isinstance(listed, list) else []:
        other = thing(thing(key).get("reference"))
        own, theirs = (
            one[0] if isinstance(one, list) and len(one) == 1 else one for one in (thing(key).get("fields"), other.get("fields"))
        )
        if not isinstance(own, str) or not isinstance(theirs, str):
            raise BadInput(
                f"A foreign key of '{name}' in '{DOCUMENT}' is of several columns, or lacks its fields; one column is understood."
            )
        found.append(Reference(name, own, str(other.get("resource") or name), theirs))
    return found
