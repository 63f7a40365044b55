"""What the readers of formats share: the first words of a file, a file of JSON, files that a document names."""

import json
import posixpath
from pathlib import Path
from typing import Any

from metadash.data.importing.readers.places import Folder, Place
from metadash.data.importing.readers.tables import Table, tables_in, tables_of
from metadash.errors import BadInput
from metadash.workspace import reason

HEAD = 2**16


def head_of(path: Path) -> str:
    """The first letters of a file; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD).decode("utf-8-sig", errors="ignore")
    except OSError:
        return ""


def read_json(content: bytes, name: str) -> Any:
    """Raises BadInput, naming the file, for what is no JSON."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"'{name}' is no JSON, or damaged ({str(error)[:80]}); mend it.") from error


def content_of(place: Place, name: str) -> bytes:
    """Raises BadInput for a file that cannot be read."""
    try:
        return place.read(name)
    except (OSError, ValueError) as error:
        raise BadInput(f"'{name}' in '{place.title}' cannot be read: {reason(error)}.") from error


def tables_at(place: Place, name: str) -> list[Table]:
    return tables_of(place.path / name) if isinstance(place, Folder) else tables_in(content_of(place, name), name)


def inside(base: str, said: str, what: str) -> str:
    """The name of a file that a document beside ``base`` names. Raises BadInput for an address, and for what leads out of the folder."""
    if "://" in said:
        raise BadInput(
            f"{what} is at {said[:80]}, and only files that are here are read; download it beside the rest, and name it so."
        )
    name = posixpath.normpath(posixpath.join(base, said.replace("\\", "/")))
    if name.startswith(("../", "/")) or name == ".." or ":" in name.split("/")[0]:
        raise BadInput(f"{what} is said to be at '{said[:80]}', outside of the folder; put it beside the rest.")
    return name


def there(place: Place, base: str, said: str, what: str) -> str:
    """As ``inside``, of a file that has to be there."""
    name = inside(base, said, what)
    if name not in place.known:
        raise BadInput(f"{what} is said to be '{said[:80]}', and there is none in '{place.title}'; put it there.")
    return name


def folder_of(name: str) -> str:
    return posixpath.dirname(name)


def thing(said: Any) -> dict[str, Any]:
    """What a document says where it should say an object; an empty one where it says something else."""
    return said if isinstance(said, dict) else {}


def one_text(said: Any) -> str:
    """What a document says as a text, or as a list of texts, or as things with a name."""
    if isinstance(said, list):
        return ", ".join(filter(None, map(one_text, said)))
    if isinstance(said, dict):
        return next((str(said[key]) for key in ("name", "title", "@id", "path", "url") if said.get(key)), "")
    return "" if said is None else str(said)
