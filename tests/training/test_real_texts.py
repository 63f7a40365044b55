"""Real sentences: intents that no training text has are told apart by counted words, far above chance."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Source
from metadash.data.splits import split_by_group, table_of
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.builders import tiny_description, write_tiny

CLINC = Path(__file__).resolve().parents[3] / "shared" / "data" / "text" / "clinc150.parquet"
EACH = 30


@pytest.mark.skipif(not CLINC.is_file(), reason="needs ../shared/data/text/clinc150.parquet beside the checkout")
def test_intents_of_unseen_domains_are_told_apart_by_their_counted_words(tmp_path: Path) -> None:
    rows = pd.read_parquet(CLINC).query("in_scope").groupby("intent").head(EACH).sort_values("intent", kind="stable")
    classes = rows.drop_duplicates("intent")[["intent", "domain"]].reset_index(drop=True)
    classes = classes.rename(columns={"intent": "class_name"})
    classes.insert(0, "class_id", np.arange(len(classes)))
    instances = pd.DataFrame({"instance_id": np.arange(len(rows)), "class_id": np.repeat(np.arange(len(classes)), EACH)})
    about = tiny_description(
        "clinc",
        modality="text",
        sibling_column="domain",
        disjoint_column=None,
        sources=(Source("domain", "class", ("domain",)),),
        questions=(),
        default_split="domains",
    )
    splits = table_of({"domains": split_by_group(classes["domain"], 0)})
    data = write_tiny(
        Workspace(tmp_path), classes=classes, instances=instances, inputs=rows["text"].tolist(), splits=splits, description=about
    )
    scores = train(run_for(data, strategy="uniform", shots=(1, 5), ways=(), n_episodes=200), Workspace(tmp_path)).scores()
    found = scores.groupby("shot")[["correct", "queries"]].sum()
    accuracy = 100 * found["correct"] / found["queries"]
    assert accuracy[1] > 45 and accuracy[5] > 65  # chance is 20
