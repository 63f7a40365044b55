"""``metadash.open``, ``from_tables``, ``datasets`` and ``export``: the data set that everything else starts from, and its way out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Source
from metadash.data.exporting.export import export as exported
from metadash.data.library import entries, open_dataset
from metadash.data.tables import dataset_from_tables
from metadash.workspace import Workspace


def workspace_at(workspace: Workspace | str | Path | None) -> Workspace:
    return workspace if isinstance(workspace, Workspace) else Workspace(workspace)


def open(name: str = "glyphs", workspace: Workspace | str | Path | None = None) -> Dataset:
    """A data set by its name; *glyphs* comes with the package and is put into the workspace when it is first opened.

    ``workspace``: the folder for data and runs (default: the setting METADASH_WORKSPACE, else ``./workspace``); pages and verbs that
    look at the same folder share everything in it. Raises BadInput where there is no such data set, or it is damaged.

    Examples
    --------
    >>> import metadash as md
    >>> tiny = md.open("tiny", data.workspace)
    >>> len(tiny.classes), tiny.inputs.shape
    (40, (1200, 28, 28))
    """
    return open_dataset(workspace_at(workspace), name)


def from_tables(
    classes: pd.DataFrame,
    instances: pd.DataFrame,
    inputs: np.ndarray | Sequence[str],
    sources: Mapping[str, str | Sequence[str]] | Sequence[Source] | None = None,
    *,
    name: str | None = None,
    title: str | None = None,
    siblings: str | None = None,
    disjoint: str | None = None,
    split: str | Sequence[str] | None = None,
    seed: int = 0,
    class_noun: str = "class",
    licence: str = "not stated",
    provenance: str = "made from tables in Python",
    workspace: Workspace | str | Path | None = None,
) -> Dataset:
    """A data set of one's own, from a table of classes, a table of instances and their inputs.

    Parameters
    ----------
    classes : one row a class: ``class_name``, and any columns of metadata.
    instances : one row an instance: ``class_name`` (or ``class_id``, as in ``classes``), and any columns of metadata.
    inputs : [I, H, W] or [I, H, W, 3] uint8 images, [I, D] vectors of numbers, or I texts, in the order of ``instances``.
    sources : metadata that are collected or withheld together: columns by name, such as ``{"origin": ["country", "year"]}``, of either
        table; or a list of :class:`metadash.Source`; None where nothing is known.
    name, title : what it is called in the workspace (default: by its content, so that equal tables are one data set) and for people.
    siblings : the column of ``classes`` that like classes share: tasks can be drawn within it, and the split that
        is dealt by default does not part its classes (the audit says where a given one does).
    disjoint : the column of ``instances`` in which support and query of a task may be made to differ, such as the photographer.
    split, seed : the role of each class (``train``, ``validation``, ``test``), as a column of ``classes`` or one by one; by default 45,
        15 and 40 % of the classes (of the groups of ``siblings``) are dealt with ``seed``.
    class_noun, licence, provenance : the word for a class in sentences; whose it is; where it comes from.
    workspace : as in :func:`metadash.open`.

    Raises
    ------
    BadInput
        One sentence: for tables that do not belong together, columns that there are not, inputs that are no numbers, a name that is
        taken by other content.

    Examples
    --------
    >>> import numpy as np, pandas as pd, metadash as md
    >>> classes = pd.DataFrame({"class_name": [f"bird {c}" for c in range(12)], "beak": ["long", "short"] * 6})
    >>> instances = pd.DataFrame({"class_name": np.repeat(classes["class_name"], 20)})
    >>> songs = np.random.default_rng(0).normal(size=(240, 8)) + np.repeat(np.arange(12), 20)[:, None]
    >>> birds = md.from_tables(classes, instances, songs, {"beak": "beak"}, class_noun="bird", workspace=data.workspace)
    >>> birds.source("beak").level, birds.inputs.shape
    ('class', (240, 8))
    """
    return dataset_from_tables(
        workspace_at(workspace),
        classes,
        instances,
        inputs,
        sources,
        name=name,
        title=title,
        siblings=siblings,
        disjoint=disjoint,
        split=split,
        seed=seed,
        class_noun=class_noun,
        licence=licence,
        provenance=provenance,
    )


def datasets(workspace: Workspace | str | Path | None = None) -> pd.DataFrame:
    """The data sets of a workspace, a row each: ``name``, whether it is ``installed`` already, the ``problem`` of one that cannot be
    opened; of the others ``title``, ``classes`` and ``instances``. ``workspace`` as in :func:`metadash.open`.

    Examples
    --------
    >>> import metadash as md
    >>> "glyphs" in md.datasets(data.workspace)["name"].tolist()
    True
    """
    rows = []
    for entry in entries(where := workspace_at(workspace)):
        here = described(open_dataset(where, entry.name)) if entry.installed and not entry.problem else {}
        numbers = {name: here.get(name) for name in ("title", "classes", "instances")}
        rows.append({"name": entry.name, "installed": entry.installed, "problem": entry.problem, **numbers})
    return pd.DataFrame(rows)


def export(data: Dataset, out: str | Path) -> Path:
    """Write ``data`` into a new folder ``out`` that other tools read: Parquet tables, inputs, Croissant metadata. Whole, or nothing.

    ``classes.parquet``, ``instances.parquet`` and ``splits.parquet``; ``inputs.npy`` ([I, ...], row i of instance i), or
    ``inputs.parquet`` of texts; ``dataset.json`` with sources, questions and the SHA-256 of each file; ``croissant.json`` (format 1.0).
    Imported again, it is the same data set under the same fingerprint. Returns the folder. Raises BadInput, in a sentence, where
    something is there already or nothing can be written.

    Examples
    --------
    >>> import metadash as md
    >>> folder = md.export(data, data.workspace.root / "tiny-out")
    >>> sorted(path.name for path in folder.iterdir())
    ['classes.parquet', 'croissant.json', 'dataset.json', 'inputs.npy', 'instances.parquet', 'splits.parquet']
    >>> md.export(data, folder)
    Traceback (most recent call last):
        ...
    metadash.errors.BadInput: The folder 'tiny-out' is not empty; export into a new one, or empty it first.
    """
    return exported(data, out)


def described(data: Dataset) -> dict[str, Any]:
    """What there is to say of a data set, as the verb ``datasets --json`` prints it."""
    about = data.description
    return {
        "name": data.name,
        "title": about.title,
        "classes": len(data.classes),
        "instances": len(data.class_of),
        "fingerprint": data.fingerprint,
        "licence": about.licence,
        "sources": {source.name: {"level": source.level, "columns": list(source.columns)} for source in data.sources},
        "splits": data.split_names,
        "questions": {question.id: question.title for question in about.questions},
        "notes": list(about.extra.get("notes", ())),
    }
