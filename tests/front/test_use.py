"""A trained learner at work: what is given is checked and kept, labels are those of the learner, and what is said of them holds."""

import numpy as np
import pytest

import metadash as md
from metadash.data.dataset import Dataset
from metadash.front.use import FIXED, give, given_named, labelled, use_spec, with_corrections
from metadash.runs.store import RunStore
from metadash.runs.train import train
from tests.builders import one_sentence, tiny_evaluation, tiny_run

FEW = tiny_evaluation(shots=(1, 2), n_episodes=12, n_query=2)


@pytest.fixture
def learner(tiny: Dataset) -> md.TrainedRun:
    return md.TrainedRun(train(tiny_run(("place", "traits"), steps=3, evaluation=FEW), tiny.workspace), tiny.workspace)


def new_classes(tiny: Dataset, learner: md.TrainedRun, ways: int = 4, shots: int = 3):
    """Examples by name, other inputs of the same classes, their names, and what is known of the classes."""
    test = tiny.split(learner.spec.split)["test"][:ways]
    names = [str(tiny.classes["class_name"][c]) for c in test]
    rows = [np.flatnonzero(tiny.class_of == c) for c in test]
    shown = {name: tiny.inputs[row[:shots]] for name, row in zip(names, rows, strict=True)}
    told = tiny.classes.set_index("class_name").loc[names, ["corner", "traits"]]
    return shown, np.concatenate([tiny.inputs[row[10:14]] for row in rows]), np.repeat(names, 4), told


def test_labels_are_those_of_predict_and_only_their_probabilities_are_tempered(tiny: Dataset, learner: md.TrainedRun) -> None:
    shown, queries, _, told = new_classes(tiny, learner)
    found, plain = learner.label(shown, queries, told, progress=False), learner.predict(shown, queries, told)
    frame = found.frame()
    assert tuple(frame.columns[:5]) == FIXED and frame["label"].tolist() == plain["label"].tolist()
    tempered = plain[found.classes].to_numpy() ** (1 / found.temperature)
    expected = tempered / tempered.sum(axis=1, keepdims=True)
    assert np.allclose(found.probabilities().to_numpy(), expected, atol=1e-4) and found.temperature != 1
    assert np.allclose(frame["second_probability"], np.sort(expected, axis=1)[:, -2], atol=1e-4)
    assert not found.untold
    part = learner.label(shown, queries, told[["corner"]], progress=False)
    assert part.untold == "Nothing was told of traits, so that is taken to be missing." and part.untold in part.notes
    untold = learner.predict(shown, queries)
    assert frame["without_metadata"].tolist() == untold["label"].tolist()


def test_a_correction_is_an_example_from_then_on_and_the_queries_keep_their_places(tiny: Dataset, learner: md.TrainedRun) -> None:
    shown, queries, truth, told = new_classes(tiny, learner)
    first = learner.label(shown, queries, told, progress=False).given
    again = with_corrections(first, {3: truth[3], 5: "a new thing"})
    assert again.said.inputs == first.said.inputs and again.names == first.names
    assert again.shots == {**first.shots, truth[3]: 4, "a new thing": 1}
    assert np.array_equal(again.support[-2:], queries[[3, 5]])
    found = labelled(train(use_spec(learner.run, again), tiny.workspace), RunStore(tiny.workspace)).frame()
    assert found["corrected"].to_numpy().nonzero()[0].tolist() == [3, 5] and found["label"][5] == "a new thing"
    back = with_corrections(again, {5: truth[5]})
    assert "a new thing" not in back.classes and back.shots[truth[5]] == 4 + (truth[3] == truth[5])


def test_what_was_given_is_read_back_as_it_was(tiny: Dataset, learner: md.TrainedRun) -> None:
    shown, queries, _, told = new_classes(tiny, learner)
    given = learner.label(shown, queries, told, names=[f"q{i}" for i in range(len(queries))], progress=False).given
    back = given_named(tiny.workspace, given.digest)
    assert back.said == given.said and np.array_equal(back.queries, queries) and back.metadata is not None
    assert back.metadata["corner"].tolist() == told["corner"].tolist()
    back.forget()
    with pytest.raises(md.BadInput, match="gone or damaged"):
        given_named(tiny.workspace, given.digest)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"labels": ["a", "b"]}, "12 inputs and 2 labels"),
        ({"labels": ["a"] * 12}, "Only one class"),
        ({"labels": ["a"] * 11 + [None]}, "Label 11 is None"),
        ({"queries": []}, "nothing to label"),
        ({"queries": "photo.png"}, "must be a list"),
        ({"queries": [np.zeros((28, 28))]}, "queries are float64"),
        ({"queries": [np.zeros(7, np.uint8)]}, r"shape \(7,\)"),
        ({"names": ["x"]}, "16 queries and 1 names"),
        ({"metadata": {"nobody": {}}}, "speak of 'nobody'"),
        ({"metadata": {"thing 0": {"coner": "x"}}}, "did you mean 'corner'"),
        ({"zero_shot": ["thing 0"]}, "said to have no example"),
        ({"zero_shot": ["dodo"]}, "neither an example nor metadata"),
    ],
)
def test_what_does_not_fit_is_one_sentence(change: dict, sentence: str, tiny: Dataset, learner: md.TrainedRun) -> None:
    shown, queries, _, told = new_classes(tiny, learner)
    labels = np.repeat(list(shown), 3).tolist()
    asked = {"support": np.concatenate(list(shown.values())), "labels": labels, "queries": queries, "metadata": told}
    with pytest.raises(md.BadInput, match=sentence) as problem:
        use_spec(learner.run, give(tiny, **{**asked, **change}))
    one_sentence(problem.value)
