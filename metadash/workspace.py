"""The folder that holds everything a team made: data sets, episodes, runs, jobs. Whole things appear in it, or nothing does."""

import errno
import hashlib
import json
import os
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from metadash import settings
from metadash.errors import BadInput
from metadash.visitors import visitor


class Workspace:
    """Names the folders of one workspace and makes sure that they can be written.

    ``root`` defaults to the environment variable METADASH_WORKSPACE, then to ``./workspace``. Raises BadInput when the folder
    cannot be made or written; where nothing may be changed (``settings.read_only``), when it is not there.
    """

    def __init__(self, root: str | Path | None = None):
        self.root = Path(root or settings.WORKSPACE.value).expanduser().resolve()
        self.datasets = self.root / "datasets"
        self.episodes = self.root / "episodes"
        self.runs = self.root / "runs"
        self.jobs = self.root / "jobs"
        OPENED.add(self.root)
        folders = (self.datasets, self.episodes, self.runs, self.jobs)
        if settings.read_only():
            if lacking := [folder.name for folder in folders if not folder.is_dir()]:
                raise BadInput(
                    f"The workspace '{self.root.name}' has no folder '{lacking[0]}', and nothing may be changed here; open it once "
                    f"without {settings.READ_ONLY.name}."
                )
            return
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise BadInput(
                f"The workspace '{self.root.name}' cannot be written ({reason(error)}); name another folder with "
                f"--workspace or {settings.WORKSPACE.name}."
            ) from error

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"


CLOSED = "This MetaDash only shows what is stored: nothing can be computed or changed here. Install it on your own machine to ask more."


VIEWER = (
    "You look here as a viewer, who can start and change nothing; ask an editor of this MetaDash to do it, or to make you one."
)


def why_closed() -> str:
    """Why who asks in this thread may start no job and change nothing, in a sentence; empty where they may. The one place that decides."""
    if settings.read_only():
        return CLOSED
    return VIEWER if visitor().viewer else ""


def refuse_change(path: Path | None = None) -> None:
    """Whoever starts a job, or writes, moves or deletes ``path``, asks here first. Raises BadInput where nothing may be changed; files
    outside the workspace, such as those made for a download, may be."""
    if (why := why_closed()) and (path is None or is_in_workspace(path)):
        raise BadInput(why)


OPENED: set[Path] = set()
"""The roots of the workspaces that this process has opened."""


def is_in_workspace(path: Path) -> bool:
    resolved = path.expanduser().resolve()
    return not OPENED.isdisjoint((resolved, *resolved.parents))


def reason(error: Exception) -> str:
    """What the operating system said, in words and without a path."""
    if disk_is_full(error):
        return "the disk is full"
    return (getattr(error, "strerror", None) or str(error)).lower()


def disk_is_full(error: Exception) -> bool:
    """Whether an error means that. Libraries written in other languages (DuckDB, safetensors) raise errors of their own with the
    system's words in them, and NumPy says "N requested and M written" without a number."""
    words = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), " requested and ")
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(part in str(error) for part in words)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill that takes its place at ``target`` whole when the block ends, or leaves nothing behind.

    Where somebody else has put ``target`` there meanwhile, theirs stays: everything named by a digest is the same anyway.
    A full disk, or any other refusal by the operating system, becomes BadInput.
    """
    refuse_change(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder, lock = hidden_folder(target)
    except OSError as error:
        raise BadInput(f"'{target.name}' could not be written: {reason(error)}. Free some space, then try again.") from error
    try:
        yield folder
        folder.chmod(0o755)
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
    except BadInput:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not disk_is_full(error):
            raise
        raise BadInput(f"'{target.name}' could not be written: {reason(error)}. Free some space, then try again.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""In names of folders on their way: a lock says nothing across machines that share a disk."""
LEFT_OVER = 86_400
"""Seconds after which nobody is still writing what another machine, or one without locks, began."""


def hidden_folder(target: Path) -> tuple[Path, int]:
    """An empty folder beside ``target`` that nobody sees, and the lock by which ``sweep`` knows that its program lives: a descriptor to
    close. Raises OSError."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.{HOST}.", suffix=".part", dir=target.parent))
        lock = os.open(folder, os.O_RDONLY)
        locked(lock)
        if folder.is_dir():  # else somebody swept it before it was locked
            return folder, lock
        os.close(lock)


def locked(descriptor: int) -> bool:
    """Whether nobody else holds the lock, which the system takes away with the program, however that ends; False where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def sweep(workspace: Workspace) -> None:
    """Removes what programs that were killed left on its way: at once where they ran on this machine, else after a day."""
    if settings.read_only():
        return
    for place in (workspace.root, workspace.datasets, workspace.runs, workspace.episodes):
        for left in place.glob(".*.part"):
            with suppress(OSError):
                if left.is_file():
                    if time.time() - left.stat().st_mtime > LEFT_OVER:
                        left.unlink()
                    continue
                lock = os.open(left, os.O_RDONLY)
                try:
                    nobody = f".{HOST}." in left.name and locked(lock)
                    if nobody or time.time() - left.stat().st_mtime > LEFT_OVER:
                        shutil.rmtree(left, ignore_errors=True)
                finally:
                    os.close(lock)


def set_aside(folder: Path) -> None:
    """What is damaged gives its place to what is made anew, and is kept under another name. Raises OSError where it cannot move,
    where nothing may be changed as well: then whoever reads it ignores it in place."""
    if settings.read_only() and is_in_workspace(folder):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    folder.rename(folder.with_name(f".{folder.name}.{time.time_ns()}.damaged"))


def remove_whole(folder: Path) -> None:
    """Removes a folder that nobody then sees half of, whenever the program ends. Raises OSError where it may not be."""
    gone = folder.with_name(f".{folder.name}.{HOST}.{time.time_ns()}.part")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def part_of(path: Path) -> Path:
    """Where this thread of this process writes a file before it takes its place: a name that nobody else uses meanwhile. Raises
    BadInput where nothing may be changed."""
    refuse_change(path)
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")


def write_text(path: Path, text: str, advice: str = "Free some space, then try again.") -> None:
    """Replace a file's content in one step, so that a reader sees the old text or the new one, never a half.

    Raises BadInput, with ``advice`` in its sentence, where nothing can be written.
    """
    part = part_of(path)
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"'{path.name}' could not be written: {reason(error)}. {advice}") from error


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1))


def read_json(path: Path) -> Any | None:
    """The file's content, or None when it is not there, or not JSON (half-written by a program that was killed)."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # so many brackets are no record of ours
        return None
