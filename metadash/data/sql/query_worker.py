"""The process in which SQL written by users runs: locked, small, and killed without regret. Started by ``metadash.data.sql.query``.

It imports nothing of MetaDash but ``repeatable`` and ``reachable`` (files by themselves) and holds nothing worth having: no secrets in its environment, a read-only DuckDB connection per
query with files, extensions and settings locked, an address-space limit, no right to write a file, an alarm that ends it. The
limits of the operating system are the ones that count: a single huge value outlives DuckDB's own memory limit and interrupt.

Protocol, both ways over pipes: a length (4 bytes, big-endian) and that much JSON; an answer is followed by ``size`` bytes of
Arrow IPC. A question is one of the dicts made in ``metadash.data.sql.query``; the first thing sent is an empty answer, meaning
"ready".
"""

import importlib.util
import json
import os
import signal
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

try:
    import resource
except ImportError:  # Windows: the deadline still kills, the memory limit is DuckDB's own
    resource = None  # type: ignore[assignment]

SLACK_MB = 256  # beside what DuckDB may use: Arrow copies of the result, stacks
BATCH = 2048  # rows DuckDB hands over at once, its own vector size
READING = ("SELECT", "EXPLAIN", "MULTI")  # MULTI is PIVOT. For the friendly message only: a CTE may hide an INSERT or COPY
LAST_WORDS = ("OUT OF MEMORY", "INTERNAL", "FATAL", "")  # after these the process is not trusted with another query
LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "threads": "1",  # rows come in the order in which they are stored, so a condition selects the same every time
    "temp_directory": "",
    "max_temp_directory_size": "0B",
    "errors_as_json": "true",
    "lock_configuration": "true",
}


class Refused(Exception):
    """What DuckDB would do but we will not: ``kind`` and ``detail`` for the parent to put into words; ``position`` in bytes of the SQL."""

    def __init__(self, kind: str, detail: str = "", position: int | None = None) -> None:
        self.kind, self.detail, self.position = kind, detail, position


def main() -> None:
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints can spoil the answers
    own = _address_space()
    if resource:
        for limit, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)):
            resource.setrlimit(limit, (most, most))
    send(answers, {}, b"")
    while question := receive(questions):
        if resource and own:
            most = own + (question["memory_mb"] + SLACK_MB) * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        if hasattr(signal, "setitimer"):  # should the parent die: the default action of the alarm ends this process
            signal.setitimer(signal.ITIMER_REAL, question["seconds"] + 2)
        try:
            answer, body = run(question)
        except Refused as refusal:
            answer, body = {"kind": refusal.kind, "message": refusal.detail, "position": refusal.position}, b""
        except Exception as error:
            answer, body = explained(error), b""
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        spent = answer.get("kind", "answered").upper() in LAST_WORDS
        send(answers, {**answer, "spent": spent}, body)
        if spent:
            return


def run(question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        memory = f"{question['memory_mb']}MB"
        connection = duckdb.connect(question["database"], read_only=True, config={**LOCKED, "memory_limit": memory})
    except Exception as error:
        raise Refused("open", str(error)) from error
    with connection:
        sql = question["sql"]
        statements = connection.extract_statements(sql)
        if question["condition"]:
            try:
                duckdb.SQLExpression(question["condition"])  # one expression by itself: no way out of the WHERE
            except Exception as error:
                raise Refused("expression") from error
        if len(statements) != 1:
            raise Refused("several" if statements else "empty")
        if statements[0].type.name not in READING:
            raise Refused("statement", statements[0].type.name)
        tree = repeatable.tree_of(connection, sql)
        found = None if tree is None else repeatable.nodes(tree)
        moving = repeatable.trouble(connection, sql) if question["condition"] else None
        if trouble := moving or reachable.beyond(connection, sql, found):
            raise Refused(trouble.kind, trouble.word, trouble.position)
        try:
            relation = connection.sql(sql)
        except Exception as error:
            if explained(error)["position"] is None:
                connection.execute(sql)  # fails the same way, but names the position
            raise
        columns = list(zip(unique(relation.columns), map(str, relation.types), strict=True))
        table, cut = first_rows(relation, question["rows"], question["bytes"])
        table = table.rename_columns([name for name, _ in columns])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return {"columns": columns, "cut": cut}, sink.getvalue().to_pybytes()


def first_rows(relation: duckdb.DuckDBPyRelation, rows: int | None, most_bytes: int) -> tuple[pa.Table, bool]:
    """The first ``rows`` rows, fewer if they exceed ``most_bytes``, and whether any were left out. Reads no further."""
    reader = relation.to_arrow_reader(BATCH if rows is None else min(rows + 1, BATCH))
    batches, seen, size = [], 0, 0
    for batch in reader:
        batches.append(batch)
        seen, size = seen + batch.num_rows, size + batch.nbytes
        if (rows is not None and seen > rows) or size > most_bytes:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    keep = seen if rows is None else min(seen, rows)
    if table.slice(0, keep).nbytes > most_bytes:
        fits, keep = 0, keep - 1
        while fits < keep:  # the largest number of rows that fits, by halving
            middle = (fits + keep + 1) // 2
            fits, keep = (middle, keep) if table.slice(0, middle).nbytes <= most_bytes else (fits, middle - 1)
        if keep == 0:
            raise Refused("wide")
    return table.slice(0, keep), keep < seen


def explained(error: Exception) -> dict[str, Any]:
    """DuckDB's error, which comes as '<kind> Error: <text or JSON>', taken apart; ``position`` is in bytes of the SQL."""
    text = str(error)
    if isinstance(error, MemoryError):
        return {"kind": "Out of Memory", "message": text, "position": None}
    kind, found, rest = text.partition(" Error: ")
    if not found or len(kind) > 40 or "\n" in kind:
        return {"kind": "", "message": text, "position": None}
    try:
        detail, _ = json.JSONDecoder().raw_decode(rest)  # behind it stand hints to whoever works on DuckDB
        position = int(detail["position"]) if "position" in detail else None
        name = detail.get("name", "")
        return {"kind": detail["exception_type"], "message": detail["exception_message"], "position": position, "name": name}
    except (ValueError, KeyError, TypeError):
        return {"kind": kind, "message": rest, "position": None}


def unique(names: list[str]) -> list[str]:
    """Column names made different from each other: a, a becomes a, a_2."""
    result: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in result or (candidate != name and candidate in names):
            candidate, number = f"{name}_{number}", number + 1
        result.append(candidate)
    return result


def send(pipe: BinaryIO, content: dict[str, Any], body: bytes) -> None:
    head = json.dumps({**content, "size": len(body)}).encode()
    pipe.write(struct.pack(">I", len(head)) + head)
    pipe.write(body)
    pipe.flush()


def receive(pipe: BinaryIO) -> dict[str, Any] | None:
    length = pipe.read(4)
    return json.loads(pipe.read(struct.unpack(">I", length)[0])) if len(length) == 4 else None


def _beside(name: str) -> ModuleType:
    """A module of this file's folder, which is no place to import from."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


repeatable, reachable = _beside("repeatable"), _beside("reachable")


def _address_space() -> int:
    """Bytes of address space in use before the first query; 0 where the system does not say (then there is no hard limit)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    main()
