"""The adaptation view: what it shows of a step is what the learner does at that step, and its last step is what was scored."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.options import read_options
from metadash.learners.registry import LEARNERS
from metadash.runs.estimate import from_scratch
from metadash.runs.kinds import as_plain, from_plain, run_digest
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec, adapts, own_steps
from metadash.training.adaptation import SPREAD
from metadash.training.restored import restored
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run

EPISODE, SHOT = 3, 2
QUICK = {
    "maml": "inner_lr=0.5",
    "fomaml": "inner_lr=1, eval_steps=3",
    "anil": "inner_lr=1",
    "meta-sgd": "alpha=0.5:1",
    "reptile": "inner_lr=0.1, eval_steps=6",
    "protomaml": "inner_lr=0.1",
    "meta-lstm": "inner_steps=4",
    "baseline": "finetune_epochs=20",
    "baseline-plus": "finetune_epochs=20",
}
FULL = {"maml": "per_step_norm=true, learned_rates=true, inner_steps=2", "meta-lstm": "inner_steps=2"}
CASES = [(name, text, "quick") for name, text in QUICK.items()] + [(name, text, "full") for name, text in FULL.items()]


def small_run(name: str, text: str, mode: str = "quick", **changes: Any) -> RunSpec:
    quick = mode == "quick"
    tests = tiny_evaluation(shots=(1, SHOT), n_query=3, n_episodes=10 if quick else 5)
    values = {
        "learner": name,
        "options": read_options(text),
        "mode": mode,
        "steps": 10 if quick else 2,
        "learning_rate": LEARNERS[name].learning_rate,
        "evaluation": tests,
    }
    return tiny_run(**{**values, **changes})


@pytest.fixture(scope="module")
def store(tiny_workspace: Workspace) -> RunStore:
    return RunStore(tiny_workspace)


@pytest.fixture
def watched(tiny_workspace: Workspace):
    def of(run: RunSpec, **changes: Any) -> Run:
        return train(AdaptationSpec(run, **{"episode": EPISODE, "n_shot": SHOT, **changes}), tiny_workspace)

    return of


def learner_of(run: RunSpec, tiny: Dataset, store: RunStore) -> Arm:
    found = store.find(run, tiny)
    assert found is not None
    return restored(run, tiny, found, store)


@pytest.mark.parametrize(("name", "text", "mode"), CASES, ids=lambda value: value if value in LEARNERS else "")
def test_the_last_step_answers_as_the_run_was_scored(
    name: str, text: str, mode: str, watched: Any, tiny: Dataset, store: RunStore
) -> None:
    spec = small_run(name, text, mode)
    run = watched(spec)
    steps, queries = run.frame("steps"), run.frame("queries")
    assert steps["step"].tolist() == list(range(own_steps(spec) + 1))
    correct = store.find(spec, tiny).scores().set_index(["shot", "episode"])["correct"][SHOT, EPISODE]
    last = queries[queries["step"] == own_steps(spec)]
    assert (last["predicted"] == last["class_id"]).sum() == correct == round(steps["query_accuracy"].iloc[-1] * 15)
    assert np.isfinite(steps.iloc[1:]).all(axis=None) and len(queries) == 15 * len(steps)
    task = store.manifest(store.find(spec, tiny))[EPISODE : EPISODE + 1].at_shot(SHOT)
    assert last["row"].tolist() == task.query.ravel().tolist()
    assert run.frame("support")["row"].tolist() == task.support.ravel().tolist()


@pytest.mark.parametrize("name", ["maml", "protomaml", "meta-lstm", "reptile"])
def test_step_0_is_the_learner_that_takes_no_steps(name: str, watched: Any, tiny: Dataset, store: RunStore) -> None:
    spec = small_run(name, QUICK[name])
    queries = watched(spec).frame("queries")
    arm = learner_of(spec, tiny, store)
    arm.learner.eval_steps = 0
    task = store.manifest(store.find(spec, tiny))[EPISODE : EPISODE + 1].at_shot(SHOT)
    first = queries[queries["step"] == 0]
    assert first["predicted"].tolist() == task.classes[0][arm.predict(task, None)].tolist()


def test_more_steps_than_trained_go_on_from_where_fewer_ended(watched: Any) -> None:
    spec = small_run("maml", QUICK["maml"])
    own, more = watched(spec).frame("steps"), watched(spec, steps=12).frame("steps")
    pd.testing.assert_frame_equal(own, more.head(len(own)), rtol=1e-4)
    assert len(more) == 13 and more["support_loss"].iloc[-1] < own["support_loss"].iloc[-1]


def test_the_gates_of_the_lstm_lie_between_0_and_1_and_are_noted_for_every_step(watched: Any) -> None:
    steps = watched(small_run("meta-lstm", QUICK["meta-lstm"])).frame("steps")
    for gate in ("forget", "write"):
        least, mean, greatest = (steps[f"{gate}_{which}"] for which in SPREAD)
        assert np.isnan(mean[0])
        after = slice(1, None)
        assert (least[after] > 0).all() and (greatest[after] < 1).all()
        assert (least[after] <= mean[after]).all() and (mean[after] <= greatest[after]).all()
    assert "forget_mean" not in watched(small_run("maml", QUICK["maml"])).frame("steps")


def test_probabilities_sum_to_one_and_name_the_predicted_class(watched: Any) -> None:
    run = watched(small_run("maml", QUICK["maml"]))
    order = run.frame("support")["class_id"].drop_duplicates().to_numpy()
    for frame in (run.frame("queries"), run.frame("prototypes")):
        p = np.stack(frame["probabilities"])
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        assert (order[p.argmax(axis=1)] == frame["predicted"]).all()
        place = np.searchsorted(order, frame["class_id"], sorter=np.argsort(order))
        np.testing.assert_array_equal(p[np.arange(len(p)), np.argsort(order)[place]], frame["probability"])


def test_the_prototype_sees_the_episode_as_a_prototypical_network_over_the_same_embedding_does(
    watched: Any, tiny: Dataset, tiny_workspace: Workspace, store: RunStore
) -> None:
    spec = small_run("maml", QUICK["maml"])
    seen = watched(spec).frame("prototypes")
    plain = tiny_run(evaluation=spec.evaluation)
    correct = train(plain, tiny_workspace).scores().set_index(["shot", "episode"])["correct"][SHOT, EPISODE]
    assert set(seen["by"]) == {"plain"} and (seen["predicted"] == seen["class_id"]).sum() == correct


def test_with_metadata_the_prototype_is_also_asked_with_its_anchors(watched: Any, tiny: Dataset, store: RunStore) -> None:
    """ProtoMAML before its first step is that prototypical network, up to a term that all classes share."""
    spec = small_run("protomaml", QUICK["protomaml"], sources=("place",), fusion="pseudo-shots", steps=60)
    run = watched(spec)
    seen = run.frame("prototypes")
    assert seen["by"].value_counts().to_dict() == {"plain": 15, "metadata": 15}
    start = run.frame("queries").query("step == 0")
    moved, plain = (np.stack(seen.loc[seen["by"] == by, "probabilities"]) for by in ("metadata", "plain"))
    np.testing.assert_allclose(np.stack(start["probabilities"]), moved, atol=1e-4)
    assert np.abs(moved - plain).max() > 0.01


def test_in_full_mode_the_prototype_uses_the_batch_norm_of_the_learner(watched: Any, tiny: Dataset, store: RunStore) -> None:
    spec = small_run("protomaml", "inner_steps=1", "full", backbone=tiny_run().backbone)
    run = watched(spec)
    start, seen = run.frame("queries").query("step == 0"), run.frame("prototypes")
    np.testing.assert_allclose(np.stack(start["probabilities"]), np.stack(seen["probabilities"]), atol=1e-4)


def test_a_learner_that_does_not_adapt_is_told_so_in_one_sentence() -> None:
    for name in ("prototypical", "matching", "r2d2", "logistic"):
        assert not adapts(name)
        with pytest.raises(BadInput) as found:
            AdaptationSpec(tiny_run(learner=name))
        assert "does not adapt to a task step by step" in str(found.value) and "MAML" in str(found.value)
        assert one_sentence(found.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"episode": 10}, "There is no episode 11; the run was scored on 10"),
        ({"n_shot": 5}, "5 is not among them"),
        ({"steps": 1001}, "steps is 1001; it must be from 0 to 1000"),
        ({"steps": "many"}, "steps is 'many'; it must be a whole number"),
    ],
)
def test_what_cannot_be_watched_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as found:
        AdaptationSpec(small_run("maml", ""), **changes)
    assert words in one_sentence(found.value)


def test_too_many_numbers_are_refused_before_anything_is_computed() -> None:
    many = tiny_evaluation(n_way=100, n_query=20, strategy="uniform", column=None)
    with pytest.raises(BadInput, match="look at fewer steps"):
        AdaptationSpec(tiny_run(learner="protomaml", evaluation=many), steps=200)


def test_as_many_steps_as_scored_are_one_run_however_they_are_written(tiny: Dataset) -> None:
    run = small_run("reptile", "eval_steps=7")
    unsaid, said, more = (AdaptationSpec(run, steps=steps) for steps in (None, 7, 8))
    assert unsaid == said != more
    assert run_digest(unsaid, tiny) == run_digest(said, tiny) != run_digest(more, tiny)
    assert from_plain("adaptation", as_plain(unsaid)) == unsaid


def test_more_steps_and_the_full_mode_are_said_to_take_longer() -> None:
    run = small_run("maml", "")
    few, many = (from_scratch(AdaptationSpec(run, steps=steps), 1200) for steps in (5, 50))
    full = from_scratch(AdaptationSpec(small_run("maml", "", "full"), steps=50), 1200)
    assert 0 < few < many < full
