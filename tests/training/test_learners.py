"""Every learner of the registry trains, scores and is mapped through the same functions; what it would ignore is refused."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.data import from_tables
from metadash.learners.core.options import LearnerOptions, read_options
from metadash.learners.registry import ENTRIES, LEARNERS, options_for
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.queue.worker import work
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.training.trainer import cure
from metadash.workspace import Workspace
from tests.builders import one_sentence, rewrite, tiny_evaluation, tiny_run

SMALL = {"n_episodes": 40, "shots": (1, 2), "n_query": 3}


def small_run(name: str, **changes: Any) -> RunSpec:
    entry = LEARNERS[name]
    sources = changes.pop("sources", ("place", "traits") if entry.needs_metadata else ())
    values = {
        "learner": name,
        "steps": 30,
        "meta_batch": 4,
        "learning_rate": entry.learning_rate,
        "evaluation": tiny_evaluation(**SMALL),
    }
    return tiny_run(sources, **{**values, **changes})


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_every_learner_trains_and_stores_a_score_for_every_episode(name: str, own_workspace: Workspace) -> None:
    run = train(small_run(name), own_workspace)
    scores = run.scores()
    assert len(scores) == 2 * 40 and scores["correct"].between(0, 15).all()
    if name == "chance":
        assert run.summary["accuracy"] == {"1": 20.0, "2": 20.0}


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES if entry.family != "reference" and entry.name != "reptile"])
def test_every_learner_that_learns_also_trains_end_to_end(name: str, own_workspace: Workspace) -> None:
    evaluation = tiny_evaluation(n_episodes=8, shots=(1,), n_query=2)
    options = (("inner_steps", 2),) if "inner_steps" in LEARNERS[name].options else ()
    run = train(small_run(name, mode="full", steps=2, evaluation=evaluation, options=options), own_workspace)
    assert len(run.scores()) == 8
    assert run.summary["batch_norm"] in ("batch", "support", "running")


@pytest.mark.parametrize("name", ["anil", "protomaml", "r2d2", "logistic"])
def test_a_learner_with_metadata_has_a_strength_for_every_class(name: str, own_workspace: Workspace) -> None:
    spec = small_run(name, sources=("place", "traits"), steps=5)
    run = train(spec, own_workspace)
    anchors = run.frame("anchors")
    assert len(anchors) == 40 and (anchors["kappa"] >= 0).all() and run.summary["kappa"] >= 0


@pytest.mark.parametrize("name", ["matching", "anil", "metadata-only"])
def test_a_map_can_be_drawn_of_any_learner(name: str, own_workspace: Workspace) -> None:
    spec = MapSpec(small_run(name), background=60, perplexity=10)
    points = train(spec, own_workspace).frame("points")
    assert np.isfinite(points[["x", "y"]]).all(axis=None)
    assert (points.loc[points["kind"] == "query", "predicted"] >= 0).all()


def test_more_inner_steps_are_another_run_and_the_papers_own_are_not() -> None:
    usual, spelled, more = (small_run("anil", options=options) for options in ((), (("inner_steps", 5),), (("inner_steps", 7),)))
    assert usual == spelled != more


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learner": "prototypcal"}, "did you mean 'prototypical'"),
        ({"learner": "maml", "options": (("inner_stepz", 3),)}, "did you mean 'inner_steps'"),
        ({"learner": "prototypical", "options": (("inner_steps", 3),)}, "would ignore the option inner_steps"),
        ({"learner": "maml", "options": (("inner_steps", 1000),)}, "it must be from 0 to 100"),
        ({"learner": "maml", "fusion": "am3", "sources": ("place",)}, "cannot take metadata in by the fusion 'am3'"),
        ({"learner": "metadata-only"}, "needs at least one metadata source"),
        ({"learner": "maml", "distance": "cosine"}, "would ignore the distance"),
        ({"learner": "logistic", "mode": "full"}, "has nothing to train end to end"),
        ({"learner": "maml", "options": (("batch_norm", "support"),)}, "The mode quick would ignore the option batch_norm"),
        ({"learner": "maml", "options": (("per_step_norm", True),)}, "The mode quick would ignore the option per_step_norm"),
        ({"learner": "matching", "options": (("fce_steps", 3),)}, "would ignore the option fce_steps without fce=true"),
        ({"learner": "maml", "options": (("eval_steps", 0),)}, "without a step the learner 'maml' only guesses"),
        (
            {"learner": "reptile", "options": (("inner_steps", 0),)},
            "inner_steps is 0; of the learner 'reptile' it must be 1 or more",
        ),
        ({"learner": "maml", "options": (("inner_lr", 0.1), ("inner_lr", 0.2))}, "inner_lr is given twice"),
        ({"learner": "maml", "options": ("inner_lr", 0.1)}, "must be pairs of a name and a value"),
    ],
)
def test_what_a_learner_cannot_do_is_one_sentence(changes: dict, sentence: str) -> None:
    with pytest.raises(BadInput) as found:
        tiny_run(**changes)
    assert sentence in one_sentence(found.value)


@pytest.mark.parametrize("text", ["inner_steps", "inner_steps=", "=3"])
def test_an_option_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_options(text)


def test_options_are_read_as_numbers_words_and_pairs() -> None:
    found = dict(
        read_options("inner_steps=3, inner_lr=0.5, first_order=true, alpha=0.1:0.2, eval_steps=none, batch_norm=support")
    )
    assert found == {
        "inner_steps": 3,
        "inner_lr": 0.5,
        "first_order": True,
        "alpha": (0.1, 0.2),
        "eval_steps": None,
        "batch_norm": "support",
    }


def test_a_diverging_inner_loop_stops_with_the_step_and_the_likely_cause(own_workspace: Workspace) -> None:
    spec = small_run("fomaml", options=(("inner_lr", 10.0), ("inner_steps", 60)), mode="full", steps=3)
    with pytest.raises(BadInput) as found:
        train(spec, own_workspace)
    text = one_sentence(found.value)
    assert re.match(r"Training stopped at step [0123] of 3\. The inner loop diverged: after inner step \d+ of 60", text), text
    assert text.endswith("lower inner_lr, or take fewer inner steps.")
    assert RunStore(own_workspace).runs("learner") == []


@pytest.mark.parametrize(
    ("name", "says"), [("relation", "not a number at step 1 of 30; the inputs"), ("maml", "before the first inner")]
)
def test_a_loss_that_is_not_a_number_stops_with_the_likely_cause_and_keeps_the_log(
    name: str, says: str, own_workspace: Workspace
) -> None:
    """As a job, over a backbone whose embeddings of training classes have gone bad."""
    data, spec = Dataset.open(own_workspace, "tiny"), small_run(name)
    backbone = train(spec.backbone, own_workspace)
    embeddings = np.array(backbone.array("embeddings"))
    embeddings[np.isin(data.class_of, data.split(spec.split)["train"])] = np.nan
    np.save(backbone.folder / "embeddings.npy", embeddings)
    rewrite(RunStore(own_workspace), backbone)
    folder = JobFolder(own_workspace, run_digest(spec, data))
    folder.create(spec, title_of(spec))
    work(str(own_workspace.root), folder.digest)
    assert folder.progress()["state"] == "failed"
    assert says in one_sentence(folder.progress()["message"])
    assert RunStore(own_workspace).runs("learner") == []
    if name == "relation":
        assert folder.history()[0]["step"] == 0, "what was reported before is still there"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (small_run("prototypical"), "try another seed than 0, or lower learning_rate (0.01)"),
        (small_run("maml", mode="full"), "lower inner_lr (0.01), or lower learning_rate (0.001)"),
        (small_run("reptile"), "lower inner_lr (0.03) or reptile_epsilon (1)"),
    ],
)
def test_the_likely_cause_depends_on_the_learner(spec: RunSpec, says: str) -> None:
    assert cure(spec, 7) == says


def test_quick_mode_has_steps_of_its_own_and_full_mode_the_papers() -> None:
    for name, entry in LEARNERS.items():
        assert dataclasses.asdict(options_for(name)) == dataclasses.asdict(LearnerOptions(**entry.defaults))
        assert set(entry.quick) <= set(entry.options)
    assert options_for("maml", "quick").inner_lr == 0.3 and options_for("maml").inner_lr == 0.01
    as_usual = small_run("maml", options=(("inner_lr", 0.3),))
    assert as_usual == small_run("maml") and as_usual.options == ()
    assert small_run("maml", options=(("inner_lr", 0.01),)) != as_usual


@pytest.mark.parametrize("name", ["maml", "meta-sgd"])
def test_a_learner_that_adapts_does_well_in_quick_mode_as_it_comes(name: str, own_workspace: Workspace) -> None:
    found = train(small_run(name, steps=100), own_workspace).summary["accuracy"]["2"]
    assert found > 20 + 30, "nobody should have to guess a step size"


def test_learners_are_listed_with_paper_and_cost(own_workspace: Workspace, capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    from metadash.verbs import cli

    assert cli.main(["learners", "--workspace", str(own_workspace.root)]) == 0
    text = capsys.readouterr().out
    assert all(entry.name in text and entry.paper in text for entry in ENTRIES)


def test_without_a_step_what_places_the_classes_may_answer() -> None:
    assert small_run("maml", options=(("eval_steps", 0),), sources=("place",)).options == (("eval_steps", 0),)
    assert small_run("protomaml", options=(("eval_steps", 0), ("inner_steps", 0))).options, "its head is made of the support"


def test_a_map_of_a_small_data_set_looks_at_as_many_neighbours_as_there_are(tmp_path: Path) -> None:
    names = [f"c{c}" for c in range(12)]
    inputs = np.random.default_rng(0).normal(size=(72, 4)) + np.repeat(np.arange(12), 6)[:, None]
    instances = pd.DataFrame({"class_name": np.repeat(names, 6)})
    roles = ["train"] * 4 + ["validation"] * 4 + ["test"] * 4
    data = from_tables(pd.DataFrame({"class_name": names}), instances, inputs, split=roles, workspace=Workspace(tmp_path))
    run = run_for(data, backbone="none", n_way=3, shots=(1,), n_query=2, n_episodes=4, ways=())
    found = train(MapSpec(run), Workspace(tmp_path))
    assert np.isfinite(found.frame("points")[["x", "y"]]).all(axis=None)
    assert 3 * found.summary["perplexity"] < found.summary["n_points"] < 3 * MapSpec(run).perplexity
