"""Training is a pure function of its spec: the same numbers again, stored once and whole, and blind to the test classes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs import train as training
from metadash.runs.kinds import check
from metadash.runs.progress import Stopped
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import (
    GOOD_SOURCES,
    one_sentence,
    tiny_backbone,
    tiny_classes,
    tiny_description,
    tiny_evaluation,
    tiny_images,
    tiny_run,
    tiny_splits,
    write_tiny,
)

FULL = tiny_run(("place",), mode="full", steps=30, evaluation=tiny_evaluation(n_episodes=40))


@pytest.fixture(scope="module")
def trained(tiny_workspace: Workspace) -> Any:
    """``trained(spec)``: computed once a session."""
    return lambda spec: train(spec, tiny_workspace)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.folder / "weights.safetensors")


def same_weights(one: Run, other: Run) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


# --- the same again ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        tiny_run(GOOD_SOURCES, source_dropout=0.3),
        tiny_run(GOOD_SOURCES, control="shuffled"),
        tiny_run(GOOD_SOURCES, control="noise"),
        FULL,
    ],
    ids=["quick", "shuffled", "noise", "full"],
)
def test_the_same_spec_gives_the_same_numbers_bit_for_bit_in_a_fresh_store(
    spec: RunSpec, trained: Any, own_workspace: Workspace
) -> None:
    first = trained(spec)
    torch.manual_seed(987)  # whatever happened in the process before must not matter
    np.random.seed(987)
    second = train(spec, own_workspace)
    assert second.folder != first.folder and second.digest == first.digest
    store = RunStore(own_workspace)
    for name in ("scores", "anchors"):
        pd.testing.assert_frame_equal(first.frame(name), second.frame(name), check_exact=True)
    pd.testing.assert_frame_equal(
        first.history().drop(columns="seconds"), second.history().drop(columns="seconds"), check_exact=True
    )
    assert same_weights(first, second)
    assert first.summary == second.summary
    ours, theirs = trained(spec.backbone), store.get(trained(spec.backbone).digest)
    assert theirs is not None and np.array_equal(ours.array("embeddings"), theirs.array("embeddings"))
    assert same_weights(ours, theirs)


def test_another_seed_gives_other_numbers_on_the_same_episodes(trained: Any) -> None:
    first, second = trained(tiny_run(GOOD_SOURCES)), trained(tiny_run(GOOD_SOURCES, seed=1))
    assert first.summary["manifest"] == second.summary["manifest"]
    assert not same_weights(first, second)


def test_a_finished_run_is_not_computed_again(trained: Any, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before = trained(tiny_run(GOOD_SOURCES))

    def never(*arguments: object) -> Run:
        raise AssertionError("computed again")

    monkeypatch.setattr(training, "compute", never)
    reports: list[Any] = []
    again = train(tiny_run(GOOD_SOURCES), tiny_workspace, lambda step, metrics: bool(reports.append(metrics)))
    assert again.digest == before.digest and not reports


def test_a_run_s_backbone_is_trained_first_and_shared(trained: Any, tiny_workspace: Workspace) -> None:
    runs = [trained(spec) for spec in (tiny_run(), tiny_run(GOOD_SOURCES), FULL)]
    assert {tuple(run.summary["needs"]) for run in runs} == {(trained(tiny_backbone()).digest,)}


# --- blind to the test classes -----------------------------------------------------------------------------------------------


def variant(root: Path, role: str, what: str) -> Workspace:
    """*tiny* with the images, or the metadata, of all classes of ``role`` made into something else."""
    workspace, classes, images = Workspace(root), tiny_classes(), tiny_images()
    splits = tiny_splits(classes)
    members = splits[(splits["split"] == "family-0") & (splits["role"] == role)]["class_id"].to_numpy()
    if what == "images":
        rows = np.isin(np.repeat(np.arange(40), 30), members)
        images[rows] = np.random.default_rng(9).integers(0, 255, images[rows].shape, dtype=np.uint8)
    else:
        classes.loc[members, "corner"] = "nowhere"
        classes.loc[members, "size"] = 1e9
        classes.loc[members, "traits"] = "none at all"
    write_tiny(workspace, classes=classes, inputs=images, splits=splits)
    return workspace


@pytest.mark.parametrize("what", ["images", "metadata"])
def test_test_classes_have_no_say_in_what_is_learned(what: str, trained: Any, tmp_path: Path) -> None:
    spec = tiny_run(GOOD_SOURCES)
    elsewhere = train(spec, variant(tmp_path, "test", what))
    backbone = RunStore(Workspace(tmp_path)).get(elsewhere.summary["needs"][0])
    assert backbone is not None and backbone.digest != trained(spec.backbone).digest
    assert same_weights(backbone, trained(spec.backbone))
    assert same_weights(elsewhere, trained(spec))
    assert elsewhere.summary["validation_accuracy"] == trained(spec).summary["validation_accuracy"]
    assert not elsewhere.scores().equals(trained(spec).scores()), "they do have a say in the scores"


def test_training_classes_do_have_a_say(trained: Any, tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    assert not same_weights(train(tiny_backbone(), variant(tmp_path, "train", "images")), trained(tiny_backbone()))


# --- what a run holds --------------------------------------------------------------------------------------------------------


def test_a_run_s_folder_holds_everything_about_it_and_no_pickle(trained: Any, tiny: Dataset) -> None:
    run = trained(tiny_run(GOOD_SOURCES))
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "anchors.parquet",
        "history.parquet",
        "log.txt",
        "run.json",
        "scores.parquet",
        "weights.safetensors",
    ]
    about = json.loads((run.folder / "run.json").read_text())
    assert run.spec == tiny_run(GOOD_SOURCES) and about["kind"] == "learner"
    assert about["dataset_fingerprint"] == tiny.fingerprint
    assert about["environment"]["torch"] == torch.__version__.split("+")[0] or about["environment"]["torch"] == torch.__version__
    assert about["environment"]["threads"] == str(torch.get_num_threads()) == "1"
    assert about["seconds"] > 0 and about["summary"]["batch_norm"] == "running"
    assert "finished in" in run.log()


def test_weights_are_those_of_the_learner(trained: Any, tiny: Dataset) -> None:
    quick, full = weights(trained(tiny_run(GOOD_SOURCES))), weights(trained(FULL))
    assert {name.split(".")[0] for name in quick} == {"log_scale", "anchors"}
    assert {name.split(".")[0] for name in full} == {"log_scale", "anchors", "backbone"}


@pytest.mark.parametrize(
    "spec",
    [tiny_run(), tiny_run(GOOD_SOURCES), tiny_run(evaluation=tiny_evaluation(strategy="uniform", column=None, n_way=4)), FULL],
    ids=["plain", "metadata", "uniform", "full"],
)
def test_every_episode_s_own_score_is_stored_and_their_mean_is_the_summary(spec: RunSpec, trained: Any, tiny: Dataset) -> None:
    run, tests = trained(spec), spec.evaluation
    scores = run.scores()
    assert scores.columns.tolist() == ["n_way", "shot", "episode", "value", "correct", "queries"]
    assert len(scores) == tests.n_episodes * len(tests.shots)
    assert (scores["queries"] == tests.n_way * tests.n_query).all()
    assert scores["correct"].between(0, scores["queries"]).all()
    assert (scores["value"] == scores["correct"] / scores["queries"]).all()
    for shot, rows in scores.groupby("shot"):
        assert rows["episode"].tolist() == list(range(tests.n_episodes))
        assert run.summary["accuracy"][str(shot)] == pytest.approx(100 * (rows["correct"] / rows["queries"]).mean())


def test_scores_are_those_of_the_manifest_worked_out_by_hand(trained: Any, tiny: Dataset, tiny_workspace: Workspace) -> None:
    """Plain prototypes: the nearest mean of frozen embeddings, episode by episode in NumPy."""
    run = trained(tiny_run())
    manifest = RunStore(tiny_workspace).manifest(run)
    assert manifest.hash == draw(tiny, tiny_evaluation().episodes("family-0", "test")).hash
    embeddings = trained(tiny_backbone()).array("embeddings").astype(float)
    scores = run.scores().set_index(["shot", "episode"])["correct"]
    for shot in (1, 2, 5):
        for e in range(30):
            means = embeddings[manifest.support[e, :, :shot]].mean(axis=1)
            distance = ((embeddings[manifest.query[e]][:, :, None] - means) ** 2).sum(axis=-1)
            assert (distance.argmin(axis=-1) == np.arange(5)[:, None]).sum() == scores[shot, e]


def test_embeddings_have_unit_spread_over_meta_train(trained: Any, tiny: Dataset) -> None:
    embeddings = trained(tiny_backbone()).array("embeddings")
    assert embeddings.shape == (len(tiny.instances), 8)
    train_rows = np.isin(tiny.class_of, tiny.split("family-0")["train"])
    assert embeddings[train_rows].std() == pytest.approx(1, abs=1e-4)


def test_anchors_are_stored_for_every_class(trained: Any) -> None:
    anchors = trained(tiny_run(GOOD_SOURCES)).frame("anchors")
    assert anchors["class_id"].tolist() == list(range(40)) and (anchors["kappa"] > 0).all()
    assert np.stack(anchors["mu"]).shape == (40, 8)


# --- learning ----------------------------------------------------------------------------------------------------------------


def test_it_learns_to_tell_new_classes_apart(trained: Any) -> None:
    accuracy = trained(tiny_run()).summary["accuracy"]
    assert accuracy["5"] > 20 + 30 and accuracy["1"] < accuracy["2"] < accuracy["5"]


def test_metadata_that_tells_helps_and_the_same_rows_shuffled_do_not(trained: Any) -> None:
    plain, real, shuffled = (
        trained(spec).summary for spec in (tiny_run(), tiny_run(("place",)), tiny_run(("place",), control="shuffled"))
    )
    assert plain["manifest"] == real["manifest"] == shuffled["manifest"]
    assert real["accuracy"]["1"] > plain["accuracy"]["1"] + 5
    assert shuffled["accuracy"]["1"] < real["accuracy"]["1"] - 5
    assert real["kappa"] > 0


@pytest.mark.parametrize("control", ["noise", "constant"])
def test_every_control_runs_and_gives_other_scores(control: str, trained: Any) -> None:
    assert not trained(tiny_run(("place",), control=control)).scores().equals(trained(tiny_run(("place",))).scores())


def test_am3_runs_and_stores_its_mixing_weights(trained: Any) -> None:
    run = trained(tiny_run(("place",), fusion="am3"))
    anchors = run.frame("anchors")
    assert anchors["weight"].between(0, 1).all() and "kappa" not in anchors
    assert run.summary["kappa"] is None
    assert run.summary["accuracy"]["1"] > 25


def test_cosine_runs(trained: Any) -> None:
    assert trained(tiny_run(("place",), distance="cosine")).summary["accuracy"]["5"] > 30


def test_full_mode_trains_the_backbone_too_and_embeds_with_it(trained: Any, tiny: Dataset) -> None:
    run, before, after = trained(FULL), weights(trained(FULL.backbone)), weights(trained(FULL))
    assert run.summary["best_step"] == 0 or any(
        not torch.equal(value, after[f"backbone.{name}"]) for name, value in before.items()
    )
    test_rows = np.flatnonzero(np.isin(tiny.class_of, tiny.split("family-0")["test"]))
    assert np.array_equal(run.array("embedded_rows"), test_rows)
    assert run.array("embeddings").shape == (len(test_rows), 8)
    assert run.history()["loss"].notna().any()


@pytest.mark.parametrize("patience", [1, 2])
def test_training_stops_when_validation_no_longer_rises_and_keeps_the_best(patience: int, trained: Any, tiny: Dataset) -> None:
    hopeless = tiny_run(("size", "words"), learning_rate=0.3, steps=5000, patience=patience)
    run = trained(hopeless)
    found, history = run.summary, run.history().dropna(subset="validation_accuracy")
    assert found["steps"] < 5000
    assert len(history[history["step"] > found["best_step"]]) == patience
    assert found["validation_accuracy"] == history["validation_accuracy"].max() > history["validation_accuracy"].iloc[-1]
    arm = Arm(hopeless, tiny, trained(hopeless.backbone))
    arm.learner.load_state_dict(weights(run))
    assert arm.accuracy(arm.evaluate(arm.validation), arm.validation) == found["validation_accuracy"]


# --- stop and progress -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "phase", ["training the backbone", "embedding every instance", "training the heads", "scoring the test episodes"]
)
def test_stopping_at_any_point_keeps_nothing_of_the_run(phase: str, own_workspace: Workspace) -> None:
    spec = tiny_run(("place",))
    with pytest.raises(Stopped):
        train(spec, own_workspace, lambda step, metrics: metrics["phase"] == phase)
    assert RunStore(own_workspace).find(spec, Dataset.open(own_workspace, "tiny")) is None
    finished = [run.kind for run in RunStore(own_workspace).runs()]
    assert finished == (["backbone"] if phase in ("training the heads", "scoring the test episodes") else [])
    assert not list(own_workspace.runs.glob("*.part")) and not list(own_workspace.runs.glob(".*.part"))
    assert train(spec, own_workspace).summary["accuracy"], "and it can be started again"


def test_progress_never_goes_back_and_names_what_is_done(own_workspace: Workspace) -> None:
    seen: list[dict[str, Any]] = []
    train(tiny_backbone(), own_workspace, lambda step, metrics: bool(seen.append({"step": step, **metrics})))
    fractions = [report["fraction"] for report in seen]
    assert fractions == sorted(fractions) and fractions[0] >= 0 and fractions[-1] <= 1
    assert list(dict.fromkeys(report["phase"] for report in seen)) == ["training the backbone", "embedding every instance"]
    assert [report["step"] for report in seen if "validation_accuracy" in report] == [30]


# --- what does not fit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (tiny_run(("nowhere",)), "no source 'nowhere'"),
        (tiny_run(("site",)), "The source 'site' describes instances"),
        (tiny_run(("nothing",)), "The source 'nothing' is empty for every meta-train class"),
        (tiny_run(split="family-9", backbone=tiny_backbone(split="family-9")), "no split 'family-9'"),
        (tiny_run(evaluation=tiny_evaluation(n_way=6)), "No family has 6 classes in this pool"),
        (tiny_run(evaluation=tiny_evaluation(column="nowhere")), "no column 'nowhere'"),
        (tiny_run(evaluation=tiny_evaluation(shots=(1, 28))), r"has 30 instances; this episode needs 28 \+ 5"),
        (tiny_run(evaluation=tiny_evaluation(where="size < 0")), "No test class meets the condition"),
        (tiny_run(evaluation=tiny_evaluation(where="not sql at all")), "Not SQL"),
        (
            tiny_run(backbone=tiny_backbone(n_way=21)),
            "n_way is 21, and the split .* has 20 train classes. Lower it to 20 or less",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_the_data_is_said_before_anything_is_computed_and_by_training_too(
    spec: Spec, words: str, tiny: Dataset, tiny_workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        check(spec, tiny)
    one_sentence(caught.value)
    with pytest.raises(BadInput, match=words):
        train(spec, tiny_workspace)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"inputs": tiny_images()[:, :12, :12]}, "has images of .12, 12., too small"),
        ({"inputs": tiny_images()[:, 0].astype(np.float32), "description": tiny_description(modality="vector")}, "holds vectors"),
    ],
    ids=["small", "vectors"],
)
def test_inputs_that_the_backbone_cannot_take_are_one_sentence(parts: dict[str, Any], words: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_tiny(workspace, **parts)
    with pytest.raises(BadInput, match=words) as caught:
        train(tiny_backbone(), workspace)
    one_sentence(caught.value)
    assert RunStore(workspace).runs() == []


# --- maps --------------------------------------------------------------------------------------------------------------------


def test_a_map_places_instances_prototypes_and_anchors_of_one_episode(
    trained: Any, tiny: Dataset, tiny_workspace: Workspace
) -> None:
    spec = MapSpec(tiny_run(("place",)), episode=2, n_shot=2, background=60, perplexity=10)
    points = trained(spec).frame("points")
    counts = points["kind"].value_counts().to_dict()
    assert counts == {"instance": 60, "support": 10, "query": 25, "plain prototype": 5, "prototype": 5, "anchor": 5}
    assert np.isfinite(points[["x", "y"]]).all(axis=None)
    task = RunStore(tiny_workspace).manifest(trained(spec.run))[2:3].at_shot(2)
    assert points[points["kind"] == "support"]["row"].tolist() == task.support.ravel().tolist()
    assert set(points["class_id"]) <= set(tiny.split("family-0")["test"])
    query = points[points["kind"] == "query"]
    correct = trained(spec.run).scores().set_index(["shot", "episode"])["correct"]
    assert (query["predicted"] == query["class_id"]).sum() == correct[2, 2]
