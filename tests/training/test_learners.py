"""Every learner of the registry trains, scores and is mapped through the same functions; what it would ignore is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metadash.errors import BadInput
from metadash.learners.registry import ENTRIES, LEARNERS, read_options
from metadash.training.run import train
from metadash.training.spec import RunSpec
from metadash.training.store import RunStore
from metadash.training.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run

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
    run = train(small_run(name, mode="full", steps=2, evaluation=evaluation), own_workspace)
    assert len(run.scores()) == 8
    assert run.summary["batch_norm"] in ("batch", "support", "running")


@pytest.mark.parametrize("name", ["anil", "protomaml", "r2d2", "logistic"])
def test_a_learner_with_metadata_has_a_strength_for_every_class(name: str, own_workspace: Workspace) -> None:
    spec = small_run(name, sources=("place", "traits"))
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
    assert "step" in one_sentence(found.value)
    assert RunStore(own_workspace).runs("learner") == []


def test_learners_are_listed_with_paper_and_cost(own_workspace: Workspace, capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    from metadash import cli

    assert cli.main(["learners", "--workspace", str(own_workspace.root)]) == 0
    text = capsys.readouterr().out
    assert all(entry.name in text and entry.paper in text for entry in ENTRIES)
