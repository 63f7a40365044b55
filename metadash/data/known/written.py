"""What the known data sets of sentences have in common: a name that fits, tables in the order of their classes, splits over classes by seed."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Description, write_dataset
from metadash.data.splits import split_by_group, table_of
from metadash.errors import BadInput
from metadash.workspace import Workspace

Progress = Callable[[str, float], None]
"""``progress(what is being done, fraction of the whole)``."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
SEEDS = range(5)


def silent(phase: str, fraction: float) -> None:
    pass


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(
            f"'{name[:40]}' is no name for a data set; use letters, digits, '-', '_' and '.', beginning with a letter or digit."
        )


def seeded(classes: pd.DataFrame, groups: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Splits ``name-seed`` that hold whole groups out; ``groups``: the name of each kind of split and the column whose values stay together."""
    return {f"{name}-{seed}": split_by_group(classes[column], seed) for name, column in groups.items() for seed in SEEDS}


def write_sentences(
    workspace: Workspace,
    description: Description,
    classes: pd.DataFrame,
    rows: pd.DataFrame,
    key: str,
    splits: Mapping[str, np.ndarray],
    by_class: bool = True,
) -> Dataset:
    """``classes``: a row a class with ``class_name`` and ``key``; ``rows``: a row a sentence with ``text``, ``key`` and its metadata. Sentences
    are stored class by class, or as they come."""
    classes = classes.reset_index(drop=True)
    classes.insert(0, "class_id", np.arange(len(classes)))
    of_class = rows[key].map(pd.Series(classes["class_id"].to_numpy(), index=classes[key])).to_numpy()
    order = np.argsort(of_class, kind="stable") if by_class else np.arange(len(rows))
    rows, of_class = rows.iloc[order].reset_index(drop=True), of_class[order]
    instances = rows.drop(columns=["text", key])
    instances.insert(0, "instance_id", np.arange(len(instances)))
    instances.insert(1, "class_id", of_class.astype(np.int64))
    return write_dataset(workspace, description, classes, instances, rows["text"].tolist(), table_of(dict(splits)))
