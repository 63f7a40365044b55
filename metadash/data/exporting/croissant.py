"""Croissant metadata (MLCommons, JSON-LD) of an exported data set: its files, their columns, and which column names a row of which table.

Format 1.0, which readers of 1.1 read too: https://docs.mlcommons.org/croissant/docs/croissant-spec.html (Akhtar et al. 2024,
arXiv:2403.19546). What it asks for and a data set does not know (creator, date, address) is left out rather than made up.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from metadash.data.columns.facts import storage_of_type
from metadash.data.dataset import Dataset, Source

WORDS = (
    "extract field fileProperty fileObject fileSet format includes isLiveDataset jsonPath key md5 parentField path recordSet references regex "
    "repeated replace separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{word: f"cr:{word}" for word in WORDS.split()},
    "sc": "https://schema.org/",
    "wd": "https://www.wikidata.org/wiki/",
}
"""The words of the format and what they stand for, as the specification's appendix lists them."""

KEYS = {"classes": "class_id", "instances": "instance_id"}
TOLD = {
    "classes": "One row a class; the columns are what is known about it.",
    "instances": "One row an instance: whose it is, and what is known about it.",
    "splits": "The role of each class (train, validation or test) in each named split.",
    "inputs": "The text of each instance.",
}
TYPES = {"boolean": "sc:Boolean", "time": "sc:DateTime", "text": "sc:Text", "duration": "sc:Text", "labels": "sc:Text"}


def croissant(data: Dataset, types: Mapping[str, Mapping[str, str]], sums: Mapping[str, str]) -> dict[str, Any]:
    """``types``: DuckDB's type of each column of each table; ``sums``: the SHA-256 of each file."""
    about = data.description
    tables = {**types, **({"inputs": {"instance_id": "BIGINT", "text": "VARCHAR"}} if "inputs.parquet" in sums else {})}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": about.name,
        "alternateName": about.title,
        "description": f"{about.title}: {len(data.classes)} classes, {len(data.class_of)} instances. {about.provenance}",
        "license": about.licence,
        "identifier": data.fingerprint,
        "isLiveDataset": False,
        "distribution": [file(data, name, sha256) for name, sha256 in sums.items()],
        "recordSet": [*(record_set(data, name, columns) for name, columns in tables.items()), sources(data.sources)],
    }


def file(data: Dataset, name: str, sha256: str) -> dict[str, Any]:
    parquet = name.endswith(".parquet")
    told = (
        ""
        if parquet
        else f"A NumPy array [{', '.join(map(str, data.inputs.shape))}] of {data.inputs.dtype}; row i belongs to the instance_id i."
    )
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        **({"description": told} if told else {}),
        "contentUrl": name,
        "encodingFormat": "application/x-parquet" if parquet else "application/x-npy",
        "sha256": sha256,
    }


def record_set(data: Dataset, table: str, columns: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": "cr:RecordSet", "@id": table, "name": table, "description": TOLD[table]}
    if table in KEYS:
        found["key"] = {"@id": identity(table, KEYS[table])}
    return {**found, "field": [field(data, table, name, type) for name, type in columns.items()]}


def field(data: Dataset, table: str, column: str, type: str) -> dict[str, Any]:
    """A column; where it names rows of another table, it says whose (the foreign key)."""
    level = "class" if table == "classes" else "instance"
    source = next((one for one in data.sources if (one.level == "class") == (level == "class") and column in one.columns), None)
    found: dict[str, Any] = {"@type": "cr:Field", "@id": identity(table, column), "name": column}
    if source is not None and table in KEYS:
        found["description"] = f"Of the source “{source.name}”{': ' + source.description if source.description else ''}."
    if known := data_type(type):
        found["dataType"] = known
    if type.endswith("]"):
        found["repeated"] = True
    target = next((other for other, key in KEYS.items() if key == column and other != table), None)
    if target:
        found["references"] = {"field": {"@id": identity(target, column)}}
    found["source"] = {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": column}}
    return found


def data_type(type: str) -> str:
    """schema.org's word for a type of DuckDB; empty where there is none, such as for bytes."""
    inner = type.split("[", 1)[0] if type.endswith("]") and not type.startswith(("ENUM", "STRUCT", "MAP", "UNION")) else type
    storage = storage_of_type(inner)
    if inner == "DATE":
        return "sc:Date"
    if storage == "number":
        return "sc:Float" if inner.startswith(("FLOAT", "DOUBLE", "DECIMAL")) else "sc:Integer"
    return TYPES.get(storage, "")


def identity(table: str, column: str) -> str:
    """An address within the document: columns may hold blanks and slashes, addresses may not."""
    return f"{table}/{quote(column, safe='')}"


def sources(listed: tuple[Source, ...]) -> dict[str, Any]:
    """Which columns are collected or withheld together: written out within the document, as the format allows."""
    names = ("name", "level", "columns", "description", "available_at_prediction", "sensitive")
    kinds = ("sc:Text", "sc:Text", "sc:Text", "sc:Text", "sc:Boolean", "sc:Boolean")
    return {
        "@type": "cr:RecordSet",
        "@id": "sources",
        "name": "sources",
        "description": "Groups of columns that are collected or withheld together, and what they describe.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": identity("sources", name),
                "name": name,
                "dataType": kind,
                **({"repeated": True} if name == "columns" else {}),
            }
            for name, kind in zip(names, kinds, strict=True)
        ],
        "data": [
            {
                identity("sources", name): list(value) if isinstance(value, tuple) else value
                for name in names
                for value in [getattr(source, name)]
            }
            for source in listed
        ],
    }
