"""Reads a file of one or several tables: CSV and its kin, Parquet, JSON, Excel, DuckDB."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.data.columns.accepting.from_duckdb import frame_of
from metadash.data.importing.readers.delimited import read_delimited
from metadash.data.importing.readers.typed import typed
from metadash.errors import BadInput
from metadash.workspace import reason

WORDS = ("classes", "class", "labels", "categories", "intents", "species", "relations")
"""What a table of classes is usually called."""


@dataclass
class Table:
    """One table as it was read. ``wrong``: by column; ``notes``: what was decided."""

    name: str
    frame: pd.DataFrame
    wrong: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def tables_of(path: Path) -> list[Table]:
    """Every table of a file. Raises BadInput for a file that is none, is empty, or has a header only."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise BadInput(f"'{path.name}' is no file that can be imported; tables are {', '.join(KINDS)}.")
    try:
        if not path.stat().st_size:
            raise BadInput(f"The file '{path.name}' is empty; a table needs a header and a row for each instance.")
        found = KINDS[kind](path)
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError, duckdb.Error, UnicodeError) as error:
        first = str(error).strip().split("\n")[0].replace(str(path), path.name)
        raise BadInput(
            f"The file '{path.name}' cannot be read ({reason(error) if isinstance(error, OSError) and not isinstance(error, pa.ArrowInvalid) else first[:160]})."
        ) from error
    full = [table for table in found if len(table.frame)]
    if not full:
        raise BadInput(f"The file '{path.name}' has no rows below its header; a data set needs a row for each instance.")
    for table in full:
        check_header(path.name, table)
    return full


