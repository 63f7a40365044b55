"""A ragged column of texts on disk: the inputs of a data set of sentences, read a few rows or a piece at a time, never all at once."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metadash.errors import BadInput

AT_ONCE = 4096
"""Texts of a row group: what is read for a single row, and what an encoder is handed at a time."""


KEPT = 16
"""Row groups: some megabytes of sentences."""


class TextColumn:
    """The column ``text`` of a Parquet file, row i being the input of instance i; indexed as an array of objects would be.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "inputs.parquet"
    >>> write_texts(file, ["a card", "a bill", "a loan"])
    >>> column = TextColumn(file)
    >>> column[[2, 0]].tolist(), len(column)
    (['a loan', 'a card'], 3)
    """

    dtype = np.dtype(object)
    ndim = 1

    def __init__(self, path: Path):
        """Raises OSError or ValueError (Arrow's errors are those) where the file is no such column."""
        self.path = path
        self.kept: dict[int, pa.ChunkedArray] = {}
        with self.opened() as file:
            self.n_rows, self.n_groups = file.metadata.num_rows, file.num_row_groups
            if "text" not in file.schema_arrow.names:
                raise ValueError("there is no column text")

    def group(self, number: int) -> pa.ChunkedArray:
        """One row group, the latest few kept: pages ask for one row after the other."""
        if number not in self.kept:
            with self.opened() as file:
                found = file.read_row_group(number, columns=["text"])["text"]
            self.kept = {**dict(list(self.kept.items())[1 - KEPT :]), number: found}
        return self.kept[number]

    def opened(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path, memory_map=True)

    def __len__(self) -> int:
        return self.n_rows

    @property
    def shape(self) -> tuple[int]:
        return (self.n_rows,)

    def __getitem__(self, rows: Any) -> Any:
        """A text of one row, or texts [...] (objects) of rows of any shape, read from the row groups that they are in."""
        wanted = np.asarray(np.arange(self.n_rows)[rows])
        flat = wanted.reshape(-1)
        found = np.empty(len(flat), dtype=object)
        for number in np.unique(flat // AT_ONCE):
            here = np.flatnonzero(flat // AT_ONCE == number)
            found[here] = self.group(int(number)).take(pa.array(flat[here] % AT_ONCE)).to_pylist()
        return found.reshape(wanted.shape) if wanted.ndim else found[0]

    def pieces(self) -> Iterator[list[str]]:
        """All texts in their order, a row group at a time."""
        with self.opened() as file:
            for group in range(self.n_groups):
                yield file.read_row_group(group, columns=["text"])["text"].to_pylist()


def write_texts(path: Path, texts: Sequence[str]) -> None:
    """``texts`` as the column of a Parquet file that anybody's tools read, beside the ``instance_id`` of each."""
    schema = pa.schema([("instance_id", pa.int64()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema) as file:
        for start in range(0, len(texts), AT_ONCE):
            part = [str(text) for text in texts[start : start + AT_ONCE]]
            table = pa.table([pa.array(np.arange(start, start + len(part))), pa.array(part, pa.string())], schema=schema)
            file.write_table(table, row_group_size=AT_ONCE)


def check_texts(name: str, texts: Sequence[Any]) -> None:
    """Raises BadInput naming the first row that holds no text: a missing one is nothing that a learner could be asked about."""
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            what = "is missing" if text is None or text != text else f"is {text!r:.40}"
            raise BadInput(f"The text in row {row} of '{name}' {what}; write a text there, or leave that row out.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadInput(f"The text in row {row} of '{name}' holds half a character; mend its encoding.") from error


def hash_of(texts: Sequence[str]) -> bytes:
    """A hash of the texts and of where each ends."""
    content = hashlib.sha256(f"text {len(texts)}".encode())
    for text in texts:
        written = text.encode()
        content.update(len(written).to_bytes(8, "little") + written)
    return content.digest()


def snippet(text: str, most: int = 90) -> str:
    """The beginning of a text on one line, cut at a word where there is one to cut at.

    >>> snippet("how do i  freeze\\nmy account", 16)
    'how do i freeze…'
    """
    line = " ".join(text[: 8 * most].split())
    if len(line) <= most:
        return line
    head = line[:most]
    return (head if line[most] == " " else head.rsplit(" ", 1)[0]).rstrip() + "…"
