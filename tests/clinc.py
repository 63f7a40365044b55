"""CLINC150's utterances from ``../shared/data`` as a data set of its own, for tests that want real sentences and skip where it is absent."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.data.splits import split_by_group, table_of
from metadash.workspace import Workspace
from tests.builders import tiny_description, write_tiny

CLINC = Path(__file__).resolve().parents[2] / "shared" / "data" / "text" / "clinc150.parquet"

needs_clinc = pytest.mark.skipif(not CLINC.is_file(), reason="needs ../shared/data/text/clinc150.parquet beside the checkout")


def clinc(
    workspace: Workspace, each: int, modality: str, grouped_by: str, inputs_of: Callable[[Sequence[str]], Any] = list
) -> Dataset:
    """``each`` utterances of every intent, split over the groups of a class column (*class_name*: over intents)."""
    rows = pd.read_parquet(CLINC).query("in_scope").groupby("intent").head(each).sort_values("intent", kind="stable")
    classes = rows.drop_duplicates("intent")[["intent", "domain"]].reset_index(drop=True).rename(columns={"intent": "class_name"})
    classes.insert(0, "class_id", np.arange(len(classes)))
    instances = pd.DataFrame({"instance_id": np.arange(len(rows)), "class_id": np.repeat(np.arange(len(classes)), each)})
    about = tiny_description(
        "clinc",
        modality=modality,
        sibling_column="domain",
        disjoint_column=None,
        sources=(Source("domain", "class", ("domain",)),),
        questions=(),
        default_split="only",
    )
    splits = table_of({"only": split_by_group(classes[grouped_by], 0)})
    inputs = inputs_of(rows["text"].tolist())
    return write_tiny(workspace, classes=classes, instances=instances, inputs=inputs, splits=splits, description=about)
