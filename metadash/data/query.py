"""SQL written by users: run in a locked child process, answered with a table or with one clear sentence.

DuckDB has no privilege boundary inside, so the boundary is a process (``query_worker``): read-only, no files, no extensions, no
settings, a memory limit set by the operating system, and killed at the deadline. A child that answered well is kept for the next
query (start 0.4 s, then about 20 ms each); any number of threads may ask at once, ``PLACES`` of them run.
"""

import atexit
import contextlib
import json
import logging
import os
import re
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from metadash.errors import BadInput

PLACES = 4  # queries that run at once; each may take memory_mb
KEPT = 2  # children kept waiting, about 80 MB each
PATIENCE = 30.0  # seconds to wait for a place
STARTING = 60.0  # seconds a child may take to start
MOST_BYTES = 20 * 2**20  # of a result
MOST_ID_BYTES = 400 * 2**20  # 50 million ids
LONGEST_SQL = 100_000  # characters
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "SYSTEMROOT")  # no secrets

log = logging.getLogger(__name__)


class QueryError(BadInput):
    """A query that was refused or failed; ``position`` counts the SQL's characters from 0, ``line`` and ``column`` from 1."""

    def __init__(self, message: str, position: int | None = None, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.position, self.line, self.column = position, line, column


@dataclass(frozen=True)
class QueryResult:
    """``frame`` holds the first rows; ``cut`` says there were more; ``columns`` are (name, DuckDB type); ``seconds`` it took."""

    frame: pd.DataFrame
    cut: bool
    seconds: float
    columns: list[tuple[str, str]]


def run_query(database: Path, sql: str, *, rows: int = 1000, seconds: float = 5.0, memory_mb: int = 512) -> QueryResult:
    """Run one reading statement on the DuckDB file ``database`` and return at most ``rows`` rows, 20 MB of them.

    Raises QueryError (a BadInput) with one sentence for everything else: no SQL, a file, a write, too slow, too large, a file
    that is missing or damaged. Decimals and huge integers arrive as float64, integers with gaps as pandas' nullable Int64.
    """
    start = time.monotonic()
    head, body = _ask(_question(database, sql, rows=rows, seconds=seconds, memory_mb=memory_mb))
    columns = [(name, kind) for name, kind in head["columns"]]
    table = pa.ipc.open_stream(body).read_all()
    series = [_series(table.column(i), *columns[i]) for i in range(len(columns))]
    frame = pd.DataFrame(dict(zip((name for name, _ in columns), series, strict=True)), index=pd.RangeIndex(table.num_rows))
    return QueryResult(frame, head["cut"], time.monotonic() - start, columns)


def select_ids(
    database: Path, table: Literal["classes", "instances"], condition: str, *, seconds: float = 5.0, memory_mb: int = 512
) -> np.ndarray:
    """The ids [n] of ``table`` (ascending int64) that meet a user's ``condition``, the text after WHERE; possibly none.

    The condition is user SQL, so it runs in the same child; it must be one expression by itself, and stands inside
    ``id IN (...)``: whatever it does, the answer is a subset of the table's ids, and the same one whenever it is asked: what answers
    by chance, by the clock or by the machine is refused (``metadash.data.repeatable``).
    """
    key = {"classes": "class_id", "instances": "instance_id"}[table]
    text = condition.strip().rstrip(";").rstrip()
    if not text:
        raise QueryError("The condition is empty: write what would follow WHERE, for example script = 'Greek'.")
    before = f"SELECT {key} FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE (\n"
    sql = f"{before}{text}\n)) ORDER BY {key}"
    question = _question(database, sql, rows=None, seconds=seconds, memory_mb=memory_mb)
    head, body = _ask({**question, "bytes": MOST_ID_BYTES, "condition": text}, shown=text, before=len(before))
    if head["cut"]:
        raise QueryError(f"The condition selects too many {table} to be listed; narrow it.")
    return pa.ipc.open_stream(body).read_all().column(0).to_numpy().astype(np.int64)


# --- the question and the processes that answer ---------------------------------------------------------------------------


def _question(database: Path, sql: str, **limits: float | int | None) -> dict[str, Any]:
    if len(sql) > LONGEST_SQL:
        raise QueryError(f"This query is {len(sql)} characters long; at most {LONGEST_SQL} can be run.")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise QueryError("This query holds a character that is no valid text; type it again.", error.start) from error
    if not Path(database).is_file():
        raise QueryError(f"The data set's table file '{Path(database).name}' is missing; import the data set again.")
    return {"database": str(database), "sql": sql, "condition": "", "bytes": MOST_BYTES, **limits}


class _Child:
    """One worker process and the pipes to it. Used by one thread at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}  # small: they count as address space
        environment["TZ"] = "UTC"  # the day of a time with a zone is the same on every machine
        # -P: the worker's own folder is no place to import from
        command = [sys.executable, "-P", str(Path(__file__).with_name("query_worker.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.expired = False
        self._limited(STARTING, self._receive)

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer. Raises TimeoutError at the deadline, EOFError when the process ends without one; it is dead then."""

        def exchange() -> tuple[dict[str, Any], bytes]:
            assert self.process.stdin
            content = json.dumps(question).encode()
            self.process.stdin.write(struct.pack(">I", len(content)) + content)
            self.process.stdin.flush()
            return self._receive()

        return self._limited(question["seconds"], exchange)

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # a question half sent
                    pipe.close()
        self.process.wait()

    def _limited(self, seconds: float, exchange: Callable[[], tuple[dict[str, Any], bytes]]) -> tuple[dict[str, Any], bytes]:
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return exchange()
        except (OSError, EOFError) as error:
            timer.cancel()
            timer.join()
            self.end()
            raise TimeoutError if self.expired else EOFError from error
        finally:
            timer.cancel()
            timer.join()

    def _expire(self) -> None:
        self.expired = True
        self.process.kill()

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        head = json.loads(self._read(struct.unpack(">I", self._read(4))[0]))
        return head, self._read(head["size"])

    def _read(self, size: int) -> bytes:
        assert self.process.stdout
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise EOFError
        return data


_places = threading.BoundedSemaphore(PLACES)
_waiting: list[_Child] = []  # append and pop are atomic


def _ask(question: dict[str, Any], shown: str = "", before: int = 0) -> tuple[dict[str, Any], bytes]:
    """The answer of a child; a failure becomes a QueryError. The user's text ``shown`` starts at ``before`` in the SQL."""
    if not _places.acquire(timeout=PATIENCE):
        raise QueryError("Too many queries are running on this server; try again in a minute.")
    try:
        child = _take()
        try:
            head, body = child.ask(question)
        except TimeoutError:
            raise QueryError(
                f"This query took longer than {question['seconds']:g} s and was stopped; narrow it or aggregate earlier."
            ) from None
        except EOFError:
            log.warning("A query ended its process (return code %s): %s", child.process.returncode, question["sql"])
            head, body = {"kind": "Out of Memory", "message": ""}, b""
        else:
            if head.pop("spent") or child.expired:
                child.end()
            else:
                _waiting.append(child)
                while len(_waiting) > KEPT and (surplus := _pop()):
                    surplus.end()
    finally:
        _places.release()
    if "kind" in head:
        raise _in_words(head, question, shown or question["sql"], before)
    return head, body


def _take() -> _Child:
    while child := _pop():
        if child.process.poll() is None:
            return child
        child.end()
    return _Child()


def _pop() -> _Child | None:
    try:
        return _waiting.pop()
    except IndexError:
        return None


@atexit.register
def _end_children() -> None:
    while child := _pop():
        child.end()


def _forget_children() -> None:
    """After a fork: the pipes belong to the parent."""
    global _places
    _places = threading.BoundedSemaphore(PLACES)
    _waiting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_children)


