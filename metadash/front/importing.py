"""``metadash.preview`` and ``metadash.from_files``: a data set of one's own, from a folder of pictures, a table, or both."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from metadash.data.dataset import Dataset
from metadash.data.importing.landing import land
from metadash.data.importing.plan import Plan, plan_from
from metadash.data.importing.preview import Preview
from metadash.data.importing.preview import preview as look
from metadash.errors import BadInput
from metadash.front.choices import spelled_out
from metadash.front.data import workspace_at
from metadash.front.obtain import heard
from metadash.workspace import Workspace, reason


class OfImport(TypedDict, total=False):
    """What a preview and an import are told alike; None, or what is left out, is guessed (:func:`from_files` says what each is)."""

    name: str | None
    classes: str | Path | None
    class_column: str | None
    input_column: str | Sequence[str] | None
    encoder: str | None
    split_column: str | None
    role: Mapping[str, str] | Sequence[str] | None
    recipe: Plan | str | Path | None
    table: str | None
    side: int | None
    seed: int | None
    title: str | None
    class_noun: str | None
    licence: str | None
    provenance: str | None


@spelled_out
def preview(
    path: str | Path,
    *,
    progress: bool = True,
    **choices: Unpack[OfImport],
) -> Preview:
    """What an import of ``path`` would make, with every guess in one table; nothing is written.

    ``print`` shows it; ``.columns`` is the table (a frame), ``.plan`` the recipe, ``.values()`` all of it for JSON. The arguments (``path``, ``name``,
    ``classes``, ``class_column``, ``input_column``, ``encoder``, ``split_column``, ``role``, ``recipe``, ``table``, ``side``, ``seed``, ``title``, ``class_noun``,
    ``licence``, ``provenance``, ``progress``) are those of :func:`metadash.from_files`. Raises BadInput where nothing can be read; ``.problem`` says what else stands in the way.

    Examples
    --------
    >>> import pandas as pd, metadash as md
    >>> rows = [{"text": f"song {i} of bird {c}", "species": f"bird {c}", "beak": "long" if c % 2 else "short"} for c in range(9) for i in range(6)]
    >>> pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    >>> md.preview(folder / "songs.csv", progress=False).columns[["name", "role", "level"]].values.tolist()
    [['text', 'input', ''], ['species', 'class', ''], ['beak', 'metadata', 'class']]
    """
    with heard("looking at the files", progress) as told:
        return look(path, plan_at(choices.get("recipe")), told, **choices_of(choices))


@spelled_out
def from_files(
    path: str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    progress: bool = True,
    **choices: Unpack[OfImport],
) -> Dataset:
    """A data set of one's own, from files: guessed as :func:`metadash.preview` shows it, corrected by what is said here.

    Parameters
    ----------
    path : a folder of pictures (``class/file.png``, ``split/class/file.png``), a zip file of one, a table (CSV, Parquet, JSON, Excel, DuckDB), or
        a folder with both.
    name : what it is called in the workspace (default: as the file); where other content has the name, a version is made beside it.
    classes : the file with a row for each class, where it is not beside the rest.
    class_column, input_column, split_column : the columns that say the class, the input (several columns of numbers are one vector) and the
        part of the split of each row.
    encoder : what inputs are looked through at first, such as ``tfidf``.
    role : roles of further columns, as a mapping or as texts ``COLUMN=ROLE``: class, input, id, split, metadata, class-metadata, instance-metadata (with
        ``:SOURCE`` behind), sensitive, siblings, disjoint, parent (what is above each class in a taxonomy), kept (stored, and no metadata), ignored.
    recipe : a plan, or the JSON file of one (``preview(...).plan``, or ``recipe`` in ``dataset.json``), instead of guesses.
    table : the sheet, or the table of a database, that holds the instances.
    side : pixels of a side to which pictures are scaled (default: their own up to 256).
    seed : deals the classes to meta-train, validation and test, where no column says it.
    title, class_noun, licence, provenance : for people: its title, the word for a class, whose it is, where it comes from.
    workspace : as in :func:`metadash.open`.
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence, and nothing is left behind.

    Examples
    --------
    >>> import pandas as pd, metadash as md
    >>> rows = [{"text": f"song {i} of bird {c}", "species": f"bird {c}", "beak": "long" if c % 2 else "short"} for c in range(9) for i in range(6)]
    >>> pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    >>> songs = md.from_files(folder / "songs.csv", workspace=data.workspace, progress=False)
    >>> songs.name, len(songs.classes), songs.description.questions[0].title
    ('songs', 9, 'Does the metadata “beak” help tell any 2 species apart?')
    """
    given = plan_at(choices.get("recipe"))
    with heard("importing", progress) as told:
        seen = look(path, given, lambda phase, share: told(phase, 0.3 * share), **choices_of(choices))
        if seen.problem:
            raise BadInput(seen.problem)
        return land(workspace_at(workspace), path, seen.plan, lambda phase, share: told(phase, 0.3 + 0.7 * share), seen.found)


def choices_of(said: OfImport) -> dict[str, Any]:
    """As the preview takes them."""
    return {
        **{name: value for name, value in said.items() if name not in ("role", "recipe")},
        "roles": roles_of(said.get("role")),
    }


def roles_of(said: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    """Raises BadInput for a text without ``=``."""
    if isinstance(said, Mapping):
        return {str(column): str(role) for column, role in said.items()}
    found = {}
    for text in [said] if isinstance(said, str) else said or ():
        column, equals, role = text.rpartition("=")
        if not equals or not column:
            raise BadInput(f"'{text}' says no role of a column; write COLUMN=ROLE, such as camera=disjoint.")
        found[column.strip()] = role.strip()
    return found


def plan_at(recipe: Plan | str | Path | None) -> Plan | None:
    if recipe is None or isinstance(recipe, Plan):
        return recipe
    path = Path(recipe).expanduser()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"The recipe '{path.name}' cannot be read: {reason(error)}.") from error
    except ValueError as error:
        raise BadInput(f"The recipe '{path.name}' is no JSON ({error}).") from error
    if isinstance(said, dict):  # what --preview --json printed, and a dataset.json, hold it
        said = said.get("recipe") or said.get("extra", {}).get("recipe") or said
    return plan_from(said)
