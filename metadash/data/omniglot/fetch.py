"""Gets the authors' archives from where they publish them (or from a mirror, or a folder), and installs them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from metadash.data.dataset import Dataset
from metadash.data.download import Missing, RemoteFile, check_file, download
from metadash.data.omniglot.archives import IMAGES, check_readable
from metadash.data.omniglot.install import Progress, install, silent
from metadash.errors import BadInput
from metadash.workspace import Workspace, disk_is_full, reason

HOME = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
"""Where the authors keep Omniglot."""

PICTURES = tuple(RemoteFile(name) for name in IMAGES)
"""No checksum of these two could be verified, so they are known by their content: every name, count and size, and the pixels of each
alphabet (``known.check_whole``, ``tables/pixels.csv``)."""

STROKES = (
    RemoteFile("strokes_background_small1.zip", 3056274, "8cb3960fb6cf4ccf5f064ad83169f828c36c36782a0f6e7faacb7ecfae4468a2"),
    RemoteFile("strokes_background_small2.zip", 4100947, "345bf2141efbea062833dbb2828abbc23d9e07825e46f2afdd4daecddfed6e78"),
)
SHARE = 0.5
"""How much of the whole the download is, for the progress bar."""


def fetch(
    workspace: Workspace, base: str = HOME, name: str = "omniglot", rotations: bool = True, progress: Progress = silent
) -> Dataset:
    """Download what is not there yet, install it, and remove the archives. A data set of that name that is there already is kept.

    ``base`` is an http(s) address, or a folder that holds the archives. Raises BadInput; a broken download goes on where it stopped when
    asked again.
    """
    if (workspace.datasets / name).is_dir():
        return Dataset.open(workspace, name)
    if not is_address(base):
        check_known(Path(base))
        return install(workspace, Path(base), name, rotations, progress)
    folder = workspace.root / "downloads" / "omniglot"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(".omniglot.lock"), timeout=0)
        with lock:
            return fetch_into(folder, workspace, base, name, rotations, progress)
    except Timeout as problem:
        raise BadInput(
            "Somebody else is fetching Omniglot into this workspace right now; wait for it, then look at `datasets`."
        ) from problem
    except OSError as problem:
        raise BadInput(f"The download could not be written: {reason(problem)}. Free some space, then try again.") from problem


def fetch_into(folder: Path, workspace: Workspace, base: str, name: str, rotations: bool, progress: Progress) -> Dataset:
    files = (*PICTURES, *STROKES)
    for i, file in enumerate(files):
        start = SHARE * i / len(files)
        phase = f"downloading {file.name}"
        progress(phase, start)
        try:
            path = download(base, file, folder, scaled(progress, phase, start, SHARE / len(files)))
        except Missing:
            if file in STROKES:  # a mirror may have the pictures only; the data set then says that pen strokes are missing
                continue
            raise
        try:
            check_readable(path)
        except BadInput as problem:
            path.unlink()
            raise BadInput(
                f"What {urlsplit(base).hostname} sent as {file.name} is damaged, or no zip file; it was removed, try again."
            ) from problem
    try:
        data = install(workspace, folder, name, rotations, lambda phase, part: progress(phase, SHARE + (1 - SHARE) * part))
    except BadInput as problem:
        if not (isinstance(problem.__cause__, Exception) and disk_is_full(problem.__cause__)):
            shutil.rmtree(folder, ignore_errors=True)  # the archives themselves are at fault: the next attempt begins anew
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return data


def scaled(progress: Progress, phase: str, start: float, share: float) -> Callable[[float], None]:
    """Shows a part's own fraction as its share of the whole."""
    return lambda fraction: progress(phase, start + share * min(fraction, 1.0))


def is_address(base: str) -> bool:
    """Whether ``base`` is a web address; anything without a scheme is a folder. Raises BadInput for what is neither."""
    if "://" not in base:
        return False
    try:
        parts = urlsplit(base)
        well = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (parts.port or 1) > 0
            and base.isprintable()
            and " " not in base
        )
    except ValueError:
        well = False
    if not well:
        raise BadInput(f"'{base[:60]}' is no http or https address; --from takes one, or a folder.")
    return True


def check_known(folder: Path) -> None:
    """Archives whose checksum is known are those, wherever they come from."""
    for file in STROKES:
        if (folder / file.name).is_file():
            check_file(folder / file.name, file)