# --- tables and words ------------------------------------------------------------------------------------------------------


def _series(column: pa.ChunkedArray, name: str, kind: str) -> pd.Series:
    try:
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        if pa.types.is_integer(column.type) and column.null_count:
            nullable = pd.UInt64Dtype() if pa.types.is_unsigned_integer(column.type) else pd.Int64Dtype()
            return column.to_pandas(types_mapper=lambda _: nullable)
        return column.to_pandas()
    except (pa.ArrowException, ValueError, OverflowError, TypeError) as error:
        cast = f"CAST({name} AS VARCHAR)"
        raise QueryError(
            f"Column '{name}' of type {kind} holds values that a table cannot show; write {cast} instead."
        ) from error


REFUSED = {
    "empty": "There is no query here; write one, for example: SELECT * FROM classes LIMIT 10.",
    "several": "These are several statements; run them one at a time.",
    "expression": "The condition must be one expression, what would follow WHERE, for example script = 'Greek'.",
    "wide": "One row of this result is larger than 20 MB; select fewer or shorter columns.",
}
UNREPEATABLE = {
    "function": "'{}' answers by chance, by the clock or by the machine",
    "clock": "'{}' is another one whenever it is asked",
    "sample": "A sample is another one whenever it is drawn",
    "limit": "{} without ORDER BY keeps whichever rows come first",
    "beyond": "'{}' reads more than the tables of this data set",
}
"""What a condition may not do, with the word for which it was refused."""
MENDED = {"limit": "add ORDER BY", "sample": "use a property of the classes, such as class_id % 10 < 3"}
ONLY_TABLES = (
    "Queries here may only read the tables of this data set: files, other databases, settings and extensions are out of reach"
)
ONLY_READING = "Queries here may only read, not change anything"
BEYOND_THE_QUERY = ("IO", "Serialization", "Internal", "FATAL", "")  # kinds of error that are nobody's SQL
DAMAGED = re.compile(r"not a valid duckdb|corrupt|checksum|deserializ|serializ|magic bytes|could not read", re.IGNORECASE)
FILE = re.compile(r"[/\\]|\.(csv|tsv|parquet|json|jsonl|ndjson|txt|gz|db|duckdb|xlsx)$", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:\\|/)[\w.+~-]+(?:[/\\][\w.+~-]+)+[/\\]?")


