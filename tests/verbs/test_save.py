"""The verb ``save``: a learner leaves as a folder, which ``predict`` runs; names with commas reach it whole."""

import json
from pathlib import Path

import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.front.using.lists import as_list, names_in
from metadash.runs.train import train
from metadash.verbs import cli
from tests.builders import tiny_run
from tests.verbs.test_predict import FEW, ask, digest, files, usual

__all__ = ["digest", "files"]


def test_a_learner_saved_by_the_verb_labels_as_it_did_and_what_is_no_learner_is_one_sentence(
    tiny: Dataset, digest: str, files: Path, tmp_path: Path, capsys
) -> None:
    here, out = ["--workspace", str(tiny.workspace.root)], tmp_path / "learner"
    assert not cli.main(["save", *here, "--run", digest, "--out", str(out), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == digest and told["metrics"] and "can read it" in told["holds"]
    asked = [*usual(files), "--metadata", files / "told.csv"]
    for run, name in ((digest, "here.csv"), (out, "left.csv")):
        assert not ask(tiny.workspace, "--run", run, *asked, "--out", files / name)
    here_labels, left_labels = (pd.read_csv(files / name) for name in ("here.csv", "left.csv"))
    assert here_labels[["input", "label", "second"]].equals(left_labels[["input", "label", "second"]])
    capsys.readouterr()
    (tmp_path / "learner.zip").write_bytes(b"PK")
    for run, why in ((out, "copy that folder"), (tmp_path / "learner.zip", "unpack it"), ("none", "no finished learner run")):
        assert cli.main(["save", *here, "--run", str(run), "--out", str(tmp_path / "again")]) == cli.BAD_INPUT
        assert why in capsys.readouterr().err and not (tmp_path / "again").exists()


def test_a_learner_that_learns_nothing_leaves_too(tiny: Dataset, tmp_path: Path, capsys) -> None:
    run = train(tiny_run(learner="chance", evaluation=FEW), tiny.workspace)
    folder = tmp_path / "learner"
    assert not cli.main(["save", "--workspace", str(tiny.workspace.root), "--run", run.digest, "--out", str(folder)])
    assert "metadash predict --run" in capsys.readouterr().out and (folder / "weights.safetensors").is_file()


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("Smith, John", "a"), ('the "b"', "c, d"), ("two\nlines", "x")])
def test_names_with_commas_and_quotes_are_read_as_they_are_written(names: tuple[str, ...]) -> None:
    assert names_in(as_list(names)) == names
