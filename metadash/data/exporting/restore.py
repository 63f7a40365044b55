"""An exported data set put into a workspace again: the same tables, inputs, splits and questions, under the same fingerprint."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from metadash.checksums import hashed, is_sealed, sealed, sums_of
from metadash.data.columns.storing import store
from metadash.data.dataset import FORMAT, METADATA, Dataset, Description, Question, Source
from metadash.data.exporting.export import FORMAT as EXPORTED
from metadash.data.exporting.export import RECORD
from metadash.data.exporting.tables import TABLES, read_table
from metadash.data.inputs.storage import file_of
from metadash.data.library import EMBEDDED, OBTAINABLE, open_dataset
from metadash.data.modality import modality_of
from metadash.data.tables import check_name
from metadash.errors import BadInput
from metadash.workspace import Workspace, new_folder, read_json, reason

MOST_VERSIONS = 1000
AGAIN = "export the data set again, or take dataset.json away to import the tables as other data"


class Taken(BadInput):
    """Other content has the name."""


def is_export(folder: Path) -> bool:
    """Whether a folder says that it is an exported data set, whole or not."""
    content = read_json(folder / RECORD) if folder.is_dir() else None
    return isinstance(content, dict) and content.get("format") == EXPORTED


def restore(workspace: Workspace, folder: Path, name: str | None = None) -> Dataset:
    """Make the data set that ``export`` wrote into ``folder``; one that is here already under its name is opened.

    ``name``: what to call it in this workspace (default: its own). The fingerprint is the exported one, which holds because the SHA-256 of
    every file does. Raises BadInput, and leaves nothing behind, for a folder that is not as it was exported, a name that is taken by other
    content or that MetaDash has for its own.
    """
    record = checked_record(folder)
    about = description_in(record, name)
    if about.name in EMBEDDED:
        if (found := open_dataset(workspace, about.name)).fingerprint == record["fingerprint"]:
            return found
        raise BadInput(
            f"'{about.name}' is the name of a data set that comes with MetaDash, with other content; choose another name."
        )
    if about.name not in OBTAINABLE:
        check_name(about.name)
    if not (workspace.datasets / about.name).is_dir():
        with new_folder(workspace.datasets / about.name) as part:
            fill(part, folder, record, about)
    found = Dataset.open(workspace, about.name)
    if found.fingerprint != record["fingerprint"]:
        raise Taken(f"There is already another data set '{about.name}' in this workspace; choose another name.")
    return found


def restore_beside(workspace: Workspace, folder: Path, name: str) -> Dataset:
    """As ``restore``; where other content has the name, as a version beside it (``name-2``)."""
    for version in range(1, MOST_VERSIONS):
        try:
            return restore(workspace, folder, name if version == 1 else f"{name}-{version}")
        except Taken:
            continue
    raise BadInput(f"There are {MOST_VERSIONS} versions of '{name}'; choose another name.")


def fill(part: Path, folder: Path, record: Mapping[str, Any], about: Description) -> None:
    """What ``write_dataset`` writes, from the exported files instead of frames in memory."""
    inputs = file_of(modality_of(about.modality))
    try:
        with duckdb.connect(str(part / METADATA)) as connection:
            for table in TABLES:
                read_table(connection, table, folder / f"{table}.parquet", record["types"][table])
            listed = [{**asdict(source), "columns": list(source.columns)} for source in about.sources]
            store(connection, "sources", pd.DataFrame(listed, columns=[one.name for one in fields(Source)]))
    except duckdb.Error as error:
        raise damaged(folder) from error
    shutil.copyfile(folder / inputs, part / inputs)
    content = sealed({"format": FORMAT, "fingerprint": record["fingerprint"], "files": sums_of(part), **asdict(about)})
    (part / "dataset.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def checked_record(folder: Path) -> dict[str, Any]:
    """``dataset.json`` of an exported folder whose files are all as they were written. Raises BadInput for any other."""
    content = read_json(folder / RECORD)
    if not isinstance(content, dict) or content.get("format") != EXPORTED:
        raise BadInput(f"The folder '{folder.name}' holds no data set that MetaDash exported; name one with {RECORD} in it.")
    if not is_sealed(content):
        raise BadInput(f"{RECORD} in '{folder.name}' is not as it was exported; {AGAIN}.")
    if not all(isinstance(content.get(part), dict) for part in ("files", "types")) or {*TABLES} - {*content["types"]}:
        raise of_another_version()
    for name, sha256 in content["files"].items():
        try:
            whole = Path(name).name == name and hashed(folder / name) == sha256
        except FileNotFoundError as error:
            raise BadInput(f"{name} is missing from '{folder.name}'; {AGAIN}.") from error
        except OSError as error:
            raise BadInput(f"{name} in '{folder.name}' cannot be read: {reason(error)}; try again.") from error
        if not whole:
            raise BadInput(f"{name} in '{folder.name}' is not as it was exported; {AGAIN}.")
    return content


def description_in(record: Mapping[str, Any], name: str | None) -> Description:
    """Raises BadInput for one of another version."""
    try:
        said = {field.name: record[field.name] for field in fields(Description)}
        said["sources"] = tuple(Source(**{**one, "columns": tuple(one["columns"])}) for one in said["sources"])
        said["questions"] = tuple(Question(**{**one, "sources": tuple(one["sources"])}) for one in said["questions"])
        return Description(**{**said, "name": name or said["name"]})
    except (KeyError, TypeError) as error:
        raise of_another_version() from error


def of_another_version() -> BadInput:
    return BadInput(f"{RECORD} is of another version of MetaDash; export the data set again with this one.")


def damaged(folder: Path) -> BadInput:
    return BadInput(f"The tables in '{folder.name}' cannot be read; {AGAIN}.")
