"""Tuning tries the same few forms for every learner on validation classes, keeps the record, and tests the best of them alone."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import metadash as md
from metadash.answers.comparison import accuracy_table
from metadash.answers.stored_arms import arm_scores, names_of, stored_arms
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.registry import ENTRIES
from metadash.runs.kinds import run_digest
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.choosing.tuning import TuneSpec, as_chosen, candidates_of, grid_of, with_choice
from metadash.specs.run import RunSpec
from metadash.specs.subsets import LoopSpec
from metadash.specs.views import AdaptationSpec, own_steps
from metadash.training.restored import restored
from metadash.workspace import Workspace
from tests.builders import one_sentence, write_vectors

SMALL: dict[str, Any] = {"n_episodes": 30, "steps": 10, "shots": (1, 5), "n_way": 5, "n_query": 5, "backbone": "none"}


def asked(data: Dataset, learner: str, sources: tuple[str, ...] = (), **choices: Any) -> RunSpec:
    return run_for(data, sources, learner=learner, **{"tune": 4, **SMALL, **choices})


# --- what is tried -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_learner_has_candidates_each_another_run_the_usual_first_or_says_that_it_has_none(entry, vectors: Dataset) -> None:
    plain = asked(vectors, entry.name, ("place",) if entry.needs_metadata else (), tune=0)
    found = candidates_of(plain, 6)
    if not found:
        with pytest.raises(BadInput, match="Nothing of the learner") as refused:
            replace(plain, tune=6)
        assert entry.name == "chance" and one_sentence(str(refused.value))
        return
    assert found[0][1] == plain and 2 <= len(found) <= 6
    assert len({run_digest(run, vectors) for _, run in found}) == len(found)
    assert found == candidates_of(plain, 6) and found[:3] == candidates_of(plain, 3), "fewer are the first of more"


def test_what_is_given_is_kept(vectors: Dataset) -> None:
    free, kept = asked(vectors, "maml"), asked(vectors, "maml", options=(("inner_lr", 0.2),), normalise="l2")
    assert {"inner_lr", "inner_steps", "normalise"} <= grid_of(free).keys()
    assert not {"inner_lr", "normalise"} & grid_of(kept).keys()
    assert all(dict(run.options)["inner_lr"] == 0.2 and run.normalise == "l2" for _, run in candidates_of(kept, 8))


def test_seeds_and_tests_of_one_learner_share_one_tuning(vectors: Dataset) -> None:
    first = asked(vectors, "logistic")
    for other in ({"seed": 3}, {"n_episodes": 50}, {"ways": (2,)}):
        assert asked(vectors, "logistic", **other).needs[1] == first.needs[1]
    for other in ({"tune": 5}, {"options": (("logistic_c", 3.0),)}, {"n_query": 4}):
        assert asked(vectors, "logistic", **other).needs[1] != first.needs[1]


# --- what is chosen, and what is kept of it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learner", "sources"), [("logistic", ()), ("prototypical", ()), ("prototypical", ("place",)), ("maml", ())]
)
def test_the_best_on_validation_is_the_run_it_would_be_by_itself(learner: str, sources, vectors: Dataset) -> None:
    spec = asked(vectors, learner, sources)
    found = train(spec, vectors.workspace)
    table = found.frame("tuning")
    best = table["validation_accuracy"].to_numpy().argmax()
    assert len(table) == found.summary["tuned"]["tried"] == 4 and np.flatnonzero(table["chosen"]).tolist() == [best]
    alone = {}
    for row in table.itertuples():
        run = train(with_choice(spec, json.loads(row.choice)), vectors.workspace)
        assert run.summary["validation_accuracy"] == pytest.approx(row.validation_accuracy)
        alone[row.Index] = run
    assert found.scores().equals(alone[best].scores()) and found.summary["accuracy"] == alone[best].summary["accuracy"]
    assert as_chosen(spec, found.summary) == alone[best].spec and found.spec == spec


def test_what_test_classes_look_like_changes_no_choice(tmp_path, vectors: Dataset) -> None:
    inputs = np.array(vectors.inputs)
    tests = np.isin(vectors.class_of, vectors.split("family-0")["test"])
    inputs[tests] = np.random.default_rng(0).permutation(inputs[tests])
    other = write_vectors(Workspace(tmp_path), inputs=inputs)
    tables = [train(asked(data, "r2d2").needs[1], data.workspace).frame("tuning") for data in (vectors, other)]
    assert tables[0].equals(tables[1])


def test_a_tuned_learner_is_read_back_as_it_was_chosen(vectors: Dataset) -> None:
    spec = asked(vectors, "maml", tune=8)
    found = train(spec, vectors.workspace)
    arm = restored(spec, vectors, found, RunStore(vectors.workspace))
    again = arm.evaluate(RunStore(vectors.workspace).manifest(found))
    stored = found.scores().pivot(index="shot", columns="episode", values="correct").to_numpy()
    assert arm.spec == as_chosen(spec, found.summary) and np.array_equal(again, stored)
    steps = own_steps(arm.spec)
    looked = train(AdaptationSpec(spec, 0, 1, steps), vectors.workspace)
    assert 25 * looked.frame("steps")["query_accuracy"].iloc[-1] == pytest.approx(stored[0, 0])


# --- how it is asked for, and where it is refused --------------------------------------------------------------------------------------


def test_it_is_asked_for_from_python_said_in_the_result_and_a_column_of_compare(vectors: Dataset) -> None:
    tuned = md.train(vectors, learner="logistic", tune=3, progress=False, **SMALL)
    plain = md.train(vectors, learner="logistic", progress=False, **SMALL)
    assert "the best of 3 forms on validation classes" in str(tuned) and "best of" not in str(plain)
    store = RunStore(vectors.workspace)
    arms = [arm for arm in stored_arms(store.runs())[0] if set(arm.digests) & {tuned.digest, plain.digest}]
    names = names_of(arms)
    assert sorted(names.values()) == ["no metadata, not tuned", "no metadata, tuned over 3"]
    column = accuracy_table(names, {arm.id: arm_scores(arm.runs, store) for arm in arms}, arms, 1)["tuned"]
    assert column["no metadata, not tuned"] == "no"
    assert column["no metadata, tuned over 3"].startswith("best of 3 on validation: ")


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"learner": "prototypical", "tune": 1}, "one candidate is no choice"),
        ({"learner": "prototypical", "tune": 65}, "must be from 0 to 64"),
        ({"learner": "prototypical", "tune": 4, "mode": "full", "backbone": "mlp"}, "would train the whole network 4 times"),
        ({"learner": "chance", "tune": 4}, "Nothing of the learner 'chance'"),
        (
            {"learner": "logistic", "tune": 4, "normalise": "l2", "options": (("logistic_c", 2.0),)},
            "Nothing of the learner 'logistic'",
        ),
    ],
)
def test_what_cannot_be_tuned_is_refused_in_a_sentence(choices: dict, sentence: str, vectors: Dataset) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        run_for(vectors, **{**SMALL, **choices})
    assert one_sentence(str(refused.value))


def test_a_tuned_head_does_not_train_in_a_loop_with_others(vectors: Dataset) -> None:
    tuned = asked(vectors, "prototypical", ("place",))
    assert replace(tuned, tune=0).light and not tuned.light
    with pytest.raises(BadInput, match="trains by itself"):
        LoopSpec((tuned,))
    with pytest.raises(BadInput, match="trains by itself"):
        LoopSpec((asked(vectors, "prototypical"),))
    assert TuneSpec(tuned, 4).run == replace(tuned, tune=0, evaluation=TuneSpec(tuned, 4).run.evaluation)


def test_however_test_queries_are_dealt_the_tuning_is_one(vectors: Dataset) -> None:
    even, uneven = (run_for(vectors, learner="logistic", tune=4, query_dirichlet=alpha) for alpha in (None, 2.0))
    assert even != uneven and even.needs[-1] == uneven.needs[-1]


def test_of_fewer_forms_than_asked_for_all_are_tried_and_it_is_one_run(vectors: Dataset) -> None:
    few, many = (asked(vectors, "centroid", tune=count) for count in (16, 64))
    assert few == many and 2 <= few.tune == len(candidates_of(replace(few, tune=0), 64)) < 16
