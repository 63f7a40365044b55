"""What a map stores beside its points: κ, what is confused, how far it can be trusted, a second learner on the same axes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from metadash.answers.mapping.confusions import of_task
from metadash.canonical import canonical_json
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, tiny_evaluation, tiny_run

TOLD, PLAIN = tiny_run(("place",), seed=0), tiny_run()
MAP = MapSpec(TOLD, episode=2, background=60, method="pca")


@pytest.fixture(scope="module")
def of_two(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Workspace]:
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("two") / "workspace")
    return train(replace(MAP, beside=PLAIN), workspace), workspace


def test_kappa_is_what_pulled_the_prototype_to_its_anchor(of_two: tuple[Run, Workspace]) -> None:
    run, _ = of_two
    points, vectors = run.frame("points"), run.array("vectors")
    plain, fused, anchor = (vectors[(points["kind"] == kind).to_numpy()] for kind in ("plain prototype", "prototype", "anchor"))
    kappa = points.loc[points["kind"] == "anchor", "kappa"].to_numpy()[:, None]
    np.testing.assert_allclose(fused, (plain + kappa * anchor) / (1 + kappa), rtol=1e-4, atol=1e-5)
    assert points.loc[points["row"] >= 0, "kappa"].isna().all() and (kappa > 0).all()


def test_what_is_confused_is_what_the_scores_of_the_same_tasks_miss(of_two: tuple[Run, Workspace]) -> None:
    run, workspace = of_two
    scored = train(TOLD, workspace).frame("scores")
    asked = run.summary["tasks_asked"]
    own = scored[(scored["shot"] == 1) & (scored["episode"] < asked)]
    pairs = run.frame("confusions")
    assert asked == min(300, TOLD.evaluation.n_episodes)
    assert pairs["taken"].sum() == (own["queries"] - own["correct"]).sum() > 0
    assert (pairs[["taken", "plainly_taken"]].max(axis=1) <= pairs["asked"]).all()
    back = pairs.rename(columns={"class_id": "other_id", "other_id": "class_id"})
    assert len(pairs.merge(back, on=["class_id", "other_id"])) == len(pairs), "each pair stands both ways"


def test_a_pair_says_who_was_taken_for_whom(of_two: tuple[Run, Workspace], tiny: Dataset) -> None:
    from metadash.training.mapping.confusing import confusions
    from metadash.training.restored import restored

    run, workspace = of_two
    store, done = RunStore(workspace), train(TOLD, workspace)
    found, asked = confusions(restored(TOLD, tiny, done, store), store.manifest(done)[MAP.episode : MAP.episode + 1], 1)
    by_hand = of_task(run.frame("points"))
    assert asked == 1
    both = found.merge(by_hand, on=["class_id", "other_id"], suffixes=("", "_by_hand"))
    assert len(both) == len(found) > 0
    for name in ("asked", "taken", "plainly_taken"):
        assert (both[name] == both[f"{name}_by_hand"]).all(), name


def test_the_plain_answers_of_confusions_are_the_answers_without_metadata(of_two: tuple[Run, Workspace]) -> None:
    run, _ = of_two
    assert run.frame("confusions_beside")["taken"].sum() == run.frame("confusions_beside")["plainly_taken"].sum()
    assert run.frame("confusions")["taken"].sum() != run.frame("confusions")["plainly_taken"].sum()


def test_two_learners_over_one_backbone_share_every_instance(of_two: tuple[Run, Workspace]) -> None:
    run, _ = of_two
    first, second = run.frame("points"), run.frame("points_beside")
    rows = first["row"] >= 0
    own = first[rows].reset_index(drop=True)
    other = second[second["row"] >= 0].reset_index(drop=True)
    assert own[["kind", "row", "x", "y"]].equals(other[["kind", "row", "x", "y"]])
    assert len(run.summary["trustworthiness"]) == 2 and all(0.5 < one <= 1 for one in run.summary["trustworthiness"])


def test_beside_itself_told_nothing_of_a_source_the_prototypes_lie_where_the_other_sources_alone_put_them(
    of_two: tuple[Run, Workspace], tiny: Dataset
) -> None:
    from metadash.training.mapping.beside import without
    from metadash.training.projection import gathered
    from metadash.training.trainer import Arm

    run = tiny_run(("place", "size"), seed=0)
    arm = Arm(run, tiny, *[train(need, of_two[1]) for need in run.needs])
    arm.learner.eval()
    manifest = draw(tiny, run.evaluation.episodes(run.split, "test", n_episodes=4))
    spec = MapSpec(run, background=60, method="pca", without="size")
    (points, told), (_, untold) = (gathered(spec, one, manifest) for one in (arm, without(arm, "size")))
    kind = points["kind"].to_numpy()
    np.testing.assert_array_equal(told[kind == "plain prototype"], untold[kind == "plain prototype"])
    assert not np.allclose(told[kind == "prototype"], untold[kind == "prototype"])
    context = arm.context(manifest[:1].at_shot(1))
    assert context is not None
    with torch.no_grad():
        anchor, _ = arm.learner.anchors(context.masked(torch.tensor([True, False])))
    np.testing.assert_allclose(untold[kind == "anchor"], anchor[0].numpy(), rtol=1e-5)
    nothing, _ = gathered(spec, without(without(arm, "size"), "place"), manifest)
    assert "anchor" not in set(nothing["kind"]) and (nothing["predicted"] == nothing["plainly_predicted"]).all()


@pytest.mark.parametrize("learner", ["maml", "meta-lstm"])
def test_before_and_after_its_steps_a_query_lies_by_the_scores_that_the_adaptation_view_stores(
    learner: str, tiny_workspace: Workspace, tmp_path: Path
) -> None:
    workspace = copy_workspace(tiny_workspace, tmp_path / "workspace")
    run = tiny_run(learner=learner)
    drawn = train(MapSpec(run, episode=1, background=60, method="pca", before_steps=True), workspace)
    steps = train(AdaptationSpec(run, episode=1), workspace).frame("queries")
    for end, step in (("", steps["step"].max()), ("_beside", 0)):
        points, vectors = drawn.frame(f"points{end}"), drawn.array(f"vectors{end}")
        kind, seen = points["kind"].to_numpy(), steps[steps["step"] == step]
        scores = np.exp(vectors[kind == "query"])
        np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), np.stack(seen["probabilities"]), atol=1e-5)
        assert points.loc[kind == "query", "predicted"].tolist() == seen["predicted"].tolist()
        means = vectors[kind == "support"].reshape(run.evaluation.n_way, -1, vectors.shape[1]).mean(axis=1)
        np.testing.assert_allclose(vectors[kind == "plain prototype"], means, atol=1e-5)
    assert not np.allclose(drawn.array("vectors"), drawn.array("vectors_beside"))
    assert len(drawn.summary["trustworthiness"]) == 2


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"without": "size"}, "the learner is told place at test"),
        ({"before_steps": True}, "does not adapt"),
        ({"without": "place", "before_steps": True}, "one thing beside the learner"),
    ],
)
def test_what_cannot_stand_beside_a_learner_is_refused_in_a_sentence(fields: dict, what: str) -> None:
    with pytest.raises(BadInput, match=what) as problem:
        replace(MAP, **fields)
    one_sentence(str(problem.value))


@pytest.mark.parametrize(
    ("beside", "what"),
    [(TOLD, "both are the same"), (tiny_run(evaluation=tiny_evaluation(n_way=4)), "different test tasks")],
)
def test_only_another_run_on_the_same_tasks_stands_beside(beside: RunSpec, what: str) -> None:
    with pytest.raises(BadInput, match=what) as problem:
        replace(MAP, beside=beside)
    one_sentence(str(problem.value))


def test_a_map_without_a_second_learner_keeps_its_spelling_and_components_have_no_perplexity() -> None:
    assert not {"beside", "method", "without", "before_steps"} & set(json.loads(canonical_json(MapSpec(TOLD))))
    assert canonical_json(MapSpec(TOLD, method="pca", perplexity=9.0)) == canonical_json(MapSpec(TOLD, method="pca"))
