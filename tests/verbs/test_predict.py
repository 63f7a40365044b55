"""The verb ``predict``: files in, labels out, in the columns that scripts rely on; what cannot be read is one sentence."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import metadash as md
from metadash.data.dataset import Dataset
from metadash.runs.train import train
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run, write_sentences, write_vectors

COLUMNS = ["input", "label", "probability", "second", "none_of_these"]
FEW = tiny_evaluation(shots=(1, 2), n_episodes=12, n_query=2)


@pytest.fixture
def digest(tiny: Dataset) -> str:
    return train(tiny_run(("place",), steps=3, evaluation=FEW), tiny.workspace).digest


@pytest.fixture
def files(tiny: Dataset, tmp_path: Path) -> Path:
    """Examples of three classes, two larger than the data set's pictures and one in colour; inputs, and a table of metadata."""
    for number, c in enumerate(tiny.split("family-0")["test"][:3]):
        rows = np.flatnonzero(tiny.class_of == c)
        (tmp_path / "examples" / f"bird {number}").mkdir(parents=True)
        for i in range(2):
            picture = Image.fromarray(tiny.inputs[rows[i]])
            picture = picture.resize((56, 56)) if number == 0 else picture.convert("RGB") if number == 1 else picture
            picture.save(tmp_path / "examples" / f"bird {number}" / f"{i}.png")
        (tmp_path / "inputs").mkdir(exist_ok=True)
        for i in range(2, 5):
            Image.fromarray(tiny.inputs[rows[i]]).save(tmp_path / "inputs" / f"{number}-{i}.png")
    pd.DataFrame({"class_name": ["bird 0", "bird 1"], "corner": ["upper left", "middle"]}).to_csv(
        tmp_path / "told.csv", index=False
    )
    return tmp_path


def ask(workspace: Workspace, *words: str | Path) -> int:
    return cli.main(["predict", "--workspace", str(workspace.root), *map(str, words)])


def usual(files: Path) -> list[str | Path]:
    return ["--examples", files / "examples", "--inputs", files / "inputs"]


def test_a_folder_is_labelled_into_a_table_with_exactly_the_columns(tiny: Dataset, digest: str, files: Path, capsys) -> None:
    out = files / "labels.csv"
    assert not ask(tiny.workspace, "--run", digest, *usual(files), "--metadata", files / "told.csv", "--out", out, "--json")
    found, printed = pd.read_csv(out), json.loads(capsys.readouterr().out)
    assert list(found.columns) == COLUMNS and found["input"].tolist() == sorted(
        path.name for path in (files / "inputs").iterdir()
    )
    assert printed["labels"][0].keys() == {*COLUMNS} and [row["label"] for row in printed["labels"]] == found["label"].tolist()
    assert any("2 of 6 examples were scaled to 28 × 28" in note for note in printed["notes"])
    assert printed["trust"]["n"] and printed["trust"]["rejected"]["low"] is not None


def test_a_table_of_files_and_one_picture_give_what_the_folder_gives(tiny: Dataset, digest: str, files: Path) -> None:
    paths = sorted((files / "examples").rglob("*.png"))
    table = pd.DataFrame(
        {"file": [str(path.relative_to(files)) for path in paths], "label": [path.parent.name for path in paths]}
    )
    table.to_csv(files / "examples.csv", index=False)
    one = files / "inputs" / "1-3.png"
    assert not ask(
        tiny.workspace, "--run", digest, "--examples", files / "examples.csv", "--inputs", one, "--out", files / "a.csv"
    )
    assert not ask(tiny.workspace, "--run", digest, *usual(files), "--out", files / "b.csv")
    first, all_ = pd.read_csv(files / "a.csv"), pd.read_csv(files / "b.csv").set_index("input")
    assert first["label"].item() == all_["label"]["1-3.png"] and first["probability"].item() == pytest.approx(
        all_["probability"]["1-3.png"]
    )


