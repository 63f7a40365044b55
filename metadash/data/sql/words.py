"""One sentence for what became of a query: what is wrong, where, what to do; never a path of the machine, never a trace."""

import logging
import re
from pathlib import Path
from typing import Any

from metadash.errors import BadInput

log = logging.getLogger(__name__)


class QueryError(BadInput):
    """A query that was refused or failed; ``position`` counts the SQL's characters from 0, ``line`` and ``column`` from 1."""

    def __init__(self, message: str, position: int | None = None, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.position, self.line, self.column = position, line, column


class Busy(QueryError):
    """Nothing is wrong with the query: the same one may be answered in a moment."""


REFUSED = {
    "empty": "There is no query here; write one, for example: SELECT * FROM classes LIMIT 10.",
    "several": "These are several statements; run them one at a time.",
    "expression": "The condition must be one expression, what would follow WHERE, for example script = 'Greek'.",
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
WAITS = "'{}' waits, or is another one whenever it is asked, and a query here answers the same whoever asks"
BEYOND_THE_QUERY = ("IO", "SERIALIZATION", "INTERNAL", "FATAL", "")  # kinds of error that are nobody's SQL
DAMAGED = re.compile(r"not a valid duckdb|corrupt|checksum|deserializ|serializ|magic bytes|could not read", re.IGNORECASE)
FILE = re.compile(r"[/\\]|\.(csv|tsv|parquet|json|jsonl|ndjson|txt|gz|db|duckdb|xlsx)$", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:\\|/)[\w.+~-]+(?:[/\\][\w.+~-]+)+[/\\]?")


def in_words(head: dict[str, Any], question: dict[str, Any], shown: str, before: int) -> QueryError:
    """One sentence for what the child reported; never a path of the machine, never a trace."""
    kind, message, name = head["kind"], head.get("message", ""), Path(question["database"]).name
    beyond = kind.upper() in BEYOND_THE_QUERY
    if kind in REFUSED:
        return QueryError(REFUSED[kind])
    if kind == "wide":
        most = f"{question['bytes'] / 2**20:.0f} MB"
        return QueryError(f"One row of this result is larger than {most}; select fewer or shorter columns.")
    if kind == "statement":
        verb = {"LOAD": "INSTALL or LOAD", "MERGE_INTO": "MERGE"}.get(message, message.replace("_", " "))
        return QueryError(f"{ONLY_READING} (SELECT, FROM, PIVOT, SUMMARIZE, DESCRIBE, SHOW); this is {verb}.")
    if kind == "Out of Memory":
        memory = f"{question['memory_mb']} MB"
        return QueryError(
            f"This query needs more memory than the {memory} it may use; read fewer rows or columns, or aggregate first."
        )
    if kind == "open" or (beyond and DAMAGED.search(message)):
        return _unopened(message, name)
    position = _position(question["sql"], head.get("position"), before, shown)
    if kind in UNREPEATABLE:
        todo = MENDED.get(kind, "compare with a fixed value instead")
        text = f"{UNREPEATABLE[kind].format(message)}, and a condition must always select the same; {todo}"
        return _at(text, shown, position)
    if (
        kind in ("Permission", "reach")
        or "configuration has been locked" in message
        or (kind == "Catalog" and FILE.search(head.get("name", "")))
    ):
        return _at(ONLY_TABLES, shown, position)
    if "read-only mode" in message:
        return _at(ONLY_READING, shown, position)
    if kind == "volatile":
        return _at(f"{WAITS.format(message)}; for rows by chance, ORDER BY hash(class_id)", shown, position)
    if beyond and kind.upper() != "IO":
        log.warning("DuckDB failed on a query: %s: %s", message, question["sql"])
        return QueryError("DuckDB failed on this query; write it another way.")
    lines = [line.strip().rstrip(".!;") for line in message.partition("Candidate functions")[0].splitlines() if line.strip()]
    text = "; ".join(lines[:1] + [line[:1].lower() + line[1:] for line in lines[1:]])
    for path in set(MACHINE_PATH.findall(text)):
        if path not in shown:
            text = text.replace(path, "…")
    text = text if len(text) <= 300 else f"{text[:299]}…"
    return _at(f"Not SQL: {text}" if kind == "Parser" else text[:1].upper() + text[1:], shown, position)


def _unopened(message: str, name: str) -> QueryError:
    if re.search(r"\block\b", message):
        return Busy(f"The data set's table file '{name}' is being written just now; try again in a moment.")
    if "version number" in message:
        return QueryError(
            f"The data set's table file '{name}' was written by another version of DuckDB; import the data set again."
        )
    return QueryError(f"The data set's table file '{name}' is damaged; import the data set again.")


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
