"""A trained learner asked about new classes answers as it did on the same rows in its test, for every learner."""

import numpy as np
import pandas as pd
import pytest
import torch

import metadash as md
from metadash.data.dataset import Dataset
from metadash.learners.registry import ENTRIES
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.training.evaluate import task_batch
from metadash.training.restored import restored
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run, write_vectors

FEW = tiny_evaluation(shots=(1, 2), n_episodes=12, n_query=2)
MODES = [(entry.name, "quick") for entry in ENTRIES] + [("prototypical", "full"), ("maml", "full")]


def trained(tiny: Dataset, learner: str, mode: str = "quick", sources: tuple[str, ...] = ("place",), **more) -> md.TrainedRun:
    entry = next(entry for entry in ENTRIES if entry.name == learner)
    fusions = [fusion for fusion in ("pseudo-shots", "film") if fusion in entry.fusions]
    sources = sources if fusions else ()
    fusion = {"fusion": fusions[0]} if sources else {}
    spec = tiny_run(sources, learner=learner, mode=mode, steps=3, evaluation=FEW, **{**fusion, **more})
    return md.TrainedRun(train(spec, tiny.workspace), tiny.workspace)


def asked(run: md.TrainedRun, tiny: Dataset, n_shot: int = 2, columns: tuple[str, ...] = ("corner",)):
    """The run's first test task as a person would ask it, and the probabilities that the learner itself gives."""
    store = RunStore(tiny.workspace)
    task = store.manifest(run.run)[0:1].at_shot(n_shot)
    arm = restored(run.spec, tiny, run.run, store)
    with torch.no_grad():
        logits = arm.learner(task_batch(arm.inputs, task, arm.context(task) if run.spec.reads_at_test else None))[0]
    names = [str(name) for name in tiny.classes["class_name"].iloc[task.classes[0]]]
    shown = {name: tiny.inputs[rows] for name, rows in zip(names, task.support[0], strict=True)}
    told = tiny.classes.set_index("class_name").loc[names, list(columns)] if run.spec.reads_at_test else None
    return names, shown, tiny.inputs[task.query.ravel()], told, torch.softmax(logits.double(), dim=-1).numpy()


@pytest.mark.parametrize(("learner", "mode"), MODES)
def test_new_classes_are_told_as_in_the_test(learner: str, mode: str, tiny: Dataset) -> None:
    run = trained(tiny, learner, mode)
    names, shown, queries, told, expected = asked(run, tiny)
    found = run.predict(shown, queries, told)
    assert list(found.columns) == ["label", *names] and len(found) == len(queries)
    assert np.allclose(found[names], expected, atol=2e-4)
    assert np.allclose(found[names].sum(axis=1), 1)
    assert found["label"].tolist() == [names[place] for place in found[names].to_numpy().argmax(axis=1)]


def test_metadata_may_be_mappings_and_what_is_not_said_is_missing(tiny: Dataset) -> None:
    run = trained(tiny, "prototypical")
    names, shown, queries, told, _ = asked(run, tiny)
    mapped = run.predict(shown, queries, {name: {"corner": told["corner"][name]} for name in names})
    assert mapped.equals(run.predict(shown, queries, told.reset_index()))
    nothing = run.predict(shown, queries)
    assert nothing.equals(run.predict(shown, queries, {names[0]: {"corner": None}})) and not nothing.equals(mapped)
    rows = [(one, name) for name, inputs in shown.items() for one in inputs]
    order = np.random.default_rng(0).permutation(len(rows))
    pair = [rows[place][0] for place in order], [rows[place][1] for place in order]
    assert np.allclose(run.predict(pair, queries, told)[names], mapped[names])


EVERY_KIND = ("size", "flag", "place", "traits", "words", "age", "holes")


@pytest.mark.parametrize(
    "blur", [(), (("age", "found", "year"), ("words", "description", "first word"))], ids=["as it is", "blurred"]
)
def test_every_kind_of_column_is_told_as_in_the_test(blur, tiny: Dataset) -> None:
    """Numbers with holes, booleans, categories, labels, text and times; encoded and blurred as they were in training."""
    columns = tuple(column for name in EVERY_KIND for column in tiny.source(name).columns)
    run = trained(tiny, "prototypical", sources=EVERY_KIND, blur=blur)
    names, shown, queries, told, expected = asked(run, tiny, columns=columns)
    assert np.allclose(run.predict(shown, queries, told)[names], expected, atol=2e-4)
    rows = {
        name: {column: value for column, value in row.items() if not pd.isna(value)} for name, row in told.T.to_dict().items()
    }
    assert np.allclose(run.predict(shown, queries, rows)[names], expected, atol=2e-4), "in a mapping, what is missing is left out"
    with pytest.raises(md.BadInput, match="source 'size' cannot be read"):
        run.predict(shown, queries, {names[0]: {"count": "several"}})


