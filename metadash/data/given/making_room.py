"""How long what a person gave is kept: so many bytes in all, and the latest first."""

import shutil
import time
from collections.abc import Collection

from metadash import settings
from metadash.data.given.given import folder_of, names_in, said_in
from metadash.workspace import Workspace

MOST_BYTES = 4 * 2**30
"""Of all that was given: some hundred thousand small pictures, or 20,000 photos of 256 × 256."""

DAYS = 30
"""What nobody gave anew for so long is removed; the results that were computed of it stay."""


def make_room(workspace: Workspace, keep: Collection[str] = (), most: int = MOST_BYTES, days: float = DAYS) -> list[str]:
    """Remove what is older than ``days``, then the oldest until all is within ``most`` bytes; never what is in ``keep``. Returns what went."""
    if settings.read_only():
        return []
    for name in keep:
        folder_of(workspace, name).touch()
    found = {name: folder_of(workspace, name) for name in names_in(workspace)}
    age, size = {}, {}
    for name, folder in found.items():
        try:
            age[name] = time.time() - folder.stat().st_mtime
            size[name] = sum(file.stat().st_size for file in folder.iterdir())
        except OSError:  # somebody else removed it
            continue
    gone: list[str] = []
    for name in sorted(age, key=lambda one: -age[one]):
        if name in keep or not (age[name] > days * 86_400 or sum(size[one] for one in age if one not in gone) > most):
            continue
        gone.append(name)
        gone += [one for one in found if (said := said_in(workspace, one)) and said.inputs == name and one not in keep]
    for name in gone:
        shutil.rmtree(found[name], ignore_errors=True)
    return gone