def test_the_learner_that_left_and_the_best_of_a_data_set_label_too(tiny: Dataset, digest: str, files: Path, capsys) -> None:
    md.load(digest, tiny.workspace).save(files / "learner", progress=False)
    assert not ask(tiny.workspace, "--run", digest, *usual(files), "--out", files / "a.csv")
    assert not ask(tiny.workspace, "--run", files / "learner", *usual(files), "--out", files / "b.csv")
    a, b = pd.read_csv(files / "a.csv"), pd.read_csv(files / "b.csv")
    assert a["label"].tolist() == b["label"].tolist()
    assert not ask(tiny.workspace, "--run", "best", "--dataset", "tiny", *usual(files), "--next-steps")
    assert "What to do next" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--examples", "$/nowhere"], "There is no"),
        (["--examples", "$/inputs"], "holds no folder with pictures"),
        (["--examples", "$/told.csv"], "cannot be read: no such file"),
        (["--inputs", "$/empty"], "no pictures to label"),
        (["--inputs", "$/broken.png"], "'broken.png' is no picture; mend it"),
        (["--metadata", "$/others.csv"], "names a class of the examples"),
        (["--out", "$/labels.xlsx"], "must end in .csv or .parquet"),
        (["--zero-shot", "dodo"], "neither an example nor metadata"),
        (["--false-alarm", "2"], "false_alarm is 2.0"),
        (["--dataset", "tiny"], "--dataset would be ignored"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_exit_code_two(
    words: list[str], sentence: str, tiny: Dataset, digest: str, files: Path, capsys
) -> None:
    (files / "empty").mkdir()
    (files / "broken.png").write_text("no picture")
    pd.DataFrame({"name": ["x"], "corner": ["upper left"]}).to_csv(files / "others.csv", index=False)
    filled = [word.replace("$", str(files)) for word in words]
    line = [
        word
        for flag, value in zip(usual(files)[::2], usual(files)[1::2], strict=True)
        if flag not in filled
        for word in (flag, value)
    ]
    assert ask(tiny.workspace, "--run", digest, *line, *filled) == 2
    assert sentence in capsys.readouterr().err


def test_sentences_and_vectors_come_in_tables_and_lines(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    texts, vectors = write_sentences(workspace), write_vectors(workspace)
    few = {"n_episodes": 12, "shots": (1,), "n_query": 2, "progress": False}
    runs = [md.train(texts, backbone="tfidf", width=8, **few), md.train(vectors, backbone="none", **few)]
    rows = np.concatenate([np.flatnonzero(texts.class_of == c)[:3] for c in texts.split("family-0")["test"][:2]])
    labels = np.repeat(["a", "b"], 3)
    pd.DataFrame({"text": texts.inputs[rows], "label": labels}).to_csv(tmp_path / "texts.csv", index=False)
    (tmp_path / "lines.txt").write_text("\n".join([*texts.inputs[rows[[0, 4]]], ""]), encoding="utf-8")
    numbers = pd.DataFrame(vectors.inputs[rows]).add_prefix("x")
    numbers.assign(label=labels).to_csv(tmp_path / "vectors.csv", index=False)
    numbers.iloc[[0, 4]].to_csv(tmp_path / "asked.csv", index=False)
    for run, data, examples, inputs in (
        (runs[0], texts, "texts.csv", "lines.txt"),
        (runs[1], vectors, "vectors.csv", "asked.csv"),
    ):
        found = md.label_files(run, tmp_path / examples, tmp_path / inputs, progress=False).frame()
        expected = run.predict((list(data.inputs[rows]), labels.tolist()), data.inputs[rows[[0, 4]]])
        assert found["label"].tolist() == expected["label"].tolist() and found["input"].tolist() == ["1", "2"]
    with pytest.raises(md.BadInput, match="12 numbers"):
        md.label_files(runs[1], tmp_path / "vectors.csv", tmp_path / "texts.csv", progress=False)
