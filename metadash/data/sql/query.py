"""SQL written by users: run in a locked child process, answered with a table or with one clear sentence.

DuckDB has no privilege boundary inside, so the boundary is a process (``query_worker``): read-only, no files, no extensions, no
settings, a memory limit set by the operating system, and killed at the deadline. A child that answered well is kept for the next
query (start 0.4 s, then about 20 ms each). Any number of threads may ask at once; a few have their turn, and each visitor one of
them (``turns``). Conditions on classes and instances have turns of their own, so that no query keeps a page waiting that only needs its pool.
"""

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from metadash.data.sql import children
from metadash.data.sql.turns import Full, Turns
from metadash.data.sql.words import Busy, QueryError, in_words
from metadash.visitors import visitor

PATIENCE = 30.0  # seconds to wait for a turn
MOST_BYTES = 20 * 2**20  # of a result
MOST_ID_BYTES = 400 * 2**20  # 50 million ids
LONGEST_SQL = 100_000  # characters

QUERIES = Turns(4, queue=2, patience=PATIENCE)
"""Each may take memory_mb."""
CONDITIONS = Turns(2, queue=6, patience=PATIENCE)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=QUERIES.reset)
    os.register_at_fork(after_in_child=CONDITIONS.reset)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueryResult:
    """``frame`` holds the first rows; ``cut`` says there were more; ``columns`` are (name, DuckDB type); ``seconds`` it took."""

    frame: pd.DataFrame
    cut: bool
    seconds: float
    columns: list[tuple[str, str]]


def run_query(
    database: Path,
    sql: str,
    *,
    rows: int | None = 1000,
    most_bytes: int = MOST_BYTES,
    seconds: float = 5.0,
    memory_mb: int = 512,
    asked_by: str | None = None,
) -> QueryResult:
    """Run one reading statement on the DuckDB file ``database`` and return at most ``rows`` rows, ``most_bytes`` of them.

    ``rows`` of None: as many as the bytes allow. ``asked_by``: the key of the visitor whose turn it takes; by default who asks now.

    Raises QueryError (a BadInput) with one sentence for everything else: no SQL, a file, a write, too slow, too large, a file
    that is missing or damaged. Decimals and huge integers arrive as float64, integers with gaps as pandas' nullable Int64.
    """
    start = time.monotonic()
    question = _question(database, sql, rows=rows, bytes=most_bytes, seconds=seconds, memory_mb=memory_mb)
    head, body = _ask(question, QUERIES, asked_by)
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
    by chance, by the clock or by the machine is refused (``metadash.data.sql.repeatable``).
    """
    key = {"classes": "class_id", "instances": "instance_id"}[table]
    text = condition.strip().rstrip(";").rstrip()
    if not text:
        raise QueryError("The condition is empty: write what would follow WHERE, for example script = 'Greek'.")
    before = f"SELECT {key} FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE (\n"
    sql = f"{before}{text}\n)) ORDER BY {key}"
    question = _question(database, sql, rows=None, bytes=MOST_ID_BYTES, seconds=seconds, memory_mb=memory_mb)
    head, body = _ask({**question, "condition": text}, CONDITIONS, shown=text, before=len(before))
    if head["cut"]:
        raise QueryError(f"The condition selects too many {table} to be listed; narrow it.")
    return pa.ipc.open_stream(body).read_all().column(0).to_numpy().astype(np.int64)


def _question(database: Path, sql: str, **limits: float | int | None) -> dict[str, Any]:
    if len(sql) > LONGEST_SQL:
        raise QueryError(f"This query is {len(sql)} characters long; at most {LONGEST_SQL} can be run.")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise QueryError("This query holds a character that is no valid text; type it again.", error.start) from error
    if not Path(database).is_file():
        raise QueryError(f"The data set's table file '{Path(database).name}' is missing; import the data set again.")
    return {"database": str(database), "sql": sql, "condition": "", **limits}


def _ask(
    question: dict[str, Any], turns: Turns, asked_by: str | None = None, shown: str = "", before: int = 0
) -> tuple[dict[str, Any], bytes]:
    """The answer of a child; a failure becomes a QueryError. The user's text ``shown`` starts at ``before`` in the SQL."""
    try:
        with turns.turn(visitor().key if asked_by is None else asked_by):
            head, body = _answer(question)
    except Full as full:
        raise Busy(
            f"You have {turns.queue} queries waiting here already; let one of them end first."
            if full.own
            else "Too many queries are running on this server; try again in a minute."
        ) from None
    if "kind" in head:
        raise in_words(head, question, shown or question["sql"], before)
    return head, body


def _answer(question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    child = children.take()
    try:
        head, body = child.ask(question)
    except TimeoutError:
        raise QueryError(
            f"This query took longer than {question['seconds']:g} s and was stopped; narrow it or aggregate earlier."
        ) from None
    except EOFError:
        log.warning("A query ended its process (return code %s): %s", child.process.returncode, question["sql"])
        return {"kind": "Out of Memory", "message": ""}, b""
    if head.pop("spent") or child.expired:
        child.end()
    else:
        children.give_back(child)
    return head, body


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
