"""``metadash.fetch`` and ``metadash.install``: data sets that do not come with the package, downloaded or from files that are here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from metadash.data.dataset import Dataset
from metadash.data.library import OBTAINABLE, obtain
from metadash.errors import BadInput
from metadash.front.data import workspace_at
from metadash.front.progress_bar import bar
from metadash.workspace import Workspace


def fetch(
    name: str,
    base: str | None = None,
    *,
    as_name: str | None = None,
    no_rotations: bool = False,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
) -> Dataset:
    """Download a data set and install it; one of that name that is here already is opened.

    ``name``: ``omniglot``. ``base``: another address, or a folder, to get it from (default: its authors'). ``as_name``: what to call it in
    this workspace. ``no_rotations``: do not make classes of the turned characters. ``workspace`` as in :func:`metadash.open`,
    ``progress``: show a progress bar. Raises BadInput for what cannot be fetched, is damaged, or not there; a broken download goes on
    where it stopped when asked again.

    Examples
    --------
    >>> import metadash as md
    >>> md.fetch("mini-imagenet", workspace=data.workspace)
    Traceback (most recent call last):
        ...
    metadash.errors.BadInput: 'mini-imagenet' cannot be fetched or imported; what can be is omniglot, clinc150...
    """
    module = obtain(name, fetched=True)
    with heard(f"fetching {name}", progress) as told:
        return module.fetch(workspace_at(workspace), base or module.HOME, as_name or name, not no_rotations, told)


def install(
    name: str,
    source: str | Path,
    *,
    as_name: str | None = None,
    no_rotations: bool = False,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
) -> Dataset:
    """Install a known data set from files that are here, in the folder ``source``: ``omniglot``, ``clinc150``, ``fewrel``, ``crossner``,
    ``snips-slots``, ``movielens``, or ``ratings`` of one's own.

    What each needs is said by ``python -m metadash datasets``: its authors' files, or their content as Parquet. ``as_name`` and
    ``no_rotations`` (of omniglot), ``workspace`` and ``progress`` as in :func:`metadash.fetch`. Raises BadInput, and leaves nothing behind,
    where the files are damaged, partial or others, or there is no such ``name``.

    Examples
    --------
    >>> import metadash as md
    >>> md.install("omniglot", "no-such-folder", workspace=data.workspace, progress=False)
    Traceback (most recent call last):
        ...
    metadash.errors.BadInput: There is no folder 'no-such-folder'...
    """
    module = obtain(name)
    if no_rotations and not OBTAINABLE[name].turned:
        raise BadInput(f"no_rotations would be ignored: '{name}' has no turned characters.")
    turned = (not no_rotations,) if OBTAINABLE[name].turned else ()
    with heard(f"importing {name}", progress) as told:
        return module.install(workspace_at(workspace), Path(source), as_name or name, *turned, told)


@contextmanager
def heard(title: str, progress: bool) -> Iterator[Callable[[str, float], bool]]:
    """What hears of phases, for a bar that hears of steps."""
    with bar(1, progress) as shown:
        report = shown.part(title)
        yield lambda phase, fraction: report(0, {"phase": phase, "fraction": fraction})