def _in_words(head: dict[str, Any], question: dict[str, Any], shown: str, before: int) -> QueryError:
    """One sentence for what the child reported; never a path of the machine, never a trace."""
    kind, message, name = head["kind"], head.get("message", ""), Path(question["database"]).name
    if kind in REFUSED:
        return QueryError(REFUSED[kind])
    if kind == "statement":
        verb = {"LOAD": "INSTALL or LOAD", "MERGE_INTO": "MERGE"}.get(message, message.replace("_", " "))
        return QueryError(f"{ONLY_READING} (SELECT, FROM, PIVOT, SUMMARIZE, DESCRIBE, SHOW); this is {verb}.")
    if kind == "Out of Memory":
        memory = f"{question['memory_mb']} MB"
        return QueryError(
            f"This query needs more memory than the {memory} it may use; read fewer rows or columns, or aggregate first."
        )
    if kind == "open" or (kind in BEYOND_THE_QUERY and DAMAGED.search(message)):
        return QueryError(_unopened(message, name))
    position = _position(question["sql"], head.get("position"), before, shown)
    if kind in UNREPEATABLE:
        todo = MENDED.get(kind, "compare with a fixed value instead")
        text = f"{UNREPEATABLE[kind].format(message)}, and a condition must always select the same; {todo}"
        return _at(text, shown, position)
    if (
        kind == "Permission"
        or "configuration has been locked" in message
        or (kind == "Catalog" and FILE.search(head.get("name", "")))
    ):
        return _at(ONLY_TABLES, shown, position)
    if "read-only mode" in message:
        return _at(ONLY_READING, shown, position)
    if kind in ("", "Internal", "FATAL"):
        log.warning("DuckDB failed on a query: %s: %s", message, question["sql"])
        return QueryError("DuckDB failed on this query; write it another way.")
    lines = [line.strip().rstrip(".!;") for line in message.partition("Candidate functions")[0].splitlines() if line.strip()]
    text = "; ".join(lines[:1] + [line[:1].lower() + line[1:] for line in lines[1:]])
    for path in set(MACHINE_PATH.findall(text)):
        if path not in shown:
            text = text.replace(path, "…")
    text = text if len(text) <= 300 else f"{text[:299]}…"
    return _at(f"Not SQL: {text}" if kind == "Parser" else text[:1].upper() + text[1:], shown, position)


def _unopened(message: str, name: str) -> str:
    if re.search(r"\block\b", message):
        return f"The data set's table file '{name}' is being written just now; try again in a moment."
    if "version number" in message:
        return f"The data set's table file '{name}' was written by another version of DuckDB; import the data set again."
    return f"The data set's table file '{name}' is damaged; import the data set again."


def _position(sql: str, in_bytes: int | None, before: int, shown: str) -> int | None:
    """DuckDB counts bytes of the whole statement; a person counts characters of what they wrote."""
    if in_bytes is None:
        return None
    position = len(sql.encode()[:in_bytes].decode(errors="ignore")) - before
    return min(position, len(shown)) if 0 <= position <= len(shown) + 1 else None


def _at(text: str, shown: str, position: int | None) -> QueryError:
    if position is None:
        return QueryError(f"{text}.")
    line = shown.count("\n", 0, position) + 1
    column = position - (shown.rfind("\n", 0, position) + 1) + 1
    return QueryError(f"{text} (line {line}, column {column}).", position, line, column)
