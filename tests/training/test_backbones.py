"""Any backbone fits any learner: trained, scored and mapped through the same functions, on images and on vectors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metadash.answers.answer import answer_spec
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.estimate import from_scratch
from metadash.runs.kinds import check, title_of
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import N_CLASSES, one_sentence, tiny_backbone, tiny_evaluation, tiny_run, tiny_vectors, write_vectors

EASY: dict[str, Any] = {"n_episodes": 60, "shots": (1, 2), "n_query": 3, "strategy": "uniform", "column": None}


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("vectors"))
    write_vectors(workspace)
    return workspace


def vector_run(learner: str, sources: tuple[str, ...] = (), **changes: Any) -> RunSpec:
    backbone = tiny_backbone(dataset="vectors", backbone="mlp", width=16, episodes=100)
    values = {"dataset": "vectors", "backbone": backbone, "learner": learner, "evaluation": tiny_evaluation(**EASY)}
    return tiny_run(sources, **{**values, **changes})


@pytest.mark.parametrize("mode", ["quick", "full"])
@pytest.mark.parametrize("learner", ["prototypical", "maml"])
def test_vectors_train_end_to_end_and_are_told_apart(learner: str, mode: str, vectors: Workspace) -> None:
    steps = {"prototypical": 50, "maml": 100}[learner]
    run = train(
        vector_run(learner, mode=mode, steps=steps, options=() if learner == "prototypical" else (("inner_lr", 0.2),)), vectors
    )
    assert len(run.scores()) == 2 * 60
    assert run.summary["accuracy"]["2"] > 40, "chance is 20 %"


@pytest.mark.parametrize("learner", ["centroid", "meta-lstm", "anil"])
def test_other_learners_read_vectors_too(learner: str, vectors: Workspace) -> None:
    run = train(vector_run(learner, steps=20), vectors)
    assert np.isfinite(run.scores()["correct"]).all()


def test_metadata_and_maps_serve_vectors(vectors: Workspace) -> None:
    spec = vector_run("prototypical", ("place",), mode="full", steps=5)
    points = train(MapSpec(spec, background=60, perplexity=10), vectors).frame("points")
    assert {"instance", "query", "anchor"} <= set(points["kind"]) and np.isfinite(points[["x", "y"]]).all(axis=None)


@pytest.mark.parametrize("backbone", ["resnet12", "mlp"])
@pytest.mark.parametrize("learner", ["prototypical", "maml", "meta-lstm"])
def test_another_backbone_trains_and_adapts_on_images(backbone: str, learner: str, own_workspace: Workspace) -> None:
    spec = tiny_run(
        mode="full",
        learner=learner,
        steps=2,
        options=(("inner_steps", 1),) if learner != "prototypical" else (),
        backbone=tiny_backbone(backbone=backbone, width=4, episodes=3, n_way=5),
        evaluation=tiny_evaluation(n_episodes=6, shots=(1,), n_query=2),
    )
    run = train(spec, own_workspace)
    assert len(run.scores()) == 6 and run.summary["batch_norm"] == {"prototypical": "running", "maml": "batch"}.get(
        learner, "support"
    )
    assert run.array("embeddings").shape[1] == {"resnet12": 40, "mlp": 4}[backbone]


def test_a_vector_data_set_gets_an_mlp_without_being_asked(vectors: Workspace, capsys: pytest.CaptureFixture) -> None:
    data = Dataset.open(vectors, "vectors")
    spec = answer_spec(data, data.description.questions[0])
    assert {(run.backbone.backbone, run.backbone.width) for run in spec.runs} == {("mlp", 64)}
    small = ["--width", "8", "--backbone-episodes", "5", "--steps", "5", "--n-episodes", "50", "--shots", "1"]
    assert cli.main(["train", "--dataset", "vectors", *small, "--json", "--workspace", str(vectors.root)]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    stored = json.loads((vectors.runs / digest / "run.json").read_text())
    assert (stored["spec"]["backbone"]["backbone"], stored["spec"]["backbone"]["width"]) == ("mlp", 8)


def test_the_command_line_trains_on_another_backbone(own_workspace: Workspace, capsys: pytest.CaptureFixture) -> None:
    small = [
        "--backbone",
        "resnet12",
        "--width",
        "4",
        "--backbone-episodes",
        "2",
        "--n-episodes",
        "50",
        "--shots",
        "1",
        "--n-query",
        "2",
    ]
    assert cli.main(["train", "--dataset", "tiny", *small, "--workspace", str(own_workspace.root)]) == 0
    assert "Prototypical Networks on ResNet-12-4 (quick)" in capsys.readouterr().out


def test_vectors_of_one_class_each_far_apart_stay_what_they_are() -> None:
    inputs = tiny_vectors().reshape(N_CLASSES, -1, 12)
    assert inputs.std(axis=1).mean() < 0.7 * inputs.mean(axis=1).std()


def test_width_zero_is_the_usual_width_and_the_same_run() -> None:
    assert tiny_backbone(width=0) == tiny_backbone(width=32) != tiny_backbone(width=64)
    assert tiny_backbone(backbone="resnet12", width=0).width == 16 and tiny_backbone(backbone="mlp", width=0).title == "MLP-64"
    assert "on ResNet-12-16" in title_of(tiny_run(backbone=tiny_backbone(backbone="resnet12", width=16)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backbone": "resnet"}, "There is no backbone 'resnet'; did you mean 'resnet12'"),
        ({"width": 300}, "width is 300; it must be from 4 to 256"),
        ({"backbone": "resnet12", "width": 256}, "width is 256; it must be from 4 to 128"),
        ({"backbone": "mlp", "width": 2}, "width is 2; it must be from 4 to 1024"),
    ],
)
def test_a_backbone_or_width_that_is_not_there_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        tiny_backbone(**changes)
    one_sentence(caught.value)


def test_a_modality_that_the_backbone_cannot_take_is_refused_before_anything_is_queued(
    vectors: Workspace, tmp_path: Path
) -> None:
    spec = vector_run("prototypical", backbone=tiny_backbone(dataset="vectors"))
    with pytest.raises(BadInput, match="Conv-4 takes images, and 'vectors' holds vectors; choose the backbone mlp"):
        check(spec, Dataset.open(vectors, "vectors"))


def test_a_dearer_backbone_learner_or_option_is_estimated_as_dearer() -> None:
    def seconds(backbone: str = "conv4", **changes: Any) -> float:
        return from_scratch(tiny_run(mode="full", backbone=tiny_backbone(backbone=backbone, width=0), **changes), 1200)

    assert seconds("mlp") < seconds() < seconds("resnet12")
    assert seconds() < seconds(learner="fomaml") < seconds(learner="maml") < seconds(learner="meta-lstm")
    assert seconds(learner="maml") < seconds(learner="maml", options=(("inner_steps", 20),))
    assert seconds(learner="reptile", options=(("eval_steps", 5),)) < seconds(learner="reptile")
    same = {"n_episodes": 2000, "n_query": 15}
    assert seconds("resnet12", evaluation=tiny_evaluation(**same)) > 4 * seconds(evaluation=tiny_evaluation(**same))
