"""What an encoder needs that MetaDash does not bring: whether it is there, how to get it, and the files in it that are believed.

Nothing here imports such a package (that of the images imports torch): a page asks often, in a process that must not.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from metadash.checksums import is_whole
from metadash.errors import BadInput


def missing(packages: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [name for name in packages if not is_there(name)]


def is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def folder_of(package: str) -> Path:
    """Where an installed package lies. Raises ImportError where it is not."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(package)
    return Path(spec.submodule_search_locations[0])


def believed(path: Path, sha256: str, what: str) -> Path:
    """A file of weights that is the one whose numbers are published here. Raises BadInput for any other: features would be called by a
    name that is not theirs."""
    try:
        if is_whole(path, sha256):
            return path
    except OSError:
        pass
    raise BadInput(
        f"{path.name} is not the file of {what} that MetaDash knows; install its package again, in the version pinned."
    )
