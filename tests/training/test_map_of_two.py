"""What a map stores beside its points: κ, what is confused, how far it can be trusted, a second learner on the same axes."""

from dataclasses import replace

import numpy as np
import pytest

from metadash.answers.mapping.confusions import of_task
from metadash.canonical import canonical_json
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
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


@pytest.mark.parametrize(
    ("beside", "what"),
    [(TOLD, "both are the same"), (tiny_run(evaluation=tiny_evaluation(n_way=4)), "different test tasks")],
)
def test_only_another_run_on_the_same_tasks_stands_beside(beside: RunSpec, what: str) -> None:
    with pytest.raises(BadInput, match=what) as problem:
        replace(MAP, beside=beside)
    one_sentence(str(problem.value))


def test_a_map_without_a_second_learner_keeps_its_spelling_and_components_have_no_perplexity() -> None:
    assert "beside" not in canonical_json(MapSpec(TOLD)) and "method" not in canonical_json(MapSpec(TOLD))
    assert canonical_json(MapSpec(TOLD, method="pca", perplexity=9.0)) == canonical_json(MapSpec(TOLD, method="pca"))
