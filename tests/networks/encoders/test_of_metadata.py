"""Texts and names among the metadata, read by an encoder: which columns are, what comes of them, and that every learner and *what if* agree."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metadash.answers.stored_arms import knowledge
from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.metadata.changes import Edit
from metadash.metadata.encoder import encode, encode_rows, fitted_columns
from metadash.networks.encoders import registry
from metadash.networks.encoders.of_metadata import reader
from metadash.networks.encoders.registry import ENCODERS
from metadash.runs.kinds import facts_of, run_digest
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.subsets import LoopSpec
from metadash.training.changed_metadata import Retelling
from metadash.training.restored import restored
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_classes, tiny_description, tiny_run, write_tiny

ANIMALS = ["great tit", "blue tit", "house_wren", "sea eagle", "grey_wolf", "red fox", "brown bear", "black bear"]
TABLE = pd.DataFrame(
    {"name": ANIMALS, "one": [one.split()[-1].split("_")[-1] for one in ANIMALS], "group": ["bird"] * 4 + ["beast"] * 4}
)
SOURCE = Source("s", "class", ("name",))
TRAIN = np.array([0, 2, 3, 4, 5, 6])
needs_minilm = pytest.mark.skipif(not ENCODERS["minilm"].is_there, reason="MiniLM-L6 is not installed")


def test_texts_and_names_are_read_so_and_what_groups_rows_is_not() -> None:
    prose = {name: kind_of(TABLE[name]).is_prose(TABLE[name]) for name in TABLE}
    assert prose == {"name": True, "one": False, "group": False}, "two bears and two tits make *one* a category"
    names = pd.Series(["wren", "fox", "bear", "wolf", None])
    assert kind_of(names).name == "categorical" and kind_of(names).is_prose(names)
    for other in (["a1", "b2", "c3"], ["1-2", "3-4", "5-6"], ["one; two", "two; three", "three; one"]):
        assert not kind_of(pd.Series(other)).is_prose(pd.Series(other)), other


@needs_minilm
def test_a_name_that_no_training_class_has_lies_near_those_that_mean_alike() -> None:
    (found,) = encode(TABLE, (SOURCE,), TRAIN, reader("minilm"))
    assert found.vectors.shape == (8, len(TRAIN) - 1) and found.features[0] == "name: direction 1"
    np.testing.assert_allclose(found.vectors[TRAIN].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.vectors[TRAIN].std(axis=0), 1, atol=1e-4)
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    assert (unit[1] @ unit.T)[[0, 4, 5]].argmax() == 0, "a blue tit is like a great tit"
    assert (unit[7] @ unit.T)[[0, 2, 6]].argmax() == 2, "and a black bear like a brown one"


@pytest.mark.parametrize("name", ["tfidf", pytest.param("minilm", marks=needs_minilm)])
def test_what_is_fitted_is_fitted_on_training_rows_and_a_missing_text_stays_missing(name: str) -> None:
    changed = TABLE.assign(name=["great tit", "quite other words", *ANIMALS[2:7], None])
    one, other = (encode(table, (SOURCE,), TRAIN, reader(name))[0] for table in (TABLE, changed))
    np.testing.assert_allclose(one.vectors[TRAIN], other.vectors[TRAIN], atol=1e-5)
    assert not np.allclose(one.vectors[1], other.vectors[1])
    assert one.present.all() and not other.present[7] and not other.vectors[7].any()
    columns = fitted_columns(TABLE, SOURCE, TRAIN, reader(name))[1]
    again, present = encode_rows(TABLE.iloc[[7, 0]], SOURCE, columns)
    np.testing.assert_allclose(again, one.vectors[[7, 0]], atol=1e-5)
    assert present.all()


# --- as a choice of a run -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """*tiny*, whose descriptions say in words of their own, never the same twice, where a class's mark stands."""
    where = ["at the top on the left", "above and to the right", "below, leftwards", "down in the right", "in the very middle"]
    classes = tiny_classes().assign(description=[f"{where[c % 5]} it is, number {c}" for c in range(40)])
    workspace = Workspace(tmp_path_factory.mktemp("texts"))
    return write_tiny(workspace, "tiny", classes=classes, description=tiny_description())


def test_it_is_in_the_digest_the_title_and_what_a_learner_is_said_to_know(data: Dataset) -> None:
    usual = run_for(data, ["words"])
    other = run_for(data, ["words"], text_encoder="tfidf")
    assert usual == run_for(data, ["words"], text_encoder="words") and run_digest(usual, data) != run_digest(other, data)
    assert "texts by TF-IDF" in facts_of(other).title(other) and "texts" not in facts_of(usual).title(usual)
    assert knowledge(other) == "words (texts by TF-IDF)" and knowledge(usual) == "words"
    assert replace(other, sources=(), fusion="none").text_encoder == "words", "without metadata all are one run"
    with pytest.raises(BadInput, match="alone"):
        LoopSpec((usual, other))


@pytest.mark.parametrize(
    ("sources", "name", "words"),
    [
        ([], "tfidf", "text_encoder would be ignored without metadata"),
        (["place"], "tfidf", "neither texts nor names are among the columns of place"),
        (["words"], "tdifd", "text_encoder"),
    ],
)
def test_what_would_be_ignored_is_refused(data: Dataset, sources: list[str], name: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        run_for(data, sources, text_encoder=name)
    assert words in one_sentence(refused.value)


def test_one_that_is_not_installed_is_refused_with_the_command(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing", list)
    with pytest.raises(BadInput, match="make run WITH="):
        run_for(data, ["words"], text_encoder="minilm")


@needs_minilm
def test_a_learner_and_a_what_if_read_the_same_texts(data: Dataset) -> None:
    """The head trains with others in a loop, and *what if* encodes one edited class by what was fitted for it."""
    asked = tiny_run(("words",), steps=20, text_encoder="minilm")
    trained = train(asked, data.workspace)
    retelling = Retelling(restored(asked, data, trained, RunStore(data.workspace)), data)
    assert retelling.as_it_is.classes[0].features[0] == "description: direction 1"
    test = int(retelling.test[0])
    other = int(retelling.test[1])
    told = retelling.changed(edits=[Edit(test, "description", data.classes["description"][other])])
    np.testing.assert_allclose(told.classes[0].vectors[test], retelling.as_it_is.classes[0].vectors[other], atol=1e-4)
