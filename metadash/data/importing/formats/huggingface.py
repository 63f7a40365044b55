"""Folders as Hugging Face ``datasets`` has them: pictures, and ``metadata.csv``, ``.jsonl`` or ``.parquet`` with a column ``file_name``.

There, folders that name classes are dropped as soon as there is such a table (datasets #4311, #6442); here both are kept, and a note says so.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from metadash.data.importing.formats.looking import content_of, folder_of, inside, tables_at
from metadash.data.importing.found import Found, Hints
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.pictures import pictures_in
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.data.importing.readers.places import Folder, Place, place_at
from metadash.data.importing.words import SPLIT_WORDS
from metadash.errors import BadInput

TABLE = re.compile(r"(?:.*/)?metadata\.(csv|jsonl|parquet)")
NAMES = re.compile(r"(.+_)?file_name")
HEAD = 2**16


def claims(path: Path) -> bool:
    """A metadata table whose first line (of Parquet, whose end) names files."""
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    place = place_at(path)
    return any(b"file_name" in seen_of(place, name) for name in metadata_in(place))


def seen_of(place: Place, name: str) -> bytes:
    """The beginning of a table of texts; the end of a Parquet file, where its columns are named."""
    try:
        if not isinstance(place, Folder):
            return place.read(name)
        with (place.path / name).open("rb") as file:
            if name.endswith(".parquet"):
                file.seek(-min(HEAD, place.size(name)), 2)
            return file.read(HEAD)
    except (OSError, ValueError):
        return b""


def metadata_in(place: Place) -> list[str]:
    return [name for name in place.names if TABLE.fullmatch(name)]


def read(path: Path, asked: Asked) -> Found:
    place = place_at(path)
    tables = metadata_in(place)
    notes: list[str] = []
    rows = pd.concat([rows_of(place, name, notes) for name in tables], ignore_index=True)
    rows = with_unnamed(place, rows, notes)
    rows, split = with_split(place, rows)
    licence, title = card_of(place)
    hints = Hints(id_column="file_name", split_column=split, licence=licence, title=title)
    said = [column for column in rows if column not in ("file_name", "split")]
    rows, label = with_label(place, rows)
    if label:
        hints = replace(hints, class_column=label)
        also = f", and {', '.join(f'‘{name}’' for name in said[:4])} from {Path(tables[0]).name} beside it" if said else ""
        notes.append(f"The folders name the classes and are kept as ‘{label}’{also} (another class: --class-column).")
    names = rows["file_name"].tolist()
    inputs = pictures_in(place, [name if isinstance(name, str) else None for name in names], asked.side)
    rows["file_name"] = [None if name is None else name[len(place.top) :] for name in names]
    return Found(rows, inputs, hints=hints, notes=notes, place=place, files=tuple(tables))


def rows_of(place: Place, name: str, notes: list[str]) -> pd.DataFrame:
    """The rows of one metadata table, ``file_name`` leading from the top of the place. Raises BadInput where no column names files."""
    (table,) = tables_at(place, name)
    notes += table.notes
    naming = [column for column in table.frame.columns if NAMES.fullmatch(column)]
    if not naming:
        raise BadInput(f"'{name}' has no column file_name, which says whose each row is; add it.")
    column = "file_name" if "file_name" in naming else naming[0]
    if len(naming) > 1:
        notes.append(f"‘{column}’ of {', '.join(naming)} in '{name}' is the input; the others are kept as they are.")
    base = folder_of(name)
    files = [
        inside(base, value, f"The file in row {row + 1} of '{name}'") if isinstance(value, str) else None
        for row, value in enumerate(table.frame[column])
    ]
    return table.frame.drop(columns=column).assign(file_name=pd.Series(files, dtype=object))


def with_unnamed(place: Place, rows: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Pictures that no row names lie in their folder all the same."""
    known = set(rows["file_name"].dropna())
    left = [name for name in place.names if name.lower().endswith(ENDINGS) and name not in known]
    if left:
        notes.append(
            f"{len(left)} pictures stand in no row of a metadata table ('{left[0]}'{', …' if len(left) > 1 else ''}): nothing but their folder is known of them."
        )
    twice = int(rows["file_name"].dropna().duplicated().sum())
    if twice:
        notes.append(f"{twice} rows name a picture that an earlier row names too.")
    return pd.concat([rows, pd.DataFrame({"file_name": pd.Series(left, dtype=object)})], ignore_index=True) if left else rows


def with_split(place: Place, rows: pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """The first folder that is a word for a part of a split, such as ``train`` or ``data/test``, as a column."""
    parts = [
        next((part for part in parts_of(place, name)[:2] if part.casefold() in SPLIT_WORDS), None) for name in rows["file_name"]
    ]
    if "split" in rows or len(set(parts) - {None}) < 2:
        return rows, "split" if "split" in rows else None
    return rows.assign(split=pd.Series(parts, dtype=object)), "split"


def with_label(place: Place, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The folder that a picture lies in, where there are several that are no parts of a split; and what the column is called."""
    folders = [
        next((part for part in reversed(parts_of(place, name)) if part.casefold() not in SPLIT_WORDS), None)
        for name in rows["file_name"]
    ]
    if len(set(folders) - {None}) < 2:
        return rows, ""
    label = next(name for name in ("label", "folder", "folder label", "folder label 2") if name not in rows)
    return rows.assign(**{label: pd.Series(folders, dtype=object)}), label


def parts_of(place: Place, name: str | None) -> list[str]:
    return [] if name is None else name[len(place.top) :].split("/")[:-1]


def card_of(place: Place) -> tuple[str, str]:
    """(licence, title) from the head of ``README.md``, as the Hub has them."""
    name = f"{place.top}README.md"
    if name not in place.known:
        return "", ""
    text = content_of(place, name)[:HEAD].decode("utf-8", errors="replace")
    head = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    said = dict(
        re.findall(r"^(license|pretty_name):[ \t]*['\"]?([^\n'\"]+?)['\"]?[ \t]*$", head[1] if head else "", re.MULTILINE)
    )
    return said.get("license", ""), said.get("pretty_name", "")
