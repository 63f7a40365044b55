"""Reads a CSV file and its kin as columns of texts: encoding and delimiter are told from the file itself."""

import codecs
import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from metadash.errors import BadInput

DELIMITERS = (",", "\t", ";", "|")
SAMPLE = 2**18
BLOCK = 2**23
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
csv.field_size_limit(2**30)
OLD = "cp1252"
"""What files that are no UTF-8 mostly are."""


def read_delimited(path: Path) -> tuple[dict[str, pa.ChunkedArray], bool, list[str]]:
    """(columns of texts, whether commas may be decimal, notes). Raises BadInput for what is no table."""
    content, notes = decoded(path)
    head = content[:SAMPLE] if isinstance(content, bytes) else first_of(content)
    text = head.decode("utf-8", errors="ignore")
    delimiter = delimiter_of(text)
    names = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    headless = all(is_number(name) for name in names)
    if headless:
        notes.append(f"The first line of '{path.name}' holds numbers, so its columns have no names and are counted.")
    columns = parsed(path.name, content, delimiter, headless)
    return columns, delimiter != ",", notes


def decoded(path: Path) -> tuple[Path | bytes, list[str]]:
    """The file itself where it is UTF-8, else its content as UTF-8, and what was decided about that."""
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        for mark, encoding in MARKS:
            if head.startswith(mark):
                if encoding == "utf-8-sig":
                    return path, []
                return file.read().decode(encoding).encode(), [f"'{path.name}' was read as {encoding.upper()}."]
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(BLOCK):
                if b"\0" in block:
                    raise BadInput(f"'{path.name}' is no table of texts: it holds bytes that are no characters.")
                decoder.decode(block)
            decoder.decode(b"", final=True)
            return path, []
        except UnicodeDecodeError:
            pass
    return line_by_line(path)


def line_by_line(path: Path) -> tuple[bytes, list[str]]:
    """What is no UTF-8 is read as the encoding that Windows had, line by line: files are put together of both."""
    lines = path.read_bytes().split(b"\n")
    old, other = [], 0
    for number, line in enumerate(lines):
        try:
            line.decode()
            other += not line.isascii()
        except UnicodeDecodeError:
            lines[number] = line.decode(OLD, errors="replace").encode()
            old.append(number + 1)
    which = "" if not other else f" in {len(old)} of its lines, the first {old[0]}, and as UTF-8 elsewhere"
    return b"\n".join(lines), [f"'{path.name}' was read as Windows-1252{which}; save it as UTF-8 where letters look wrong."]


def first_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SAMPLE).removeprefix(codecs.BOM_UTF8)


def delimiter_of(text: str) -> str:
    """The one that parts most lines of the beginning into as many values, more than one."""
    lines = text.split("\n")[:200]
    sample = "\n".join(lines[:-1] if len(lines) > 2 and len(text) >= SAMPLE // 2 else lines)

    def fit(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        usual = widths[0] if widths else 0
        return (sum(width == usual for width in widths) / len(widths) if usual > 1 else 0.0), usual

    return max(DELIMITERS, key=fit)


def is_number(text: str) -> bool:
    try:
        float(text)
        return True
    except ValueError:
        return False


def parsed(name: str, content: Path | bytes, delimiter: str, headless: bool) -> dict[str, pa.ChunkedArray]:
    """Every column as texts; rows of another width are refused, naming the first."""
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    for block in (BLOCK, max(2**30, BLOCK)):
        wrong: list[pacsv.InvalidRow] = []

        def stop(row: pacsv.InvalidRow, wrong: list = wrong) -> str:
            wrong.append(row)
            return "error"

        try:
            source = pa.memory_map(str(content)) if isinstance(content, Path) else pa.BufferReader(content)
            names = header(source, delimiter, headless, name)
            source.seek(0)
            table = pacsv.read_csv(
                source,
                pacsv.ReadOptions(
                    block_size=min(block, size + 1),
                    column_names=names,
                    skip_rows=0 if headless else 1,
                    use_threads=block == BLOCK,
                ),
                pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=stop),
                pacsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=True,
                    null_values=[""],
                    quoted_strings_can_be_null=True,
                ),
            )
            return {column: table[column] for column in names}
        except pa.ArrowInvalid as error:
            if wrong:
                row = wrong[0]
                raise BadInput(
                    f"A line of '{name}' has {row.actual_columns} values where the header has {row.expected_columns} (“{row.text[:60]}”); "
                    "mend it: a delimiter may be missing, or a text that holds one may need quotes."
                ) from error
            if block != BLOCK or "straddl" not in str(error):
                raise
    raise AssertionError


def header(source: pa.NativeFile, delimiter: str, headless: bool, name: str) -> list[str]:
    first = source.read(min(SAMPLE, source.size())).removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="ignore")
    try:
        names = next(csv.reader(io.StringIO(first), delimiter=delimiter), [])
    except csv.Error as error:
        raise BadInput(f"The header of '{name}' cannot be read ({error}).") from error
    if headless:
        return [f"column {place + 1}" for place in range(len(names))]
    names = [column.strip() for column in names]
    twice = {column.casefold() for column in names if column and [n.casefold() for n in names].count(column.casefold()) > 1}
    if twice:
        column = next(column for column in names[::-1] if column.casefold() in twice)
        raise BadInput(
            f"The table in '{name}' has two columns '{column}' (upper and lower case count as one); rename one of them."
        )
    return [column or f"Unnamed: {place}" for place, column in enumerate(names)]
