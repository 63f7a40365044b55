"""What comes back from Python: the same runs as the verbs', told as a sentence, a picture, a table and a file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metadash as md
from metadash.front import computing
from metadash.front.progress_bar import bar
from metadash.metadata.changes import Change
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence

SMALL = {"width": 4, "backbone_episodes": 10, "steps": 20, "n_episodes": 60, "shots": (1, 2)}
LINE = "--width 4 --backbone-episodes 10 --steps 20 --n-episodes 60 --shots 1,2"


@pytest.fixture(scope="module")
def data(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> md.Dataset:
    return md.open("tiny", copy_workspace(tiny_workspace, tmp_path_factory.mktemp("front") / "workspace"))


@pytest.fixture(scope="module")
def answered(data: md.Dataset) -> md.AnswerResult:
    return md.answer(data, sources=["place"], seeds=1, folds=0, progress=False, **SMALL)


@pytest.fixture(scope="module")
def informed(data: md.Dataset) -> md.TrainedRun:
    return md.train(data, sources="place", strategy="siblings", progress=False, **SMALL)


def said(capsys: pytest.CaptureFixture, data: md.Dataset, *arguments: str) -> dict:
    assert cli.main([*arguments, *LINE.split(), "--dataset", "tiny", "--workspace", str(data.workspace.root), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_answer_is_that_of_the_verb_run_for_run(answered, data, capsys, monkeypatch) -> None:
    monkeypatch.setattr("metadash.runs.train.compute", lambda *_: pytest.fail("computed again"))
    found = said(capsys, data, "answer", "--sources", "place", "--seeds", "1", "--folds", "0")
    assert found["digests"] == answered.values()["digests"] and found["digest"] == answered.digest
    assert found["sentence"] in answered.sentence


def test_an_answer_is_a_sentence_a_curve_and_a_table(answered, tmp_path: Path) -> None:
    assert str(answered) == repr(answered) == answered.sentence and answered.sentence.startswith("With one labelled example")
    shown = answered._repr_html_()
    assert shown.index(answered.sentence.split(". ")[0][:40]) < shown.index("<svg") < shown.index("<table")
    assert "<script" not in shown and "http://" not in shown.replace("http://www.w3.org/2000/svg", "")
    frame = answered.frame()
    gain = answered.found.gain[0].episodes
    row = frame[(frame["what"] == "metadata − plain") & (frame["shot"] == 1)].iloc[0]
    assert (row["estimate"], row["low"], row["high"]) == (gain.estimate, gain.low, gain.high) and row["verdict"]
    assert len(frame) == 2 * 6
    assert [trace.name for trace in answered.figure().data if trace.name] == [
        "with metadata",
        "without metadata",
        "rows shuffled",
    ]
    file = answered.to_html(tmp_path / "a.html")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and answered.digest and "Plotly.newPlot" in text and "<table" in text
    assert "python -m metadash answer --dataset tiny" in text and [path.name for path in tmp_path.iterdir()] == ["a.html"]


def test_a_file_that_cannot_be_written_is_a_sentence(answered, tmp_path: Path) -> None:
    with pytest.raises(md.BadInput, match=r"no folder .* make it first\.$"):
        answered.to_html(tmp_path / "nowhere" / "a.html")


def test_a_run_is_that_of_the_verb_and_is_found_by_its_digest(informed, data, capsys) -> None:
    found = said(capsys, data, "train", "--sources", "place", "--strategy", "siblings")
    assert found["digest"] == informed.digest == md.load(informed.digest, data.workspace).digest
    assert found["accuracy"] == json.loads(json.dumps(informed.accuracy()))
    frame = informed.frame()
    assert list(frame["n_way"].unique()) == [5, 3, 2] and (frame["low"] <= frame["estimate"]).all()
    assert informed.sentence in informed._repr_html_() and f"{frame['estimate'][0]:.1f} %" in informed.sentence
    assert "<svg" in informed._repr_html_() and informed.digest in repr(informed) and "5 ways" in str(informed)
    assert len(informed.figure().data)


def test_runs_are_compared_whole_or_by_digest(informed, data, capsys) -> None:
    plain = [md.train(data, strategy="siblings", seed=seed, progress=False, **SMALL) for seed in (0,)]
    found = md.compare([informed, plain])
    assert cli.main(["compare", informed.digest, plain[0].digest, "--workspace", str(data.workspace.root), "--json"]) == 0
    verb = json.loads(capsys.readouterr().out)
    assert found.values()["differences"] == verb["differences"]
    assert found.frame()["estimate"].tolist() == [row["episodes"]["estimate"] for row in verb["differences"]]
    assert (found.found.rope, md.compare([informed, plain], rope=30).found.rope) == (None, 30), "none given is the metric's own"
    assert "<svg" in found._repr_html_() and "2 learners" in repr(found) and len(found.figure().data) == 4
    with pytest.raises(md.BadInput, match="two or more"):
        md.compare([informed])


@pytest.fixture(scope="module")
def changed(informed: md.TrainedRun) -> md.WhatIfResult:
    return md.what_if(informed, "place:missing:0.5", progress=False)


def spoken(capsys: pytest.CaptureFixture, data: md.Dataset, verb: str, *arguments: str) -> dict:
    assert cli.main([verb, *arguments, "--dataset", "tiny", "--workspace", str(data.workspace.root), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_what_if_is_that_of_the_verb(changed, informed, data, capsys) -> None:
    found = spoken(capsys, data, "whatif", "--run", informed.digest, "--change", "place:missing:0.5")
    assert found == json.loads(json.dumps(changed.values())) and found["digest"] == changed.digest
    written = md.what_if(informed.digest, [Change("place", "missing", 0.5)], workspace=data.workspace, progress=False)
    assert written.digest == changed.digest, "a change as it is and as it is written are one question"
    frame = changed.frame()
    assert (frame["after"] - frame["before"]).tolist() == pytest.approx(frame["estimate"].tolist())
    assert set(frame["verdict"]) <= {"helps", "hurts", "equivalent", "undetermined"}
    assert changed.sentence in changed._repr_html_() and len(changed.figure().data)
    with pytest.raises(md.BadInput, match="Say what changes"):
        md.what_if(informed, progress=False)


def test_doses_are_those_of_the_verb(informed, data, capsys, tmp_path: Path) -> None:
    found = md.doses(informed, "place", n_shot=2, progress=False)
    assert spoken(capsys, data, "whatif", "--run", informed.digest, "--dose", "place", "--n-shot", "2") == found.values()
    frame = found.frame()
    assert frame.groupby("kind")["fraction"].max().eq(1).all() and len(found.told) == len(found.curves) == 4
    assert found.told[0] in found.to_html(tmp_path / "d.html").read_text(encoding="utf-8")


def test_an_audit_is_that_of_the_verb(data, capsys, tmp_path: Path) -> None:
    found = md.audit(data, quasi="corner,is_round", sensitive="count")
    verb = spoken(capsys, data, "audit", "--quasi", "corner,is_round", "--sensitive", "count")
    assert verb == json.loads(json.dumps(found.values())) and not found.blocked
    assert found.frame()["code"].tolist() == [finding.code for finding in found.found.findings]
    text = found.to_html(tmp_path / "audit.html").read_text(encoding="utf-8")
    assert (
        found.found.headline in text and "(k = 1)" in text and 'class="dataframe told"' in text and "<h2>Known for</h2>" in text
    )


def test_episodes_are_those_of_the_verb_and_are_kept(data, capsys) -> None:
    drawn = md.draw_episodes(data, n_way=3, count=2)
    assert spoken(capsys, data, "episodes", "--n-way", "3", "--count", "2")["hash"] == drawn.hash
    assert (data.workspace.episodes / f"{drawn.hash}.npz").is_file()


@pytest.mark.parametrize("name", ["answered", "informed", "compared", "changed"])
def test_every_result_is_one_file_that_opens_offline(name: str, request, tmp_path: Path) -> None:
    result = request.getfixturevalue(name)
    text = result.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("<h1>") == 1 and text.index('class="lead"') < text.index("Plotly.newPlot") < text.index("<table")
    assert "<h2>To repeat it</h2>" in text and 'src="http' not in text
    frame = next(iter(result.parts().numbers.values()))
    assert text.count("<tr") >= len(frame) and [path.name for path in tmp_path.iterdir()] == ["r.html"]


@pytest.fixture(scope="module")
def compared(informed: md.TrainedRun, data: md.Dataset) -> md.ComparisonResult:
    return md.compare([informed, md.train(data, strategy="siblings", seed=0, progress=False, **SMALL)])


def test_an_ablation_has_cards_a_chart_and_a_report(data, tmp_path: Path) -> None:
    found = md.ablate(data, "place,size", tier="reliance", seeds=1, doses=False, progress=False, **SMALL)
    assert found._repr_html_().count("<tr") == 3 and found.sentence in repr(found)
    assert set(found.frame()["source"]) >= {"place", "size"}
    assert len(found.figure().data) and "Not marked as a claim" in found.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    with pytest.raises(md.BadInput, match="no measure 'worth'"):
        found.figure("worth")
    with pytest.raises(md.BadInput, match="confirm"):
        found.to_html(tmp_path / "r.html", claim=True)


def test_own_tables_are_asked_like_any_data_set(data, tmp_path: Path) -> None:
    names = [f"bird {c}" for c in range(30)]
    classes = pd.DataFrame(
        {"class_name": names, "family": [f"f{c // 5}" for c in range(30)], "corner": ["a", "b", "c", "d", "e"] * 6}
    )
    instances = pd.DataFrame({"class_name": pd.Series(names).repeat(10)}).sample(frac=1, random_state=0)
    inputs = data.inputs[: len(instances)]
    tables = (classes, instances, inputs, {"corner": "corner"})
    own = md.from_tables(*tables, siblings="family", workspace=tmp_path / "w")
    again = md.from_tables(*tables, siblings="family", workspace=tmp_path / "w")
    assert own.fingerprint == again.fingerprint and own.name == again.name
    assert [own.classes["class_name"][c] for c in own.class_of] == instances["class_name"].tolist()
    roles = own.split(own.split_names[0])
    families = {role: set(own.classes["family"].iloc[members]) for role, members in roles.items()}
    assert not families["train"] & families["test"] and len(roles["test"]) >= 5
    other = md.from_tables(
        classes, instances, inputs, {"corner": "corner"}, split=["train", "validation", "test"] * 10, workspace=tmp_path / "w"
    )
    assert other.name != own.name and len(other.split(other.split_names[0])["validation"]) == 10


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sources": {"where": "contry"}}, "did you mean 'country'"),
        ({"classes": pd.DataFrame({"name": ["a"]})}, "needs a column class_name"),
        ({"classes": pd.DataFrame({"class_name": ["a", "a"], "country": [1, 2]})}, "two rows of class_name 'a'"),
        ({"instances": pd.DataFrame({"class_name": ["z"] * 8})}, "Row 0 of instances is of class_name 'z'"),
        ({"inputs": [[[0.5]]] * 8}, "must be uint8 images"),
        ({"inputs": [[0.5]] * 7}, "7 inputs for 8 rows"),
        ({"split": ["train"] * 4}, "No class has the role validation"),
        ({"split": "fold"}, "no column 'fold' to split by"),
        ({"siblings": "familly"}, "no column 'familly'"),
        ({"name": "../x"}, "cannot be the name of a data set"),
        ({"name": 5}, "name is 5; it must be a text"),
        ({"seed": -1}, "seed is -1; it must be from 0"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"split": 5}, "no column '5' to split by"),
        ({"sources": {"where": []}}, "The source 'where' has no column"),
        ({"sources": {"where": 7}}, "names the column '7'"),
        ({"sources": "country"}, "must be columns by name"),
        ({"sources": 5}, "must be columns by name"),
        ({"inputs": [[1j]] * 8}, "are complex128"),
        ({"inputs": [[0.5], [0.5, 1.0]] * 4}, "rows of different lengths"),
        ({"inputs": None}, "must be uint8 images"),
        ({"inputs": [[1e300]] * 8}, "hold inf in row 0"),
        (
            {"classes": pd.DataFrame({"class_name": list("abcd"), "country": [1j] * 4})},
            "The column 'country' of the table classes holds complex128 values, which cannot be stored",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_a_sentence(changes, sentence: str, tmp_path: Path) -> None:
    tables = {
        "classes": pd.DataFrame({"class_name": list("abcd"), "country": [1, 2, 3, 4]}),
        "instances": pd.DataFrame({"class_name": list("aabbccdd")}),
        "inputs": [[float(i)] for i in range(8)],
        "sources": {"where": "country"},
    }
    with pytest.raises(md.BadInput) as refusal:
        md.from_tables(**{**tables, **changes}, workspace=tmp_path / "w")
    assert sentence in one_sentence(refusal.value)
    assert not list((tmp_path / "w" / "datasets").iterdir()), "nothing half-written"


def test_a_name_that_is_no_data_set_is_refused() -> None:
    with pytest.raises(md.BadInput, match="'glyphs' is no data set; open one"):
        md.answer("glyphs")


def test_the_bar_can_be_switched_off_and_is_drawn_in_a_notebook(capsys, monkeypatch) -> None:
    with bar(1, progress=False) as shown:
        shown.part("quiet")(0, {"phase": "x", "fraction": 0.5})
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("metadash.front.progress_bar.in_notebook", lambda: True)
    with bar(1) as shown:
        shown.part("loud")(0, {"phase": "x", "fraction": 0.5})
    assert "loud" in "".join(capsys.readouterr())
    seen = []
    monkeypatch.setattr(computing, "bar", lambda runs, progress: seen.append(progress) or bar(runs, False))
    monkeypatch.setattr(computing, "train_all", lambda *_: None)
    computing.compute_all([], None, "nothing", False, workers=1)
    assert seen == [False]


def test_columns_that_are_counted_and_tables_of_which_nothing_is_known_are_tables_too(tmp_path: Path) -> None:
    names = [f"c{c}" for c in range(12)]
    instances = pd.DataFrame({"class_name": np.repeat(names, 6)})
    inputs = np.arange(72.0)[:, None] // 6
    workspace = tmp_path / "w"
    counted = md.from_tables(
        pd.DataFrame({"class_name": names, 0: ["a", "b"] * 6, 1: list("xyz") * 4}),
        instances,
        inputs,
        {"first": 0, "both": [0, 1]},
        siblings=1,  # type: ignore[arg-type]
        workspace=workspace,
    )
    assert [source.columns for source in counted.sources] == [("0",), ("0", "1")]
    assert counted.description.sibling_column == "1"
    bare = md.from_tables(pd.DataFrame({"class_name": names}), instances, inputs, workspace=workspace)
    assert bare.sources == ()
    with pytest.raises(md.BadInput, match="nothing is known about its classes, so train a learner") as refusal:
        md.answer(bare)
    one_sentence(refusal.value)
    assert [question.sources for question in counted.description.questions] == [("first", "both"), ("first",), ("both",)]
