"""What is known of single inputs at work: a learner that reads it is told what it is told in its tests, from frames and from files alike."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import metadash as md
from metadash.data.dataset import Dataset
from metadash.front.use import with_corrections
from metadash.front.using.given import each_known
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.training import Training
from metadash.training.evaluate import context_of
from metadash.training.restored import restored
from metadash.training.use.asking import told
from tests.builders import one_sentence, tiny_evaluation, tiny_run

FEW = tiny_evaluation(shots=(1, 2), n_episodes=12, n_query=2)
COLUMNS = ["site", "taken"]


@pytest.fixture
def learner(tiny: Dataset) -> md.TrainedRun:
    spec = tiny_run(("site",), fusion="film", steps=40, training=Training(keep="last"), evaluation=FEW)
    return md.TrainedRun(train(spec, tiny.workspace), tiny.workspace)


def rows_of(tiny: Dataset, learner: md.TrainedRun) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Three test classes, two examples of each [3, 2] and three queries [3, 3], as rows of the data set."""
    test = tiny.split(learner.spec.split)["test"][:3]
    rows = np.stack([np.flatnonzero(tiny.class_of == c)[:5] for c in test])
    return [str(tiny.classes["class_name"][c]) for c in test], rows[:, :2], rows[:, 2:]


def test_what_is_said_of_inputs_reaches_the_learner_as_in_its_tests(tiny: Dataset, learner: md.TrainedRun) -> None:
    names, support, query = rows_of(tiny, learner)
    arm = restored(learner.spec, tiny, learner.run, RunStore(tiny.workspace))
    own = tiny.instance_columns(COLUMNS)
    said = [each_known(own.iloc[rows.ravel()], rows.size, "rows") for rows in (support, query)]  # as it is stored
    found = told(arm, tiny, names, None, support.size, query.size, *said)
    classes = tiny.class_of[support[:, 0]][None]
    tested = context_of(arm.encoded, classes, arm.instances, support[None], query.reshape(1, -1))
    assert found and tested and found.support and found.query and tested.query
    flat = tested.flat()
    assert flat.support is not None
    for a, b in ((found.support, flat.support), (found.query, tested.query)):
        assert torch.equal(a.present, b.present) and a.present.any()
        assert all(torch.equal(one, other) for one, other in zip(a.vectors, b.vectors, strict=True))


def test_labels_follow_what_is_said_of_inputs_and_a_correction_takes_it_along(tiny: Dataset, learner: md.TrainedRun) -> None:
    names, support, query = rows_of(tiny, learner)
    own = tiny.instance_columns(COLUMNS)
    shown = {name: tiny.inputs[rows] for name, rows in zip(names, support, strict=True)}
    asked = tiny.inputs[query.ravel()]
    bare = learner.label(shown, asked, progress=False)
    found = learner.label(
        shown, asked, support_metadata=own.iloc[support.ravel()], query_metadata=own.iloc[query.ravel()], progress=False
    )
    assert (
        np.abs(found.logits[0] - bare.logits[0]).max() > 1e-4
        and bare.untold == "Nothing was told of site, so that is taken to be missing."
    )
    assert not found.untold and found.tellings == ["everything", "nothing"] and found.trust is not None
    assert np.allclose(found.logits[1], bare.logits[0], atol=1e-5) and found.trust.spec.told == ("site",)
    mixed = [5, 0, 3, 1, 4, 2]
    pair = (tiny.inputs[support.ravel()[mixed]], [names[place // 2] for place in mixed])
    of_mixed = {"support_metadata": own.iloc[support.ravel()[mixed]], "query_metadata": own.iloc[query.ravel()]}
    otherwise = learner.label(pair, asked, progress=False, **of_mixed).probabilities()[names]
    assert np.allclose(otherwise.to_numpy(), found.probabilities()[names].to_numpy(), atol=1e-5), "in whatever order they come"
    mended = with_corrections(found.given, {4: names[0]})
    assert mended.said.of_examples is not None and found.given.said.of_queries is not None
    assert mended.said.of_examples[-1] == found.given.said.of_queries[4] and len(mended.said.of_examples) == 7
    assert bare.given.said.of_examples is None and with_corrections(bare.given, {4: names[0]}).said.of_examples is None


def test_what_the_learner_does_not_read_of_inputs_is_one_sentence(tiny: Dataset, learner: md.TrainedRun) -> None:
    names, support, query = rows_of(tiny, learner)
    shown = {name: tiny.inputs[rows] for name, rows in zip(names, support, strict=True)}
    asked, plain = tiny.inputs[query.ravel()], md.TrainedRun(train(tiny_run(evaluation=FEW), tiny.workspace), tiny.workspace)
    for run, rows, why in (
        (learner, [{"sight": "here"}] * 9, "reads no column 'sight' of inputs to label"),
        (learner, [{"site": "here"}] * 8, "There are 9 queries and 8 rows"),
        (plain, [{"site": "here"}] * 9, "reads no metadata of single inputs"),
    ):
        with pytest.raises(md.BadInput, match=why) as problem:
            run.label(shown, asked, query_metadata=rows, progress=False)
        one_sentence(problem.value)


def test_files_say_it_in_a_table_beside_them_or_in_the_table_that_names_them(
    tiny: Dataset, learner: md.TrainedRun, tmp_path: Path
) -> None:
    names, support, query = rows_of(tiny, learner)
    own, told = tiny.instance_columns(COLUMNS), []
    for place, (folder, rows) in enumerate((("examples", support), ("inputs", query))):
        for number, row in enumerate(rows.ravel()):
            name = f"{number}.png"
            inside = tmp_path / folder / (names[number // rows.shape[1]] if not place else "")
            inside.mkdir(parents=True, exist_ok=True)
            Image.fromarray(tiny.inputs[row]).save(inside / f"{folder[0]}{name}")
            told.append({"file": f"{folder[0]}{name}", "class": names[number // rows.shape[1]], **own.iloc[row].to_dict()})
    table = pd.DataFrame(told)
    table.drop(columns="class").to_csv(tmp_path / "known.csv", index=False)
    found = md.label_files(learner, tmp_path / "examples", tmp_path / "inputs", metadata=tmp_path / "known.csv", progress=False)
    bare = md.label_files(learner, tmp_path / "examples", tmp_path / "inputs", progress=False)
    assert np.abs(found.logits[0] - bare.logits[0]).max() > 1e-4 and not found.untold
    paths = {path.name: path.relative_to(tmp_path) for path in tmp_path.rglob("*.png")}
    shown = table[table["file"].str.startswith("e")].assign(file=lambda frame: frame["file"].map(paths))
    shown.rename(columns={"class": "label"}).to_csv(tmp_path / "examples.csv", index=False)
    asked = table[table["file"].str.startswith("i")].assign(file=lambda frame: frame["file"].map(paths))
    asked.drop(columns="class").to_csv(tmp_path / "inputs.csv", index=False)
    again = md.label_files(learner, tmp_path / "examples.csv", tmp_path / "inputs.csv", progress=False)
    order = [name.removeprefix("inputs/") for name in again.given.names]
    at = [order.index(name) for name in found.given.names]
    assert np.allclose(again.probabilities()[found.classes].to_numpy()[at], found.probabilities().to_numpy(), atol=1e-5)
    table[["file"]].to_csv(tmp_path / "nothing.csv", index=False)
    with pytest.raises(md.BadInput, match="has none of the columns that the learner reads of single inputs: site, taken"):
        md.label_files(learner, tmp_path / "examples", tmp_path / "inputs", metadata=tmp_path / "nothing.csv", progress=False)
