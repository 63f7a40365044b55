"""The files that a known data set is made of: found in a folder or named as missing, read or refused in one sentence."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.errors import BadInput
from metadash.workspace import reason


def check_folder(source: Path, what: str) -> None:
    """Raises BadInput where there is no such folder. ``what`` says which files it has to hold."""
    if not source.is_dir():
        raise BadInput(f"There is no folder '{source.name or source}'; name the one that holds {what}.")


def find(source: Path, name: str) -> Path | None:
    """The file of that name in the folder, or below its ``data``, as the authors' repositories have it."""
    return next((path for path in (source / name, source / "data" / name) if path.is_file()), None)


def need(source: Path, name: str, what: str) -> Path:
    found = find(source, name)
    if found is None:
        raise BadInput(f"The folder '{source.name}' holds no {name}; it has to hold {what}.")
    return found


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {reason(error)}.") from error
    except ValueError as error:
        raise BadInput(f"{path.name} is no JSON, or damaged; get it again.") from error


def read_parquet(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Raises BadInput where the file is damaged, or another."""
    try:
        with pq.ParquetFile(path) as file:
            lacking = [name for name in columns if name not in file.schema_arrow.names]
            if lacking:
                raise BadInput(f"{path.name} lacks the column {lacking[0]}; it is another table.")
            return file.read(list(columns)).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path.name} is damaged, or no Parquet file; get it again.") from error


def check_texts(frame: pd.DataFrame, columns: Sequence[str], file: str) -> pd.DataFrame:
    """Every value a text with something in it. Raises BadInput for the first that is none, and for a table without rows."""
    if not len(frame):
        raise BadInput(f"{file} is empty; get it again.")
    for column in columns:
        wrong = ~frame[column].map(lambda value: isinstance(value, str) and bool(value.strip())).to_numpy(dtype=bool)
        if wrong.any():
            raise BadInput(f"{file} has no {column} in row {int(wrong.argmax()) + 1}; get it again.")
    return frame


def words_of(name: str) -> str:
    """``freeze_account`` as a person would say it."""
    return " ".join(name.replace("_", " ").split())
