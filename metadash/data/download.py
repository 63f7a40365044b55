"""Downloads one file: whole at its place, or a part that the next attempt goes on from, or a sentence that says why not."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from metadash.errors import BadInput
from metadash.workspace import reason

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""

ATTEMPTS = 3
BLOCK = 1 << 16
LARGEST = 1 << 28
"""Bytes; a server that sends more than this sends something else."""


@dataclass(frozen=True)
class RemoteFile:
    """A file by name; ``size`` and ``sha256`` where they are known."""

    name: str
    size: int | None = None
    sha256: str | None = None


class Missing(BadInput):
    """The server answers, but has no such file."""


class Broken(Exception):
    """The connection ended early; what has come is kept."""


def check_file(path: Path, file: RemoteFile) -> None:
    """Raises BadInput when the file is not the known one. Says nothing where nothing is known of it."""
    if file.size is not None and path.stat().st_size != file.size:
        raise BadInput(
            f"{file.name} has {path.stat().st_size} bytes where {file.size} are expected; it is partial, or another file."
        )
    if file.sha256 is not None:
        with path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != file.sha256:
            raise BadInput(f"{file.name} is damaged, or another file: its sha256 is {found[:12]}…, not {file.sha256[:12]}….")


def download(base: str, file: RemoteFile, folder: Path, progress: Callable[[float], None] = lambda fraction: None) -> Path:
    """``folder/name``, checked; downloads it unless it is there. Raises Missing, or BadInput for everything else that can happen.

    What has come before a connection breaks stays as ``name.part``, and the next attempt asks for the rest. What turns out to be wrong, and
    a part for which the disk is too small, is removed.
    """
    target, part = folder / file.name, folder / f"{file.name}.part"
    if target.is_file():
        try:
            check_file(target, file)
            return target
        except BadInput:
            target.unlink()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _receive(base.rstrip("/") + "/" + file.name, file, part, progress)
            break
        except Broken as problem:
            if attempt == ATTEMPTS:
                have = part.stat().st_size if part.exists() else 0
                raise BadInput(
                    f"The connection to {_host(base)} broke after {have} bytes of {file.name} ({problem}); ask again, and it goes on from there."
                ) from problem
    try:
        check_file(part, file)
    except BadInput:
        part.unlink()
        raise
    part.replace(target)
    return target


def _receive(address: str, file: RemoteFile, part: Path, progress: Callable[[float], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "metadash", "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with _ask(address, file, headers, part) as response:
        going_on = response.status == 206 and (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-")
        if response.status == 206 and not going_on:
            part.unlink(missing_ok=True)
            raise Broken("it sent another part than was asked for")
        have = have if going_on else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdecimal() else None
        if (total or 0) > LARGEST or (total and file.size and total != file.size):
            part.unlink(missing_ok=True)
            raise BadInput(f"{_host(address)} sends {total} bytes as {file.name}; this is another file.")
        with _writing(part, "ab" if going_on else "wb") as out:
            while True:
                try:
                    block = response.read(BLOCK)
                except (OSError, http.client.HTTPException) as problem:
                    raise Broken(reason(problem)) from problem
                if not block:
                    break
                _write(out, block, part)
                have += len(block)
                if have > LARGEST:
                    part.unlink()
                    raise BadInput(f"{_host(address)} sends more than {LARGEST >> 20} MB as {file.name}; this is another file.")
                progress(have / (total or file.size or LARGEST))
    if total is not None and have < total:
        raise Broken(f"{have} of {total} bytes came")


def _ask(address: str, file: RemoteFile, headers: dict[str, str], part: Path) -> Any:
    host = _host(address)
    try:
        return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as problem:
        problem.close()
        if problem.code == 416:  # the part is as long as the file, or longer: begin anew
            part.unlink(missing_ok=True)
            raise Broken("what had come before did not fit") from problem
        if problem.code in (404, 410):
            raise Missing(
                f"{host} has no {file.name} there (it answered {problem.code}); check the address given with --from."
            ) from problem
        raise BadInput(
            f"{host} refused {file.name} (it answered {problem.code}); try again later, or name another --from."
        ) from problem
    except urllib.error.URLError as problem:
        cause = problem.reason if isinstance(problem.reason, Exception) else problem
        raise BadInput(
            f"{host} cannot be reached ({reason(cause)}); check the network, or download the files by hand and name their folder with --from."
        ) from problem
    except (OSError, http.client.HTTPException) as problem:
        raise Broken(reason(problem)) from problem


def _writing(part: Path, mode: str) -> Any:
    try:
        return part.open(mode)
    except OSError as problem:
        raise BadInput(f"The download could not be written: {reason(problem)}. Free some space, then try again.") from problem


def _write(out: Any, block: bytes, part: Path) -> None:
    try:
        out.write(block)
        out.flush()
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise BadInput(f"The download could not be written: {reason(problem)}. Free some space, then try again.") from problem


def _host(address: str) -> str:
    return urlsplit(address).hostname or address
