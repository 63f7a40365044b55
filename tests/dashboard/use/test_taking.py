"""Everything that was given, taken home in one zip file, is read by ``predict`` as it was given, whatever classes are called."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from metadash.dashboard.use.taking import bundle, command
from metadash.data.dataset import Dataset
from metadash.front.use import give, labelled, use_spec
from metadash.front.using.reading import read_examples, read_inputs, read_metadata
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.workspace import Workspace
from tests.builders import WRITERS

NAMES = ["a/b", "../c", "= 1, “é”"]


@pytest.mark.parametrize("name", ["tiny", "sentences", "mentions", "vectors"])
def test_what_is_taken_home_is_read_as_it_was_given(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    data: Dataset = WRITERS[name](workspace)
    budget = {
        "n_episodes": 20,
        "shots": (1, 2),
        "steps": 10,
        **({} if data.modality.stored == "texts" else {"backbone_episodes": 5}),
    }
    run = train(run_for(data, ["place"], width=4, **budget), workspace)
    shown, asked = np.arange(6), np.arange(6, 9)
    told = {NAMES[0]: {"corner": "middle"}}
    given = give(data, data.inputs[shown], np.repeat(NAMES, 2).tolist(), data.inputs[asked], told)
    found = labelled(train(use_spec(run, given), workspace), RunStore(workspace))
    with zipfile.ZipFile(io.BytesIO(bundle(data, found))) as file:
        file.extractall(tmp_path / "home")
        assert "labels.csv" in file.namelist()
    examples, inputs = (
        read_examples(tmp_path / "home" / "examples.csv", data),
        read_inputs(tmp_path / "home" / "inputs.csv", data),
    )
    assert examples.labels == list(given.said.labels)
    for read, was in ((examples, given.support), (inputs, given.queries)):
        assert all(np.array_equal(one, other) or np.allclose(one, other) for one, other in zip(read.inputs, was, strict=True))
    metadata = read_metadata(tmp_path / "home" / "metadata.csv", NAMES)
    assert metadata["corner"].dropna().to_dict() == {NAMES[0]: "middle"}
    assert command("abc", found).splitlines()[1:3] == ["  --run abc \\", "  --examples examples.csv \\"]