def tables_in(content: bytes, name: str) -> list[Table]:
    """As ``tables_of`` of a file that lies in a zip file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return tables_of(path)


def check_header(file: str, table: Table) -> None:
    """Names as texts; blank ones are numbered. Raises BadInput where two are one."""
    names = [str(name).strip() for name in table.frame.columns]
    blank = [place for place, name in enumerate(names) if not name or name.startswith("Unnamed:")]
    for place in blank:
        names[place] = f"column {place + 1}"
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise BadInput(
                f"The table in '{file}' has two columns '{name}' (upper and lower case count as one); rename one of them."
            )
        seen[name.casefold()] = name
    table.frame.columns = pd.Index(names)
    empty = [names[place] for place in blank if table.frame.iloc[:, place].isna().all()]
    table.frame = table.frame.drop(columns=empty)


def of_texts(name: str, columns: dict[str, pa.ChunkedArray], decimal_comma: bool = False) -> Table:
    """A table of texts, each column as what it holds."""
    table = Table(name, pd.DataFrame())
    read = {}
    for column, texts in columns.items():
        found = typed(column, texts, decimal_comma)
        read[column] = found.values
        if found.wrong:
            table.wrong[column] = found.wrong
        if found.note:
            table.notes.append(found.note)
    table.frame = pd.DataFrame(read)
    return table


def of_objects(name: str, frame: pd.DataFrame) -> Table:
    """A table of Python values, as JSON and Excel give them: columns of texts alone are read as those of a CSV file."""
    texts = {}
    for column in frame.columns:
        values = frame[column].dropna()
        if frame[column].dtype == object and len(values):
            kinds = {type(value) for value in values}
            if kinds == {str}:
                texts[column] = pa.chunked_array([pa.array(frame[column].where(frame[column].notna(), None), pa.string())])
            elif kinds <= {int, float}:
                frame[column] = pd.to_numeric(frame[column])
            elif len(kinds) > 1 and kinds <= {str, int, float, bool}:
                written = frame[column].map(lambda value: None if value is None or value != value else str(value))
                texts[column] = pa.chunked_array([pa.array(written, pa.string())])
        elif str(frame[column].dtype) == "str":
            texts[column] = pa.chunked_array([pa.array(frame[column], pa.string())])
    read = of_texts(name, texts)
    for column in texts:
        frame[column] = read.frame[column].to_numpy() if read.frame[column].dtype.kind != "O" else read.frame[column]
    return Table(name, frame, read.wrong, read.notes)


# --- kinds of files --------------------------------------------------------------------------------------------------------


def delimited(path: Path) -> list[Table]:
    columns, decimal_comma, notes = read_delimited(path)
    table = of_texts(path.stem, columns, decimal_comma)
    table.notes = notes + table.notes
    return [table]


def parquet(path: Path) -> list[Table]:
    table = pq.read_table(path)
    for place, part in enumerate(table.schema):  # Hugging Face keeps a file as its bytes and its path
        if pa.types.is_struct(part.type) and {one.name for one in part.type} == {"bytes", "path"}:
            table = table.set_column(place, part.name, pa.compute.struct_field(table[part.name], "bytes"))
    return [Table(path.stem, table.to_pandas())]


def json_lines(path: Path) -> list[Table]:
    rows = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise BadInput(f"Line {number} of '{path.name}' is no JSON ({error}); mend it, or leave it out.") from error
                if not isinstance(row, dict):
                    raise BadInput(
                        f"Line {number} of '{path.name}' is no JSON object; each line has to be one, with a field a column."
                    )
                rows.append(row)
    return [of_objects(path.stem, pd.DataFrame(rows))]


def json_whole(path: Path) -> list[Table]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        content = json.loads(text)
    except ValueError as error:
        if text.count("\n") and text.lstrip().startswith("{"):
            return json_lines(path)
        raise BadInput(f"'{path.name}' is no JSON ({error}); mend it.") from error
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        return [of_objects(path.stem, pd.DataFrame(content))]
    if isinstance(content, dict) and content:
        if all(isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in content.values()):
            return [of_objects(str(name), pd.DataFrame(rows)) for name, rows in content.items()]
        lengths = {len(rows) if isinstance(rows, (list, dict)) else -1 for rows in content.values()}
        if len(lengths) == 1 and lengths != {-1}:
            return [of_objects(path.stem, pd.DataFrame(content))]
        if all(isinstance(rows, list) for rows in content.values()):  # CLINC150's own form: rows of each part under its name
            return [of_objects(str(name), pd.DataFrame(rows)) for name, rows in content.items()]
    raise BadInput(f"'{path.name}' holds no table; it has to be a list of objects with a field a column, or one object a line.")


def excel(path: Path) -> list[Table]:
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(BytesIO(path.read_bytes()))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except CalamineError as error:
        raise BadInput(f"The file '{path.name}' cannot be read as Excel ({error}).") from error
    found = []
    for name, rows in sheets.items():
        rows = [row for row in rows if any(cell != "" for cell in row)]
        if rows:
            frame = pd.DataFrame(rows[1:], columns=pd.Index([str(cell) for cell in rows[0]], dtype=object), dtype=object)
            frame = frame.map(lambda cell: None if cell == "" else cell)
            found.append(of_objects(name, whole_numbers(frame)))
    return found


def whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Excel knows no whole numbers: 3.0 in a column of such is 3."""
    columns: dict[Any, pd.Series] = {}
    for place in range(frame.shape[1]):
        values = frame.iloc[:, place]
        known = values.dropna()
        if len(known) and known.map(lambda value: isinstance(value, float) and value.is_integer() and abs(value) < 2**53).all():
            values = values.map(lambda value: value if value is None or value != value else int(value))
        elif len(known) and known.map(lambda value: hasattr(value, "year")).all():
            values = pd.to_datetime(values)
        columns[place] = values
    made = pd.DataFrame(columns)
    made.columns = frame.columns
    return made


def database(path: Path) -> list[Table]:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1").fetchall()
        ]
        return [Table(name, frame_of(connection, name)) for name in names]


KINDS: dict[str, Callable[[Path], list[Table]]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt", ".psv"), delimited),
    **dict.fromkeys((".parquet", ".pq"), parquet),
    **dict.fromkeys((".jsonl", ".ndjson"), json_lines),
    ".json": json_whole,
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), excel),
    **dict.fromkeys((".duckdb", ".db", ".ddb"), database),
}
"""By the ending of a file."""


def is_table(name: str) -> bool:
    return Path(name).suffix.lower() in KINDS and not re.fullmatch(r"(?i)(readme|license|licence|notice)(\..*)?", Path(name).name)
