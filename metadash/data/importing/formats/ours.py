"""A data set that MetaDash exported: read for the preview, and, where nothing is corrected, put back as it was."""

import json
from pathlib import Path

import duckdb

from metadash.data.exporting.export import FORMAT as EXPORTED
from metadash.data.exporting.export import RECORD
from metadash.data.exporting.restore import checked_record, damaged, description_in, is_export
from metadash.data.exporting.tables import read_table
from metadash.data.importing.formats.arrays import Array
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import Folder, Zip
from metadash.data.inputs.storage import file_of
from metadash.data.modality import modality_of

__all__ = ["EXPORTED", "claims", "read"]


def claims(path: Path) -> bool:
    return is_export(path)


def fingerprint_at(path: Path) -> str | None:
    """Of the exported data set in a folder, or in a zip file; None where there is none."""
    if is_export(path):
        return json.loads((path / RECORD).read_bytes()).get("fingerprint")
    if path.suffix.lower() != ".zip" or not path.is_file():
        return None
    place = Zip(path)
    records = [json.loads(place.read(name)) for name in place.names if name.rsplit("/", 1)[-1] == RECORD]
    return next((one.get("fingerprint") for one in records if isinstance(one, dict) and one.get("format") == EXPORTED), None)


def read(path: Path, asked: Asked) -> Found:
    record = checked_record(path)
    about = description_in(record, None)
    kind = modality_of(about.modality)
    try:
        with duckdb.connect() as connection:
            frames = {}
            for table in ("classes", "instances", "splits"):
                read_table(connection, table, path / f"{table}.parquet", record["types"][table])
                frames[table] = connection.execute(f"SELECT * FROM {table}").df()
            texts = None
            if kind.stored == "texts":
                texts = connection.execute(
                    "SELECT text FROM read_parquet(?) ORDER BY instance_id", [str(path / file_of(kind))]
                ).df()["text"]
    except (duckdb.Error, KeyError) as error:
        raise damaged(path) from error
    classes, instances, splits = frames["classes"], frames["instances"], frames["splits"]
    names = classes["class_name"].astype(str)
    role = splits[splits["split"] == (about.default_split or splits["split"].iloc[0])].set_index("class_id")["role"]
    classes = classes.assign(split=classes["class_id"].map(role)) if "split" not in classes else classes
    rows = instances.assign(class_name=names.to_numpy()[instances["class_id"]]).drop(columns=["class_id", "instance_id"])
    if texts is not None:
        rows.insert(0, "text" if "text" not in rows else "text of it", texts.to_numpy())
    grouped = {column for source in about.sources for column in source.columns} | {"split", "class_name"}
    kept = [column for frame in (rows, classes) for column in frame.columns if column not in grouped]
    inputs = None if texts is not None else Array.at(path / file_of(kind))
    hints = Hints(
        name=about.name,
        class_column="class_name",
        input_column=None if texts is None else str(rows.columns[0]),
        split_column="split",
        sibling_column=about.sibling_column,
        disjoint_column=about.disjoint_column,
        sources=about.sources,
        sensitive=tuple(column for source in about.sources if source.sensitive for column in source.columns),
        kept=tuple(kept if texts is None else kept[1:]),
        title=about.title,
        licence=about.licence,
        provenance=about.provenance,
        class_noun=about.class_noun,
    )
    notes = [
        f"This is the data set '{about.name}' as MetaDash exported it; without corrections it is put back as it was, under its fingerprint."
    ]
    return Found(
        rows,
        inputs,
        classes.drop(columns="class_id"),
        "class_name",
        hints,
        notes,
        place=Folder(path),
        files=("dataset.json",),
        whole=path,
    )