def test_classes_may_have_different_numbers_of_examples(tiny: Dataset) -> None:
    run = trained(tiny, "prototypical", sources=())
    names, shown, queries, told, _ = asked(run, tiny)
    fewer = {name: inputs[: 1 + (name == names[0])] for name, inputs in shown.items()}
    found = run.predict(fewer, queries, told)
    one = run.predict({name: inputs[:1] for name, inputs in shown.items()}, queries, told)
    odds = lambda frame, name: np.log(frame[name] / frame[names[1]])  # noqa: E731
    assert np.allclose(odds(found, names[2]), odds(one, names[2]), atol=1e-4), "the others lie where one example puts them"
    assert not np.allclose(odds(found, names[0]), odds(one, names[0]), atol=1e-3), "and the first where two do"


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda run, shown, queries: run.predict(shown, queries[:, :9]), "need one or more rows of (28, 28)"),
        (lambda run, shown, queries: run.predict(shown, queries / 255), "are bytes"),
        (lambda run, shown, queries: run.predict(dict([*shown.items()][:1]), queries), "two or more"),
        (lambda run, shown, queries: run.predict(shown, queries, {"nobody": {}}), "'nobody', which the support does not show"),
        (
            lambda run, shown, queries: run.predict(shown, queries, pd.DataFrame({"coner": ["x"] * 5}, index=list(shown))),
            "did you mean 'corner'",
        ),
        (lambda run, shown, queries: run.predict((next(iter(shown.values())), ["a"]), queries), "2 inputs and 1 labels"),
        (
            lambda run, shown, queries: run.predict((next(iter(shown.values())), ["a", np.nan]), queries),
            "Label 1 of the support is nan",
        ),
        (lambda run, shown, queries: run.predict((next(iter(shown.values())), [["a"], ["b"]]), queries), "the name of a class"),
        (lambda run, shown, queries: run.predict({}, queries), "shows 0 classes"),
        (lambda run, shown, queries: run.predict({**shown, "x": 5}, queries), "examples of the class 'x' are 5"),
        (lambda run, shown, queries: run.predict(shown, None), "queries have the shape ()"),
        (lambda run, shown, queries: run.predict(shown, [[1], [1, 2]]), "rows of different lengths"),
        (
            lambda run, shown, queries: run.predict(shown, queries, {next(iter(shown)): "red"}),
            "a row a class, or values by column",
        ),
        (lambda run, shown, queries: run.predict(shown, queries, ["red"]), "a row a class, or values by column"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(ask, sentence: str, tiny: Dataset) -> None:
    run = trained(tiny, "prototypical")
    _, shown, queries, _, _ = asked(run, tiny)
    with pytest.raises(md.BadInput) as refusal:
        ask(run, shown, queries)
    assert sentence in one_sentence(refusal.value)


def test_a_learner_is_not_told_what_it_cannot_use_nor_shown_more_classes_than_it_has_rows(tiny: Dataset) -> None:
    _, shown, queries, told, _ = asked(trained(tiny, "prototypical"), tiny)
    with pytest.raises(md.BadInput, match="reads no metadata"):
        trained(tiny, "prototypical", sources=()).predict(shown, queries, told)
    with pytest.raises(md.BadInput, match="falsified"):
        trained(tiny, "prototypical", control="shuffled").predict(shown, queries, told)
    with pytest.raises(md.BadInput, match="one row for each of 5 classes"):
        trained(tiny, "maml").predict(dict([*shown.items()][:3]), queries)


@pytest.mark.parametrize(
    ("queries", "sentence"),
    [
        ([[np.nan] * 12], "The queries hold nan in row 0, place 0"),
        ([[0.0] * 12, [np.inf] * 12], "The queries hold inf in row 1, place 0"),
        ([["a"] * 12], "a learner reads numbers"),
        ([[1j] * 12], "a learner reads numbers"),
        ([[0.0] * 11], "need one or more rows of (12,)"),
    ],
)
def test_queries_that_are_no_numbers_are_named_by_their_row(queries, sentence: str, tmp_path) -> None:
    data = write_vectors(Workspace(tmp_path))
    run = md.train(data, backbone="none", n_way=5, shots=(1,), n_query=2, n_episodes=4, progress=False)
    with pytest.raises(md.BadInput) as refusal:
        run.predict({"a": data.inputs[:2], "b": data.inputs[-2:]}, queries)
    assert sentence in one_sentence(refusal.value)


def test_a_column_of_instances_is_refused_and_not_left_unread(tiny: Dataset) -> None:
    run = trained(tiny, "prototypical", sources=("place", "site"), fusion="pseudo-shots+film", modulating=("site",))
    _, shown, queries, _, _ = asked(run, tiny)
    with pytest.raises(md.BadInput, match="The column 'site' describes instances"):
        run.predict(shown, queries, {next(iter(shown)): {"site": "site 1"}})


@pytest.mark.parametrize("asked_for", [5, [5], ["no-such-run", 5]])
def test_what_is_no_learner_cannot_be_compared_or_loaded(asked_for, tiny: Dataset) -> None:
    with pytest.raises(md.BadInput) as refusal:
        md.compare(asked_for, workspace=tiny.workspace)
    one_sentence(refusal.value)
    with pytest.raises(md.BadInput, match="no finished learner run"):
        md.load(asked_for, tiny.workspace)


@pytest.mark.parametrize(
    "choices",
    [{"n_way": "5"}, {"where": 3}, {"split": 4}, {"sources": 5}, {"options": [("a", 1)]}, {"shots": "1,2"}, {"column": 5}],
    ids=str,
)
def test_a_choice_of_another_kind_is_refused_in_a_sentence(choices, tiny: Dataset) -> None:
    with pytest.raises(md.BadInput) as refusal:
        md.train(tiny, progress=False, **choices)
    one_sentence(refusal.value)
