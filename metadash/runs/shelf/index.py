"""The index of stored runs: one SQLite file in the workspace that remembers what was found in each folder, so that ten thousand are listed at once.

It is a memory and no authority: a row holds for the ``run.json`` with the same times, size and inode, and for no other. So whoever lists runs
(any process, at any time) reads the folders that the index does not know, and notes them; nobody has to note a run when it is written, and a
writer that was killed leaves at worst a row too few. Lost, damaged, of another format, or not writable, it is made anew or done without.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path

from metadash import settings
from metadash.runs.shelf.entries import Entry

FILE = "runs.index"
FORMAT = 1
PATIENCE = 1.0
"""Seconds to wait for another process that writes; afterwards nothing is noted this time."""

NOT_NOW = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)
"""What the file is not to blame for: another process is writing, the disk is full, nothing can be written here."""

COLUMNS = [field.name for field in fields(Entry)]
TYPES = {"str": str, "float": float, "int": int, "bytes": bytes}
TYPE_OF = [TYPES[str(getattr(field.type, "__name__", field.type))] for field in fields(Entry)]
MARKS = ", ".join("?" * (len(COLUMNS) + 1))


def remembered(root: Path) -> dict[str, Entry]:
    """Every row that is as it was written, by name of the folder; none where there is no index that can be read."""
    if not (root / FILE).exists():
        return {}
    try:
        with opened(root) as connection:
            rows = connection.execute(f"SELECT {', '.join(COLUMNS)}, sum FROM runs").fetchall()
    except (sqlite3.Error, OSError):
        return {}
    return {row[0]: Entry(*row[:-1]) for row in rows if is_row(row)}


def note(root: Path, found: Iterable[Entry], gone: Iterable[str]) -> None:
    """Remember what was ``found`` and forget what is ``gone``; a damaged file gives way to a new one. Where nothing can be written, nothing is."""
    if settings.read_only():
        return
    rows = [(*values, sum_of(values)) for values in map(astuple, found) if can_be_noted(values)]
    names = [(name,) for name in gone if can_be_noted((name,))]
    if not rows and not names:
        return
    for last in (False, True):
        try:
            with opened(root, writing=True) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(f"INSERT OR REPLACE INTO runs VALUES ({MARKS})", rows)
                connection.executemany("DELETE FROM runs WHERE name = ?", names)
            return
        except sqlite3.DatabaseError as error:
            if last or (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in NOT_NOW:
                return
            forget(root)  # it is damaged, or of another format
        except (sqlite3.Error, OSError):
            return


def forget(root: Path) -> None:
    for name in (FILE, f"{FILE}-journal"):
        with suppress(OSError):
            (root / name).unlink(missing_ok=True)


@contextmanager
def opened(root: Path, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """Raises sqlite3.Error, and OSError. Nothing is synchronised with the disk: what a failure of power spoils is found, and made anew."""
    address = f"{(root / FILE).absolute().as_uri()}?mode={'rwc' if writing else 'ro'}"
    with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        made = connection.execute("PRAGMA user_version").fetchone()[0]
        if made != FORMAT and not (writing and made == 0):
            raise sqlite3.DatabaseError("of another format")
        if writing:
            connection.execute("PRAGMA synchronous = OFF")
            columns = ", ".join([f"{COLUMNS[0]} PRIMARY KEY", *COLUMNS[1:], "sum"])
            connection.execute(f"CREATE TABLE IF NOT EXISTS runs ({columns})")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        yield connection


def is_row(row: tuple) -> bool:
    """Whether a row is one that was written, bit for bit."""
    return all(type(value) is kind for value, kind in zip(row, TYPE_OF, strict=False)) and row[-1] == sum_of(row[:-1])


def can_be_noted(values: tuple) -> bool:
    """Names of folders may be no Unicode; such a folder is looked at each time."""
    try:
        "".join(map(str, values)).encode()
    except UnicodeEncodeError:
        return False
    return True


def sum_of(values: tuple) -> int:
    return zlib.crc32(repr(values).encode())
