"""The arrangement that is proposed is the one that validation classes like best, said with its numbers, and test classes have no say."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import metadash as md
from metadash.answers.choosing.proposal import read_proposal
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.networks.encoders.tfidf import fit
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.choosing.arrangements import proposal_for
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.training.trainer import Arm
from metadash.verbs.cli import main
from metadash.workspace import Workspace
from tests.builders import (
    N_CLASSES,
    PER_CLASS,
    one_sentence,
    tiny_evaluation,
    tiny_run,
    write_vectors,
)
from tests.clinc import clinc, needs_clinc

SMALL: dict[str, Any] = {"width": 8, "backbone_episodes": 20, "strategy": "uniform", "n_query": 2, "n_tasks": 20}


def far_features(dim: int = 384) -> np.ndarray:
    """[C·30, 384] as a large network makes them: classes differ in many small ways, all share one direction, and lengths differ for no reason."""
    generator = np.random.default_rng(0)
    centre = generator.normal(size=(N_CLASSES, 1, dim)) * 0.25
    rows = 3 * generator.normal(size=dim) + centre + generator.normal(size=(N_CLASSES, PER_CLASS, dim))
    return (rows * generator.lognormal(0, 0.5, (N_CLASSES, PER_CLASS, 1))).astype(np.float32).reshape(-1, dim)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_vectors(Workspace(tmp_path_factory.mktemp("far")), inputs=far_features())


@pytest.fixture(scope="module")
def proposed(far: Dataset) -> md.ProposalResult:
    return md.propose(far, progress=False, **SMALL)


def test_features_made_elsewhere_go_to_a_light_head_as_they_are_normalised(proposed: md.ProposalResult) -> None:
    assert proposed.choices["backbone"] == "none" and "width" not in proposed.choices
    frame = proposed.frame()
    assert len(frame) == 16 and frame["arrangement"].nunique() == 16
    assert "of length one" in frame["arrangement"].iloc[0] or "cosine" in frame["arrangement"].iloc[0], "lengths say nothing here"


def test_the_sentence_has_the_numbers_of_the_best_and_of_the_usual_and_how_many(proposed: md.ProposalResult) -> None:
    found, sentence = proposed.found, proposed.found.sentence
    assert sentence.startswith("On validation classes, 5-way 5-shot: ") and "n = 20 tasks of" in sentence
    for place in (found.best, found.other):
        assert f"{found.values[place, 1].mean():.1f} %" in sentence
    assert "prototypes through a network trained here (MLP-8)" in sentence and found.runs[found.other].backbone.backbone == "mlp"
    gain = (found.values[found.best, 1] - found.values[found.other, 1]).mean()
    assert f"+{gain:.1f} points" in sentence or f"+{gain:.0f} points" in sentence


def test_what_is_proposed_is_a_run_that_can_be_trained(far: Dataset, proposed: md.ProposalResult) -> None:
    run = run_for(far, **proposed.choices)
    assert (run.evaluation.strategy, run.evaluation.n_query) == ("uniform", 2), "on tasks like those that it was chosen by"
    assert dataclasses.replace(proposed, tasks={"shots": (1, 2)}).command.endswith("--shots 1,2")
    assert "--strategy uniform" in proposed.command and "--n-query 2" in proposed.command
    best = proposed.found.runs[proposed.found.best]
    assert (run.learner, run.backbone, run.normalise, run.distance) == (
        best.learner,
        best.backbone,
        best.normalise,
        best.distance,
    )


def test_what_test_classes_look_like_changes_no_proposal(tmp_path: Path, far: Dataset, proposed: md.ProposalResult) -> None:
    inputs, tests = far_features(), np.isin(far.class_of, far.split("family-0")["test"])
    inputs[tests] = np.random.default_rng(1).permutation(inputs[tests])
    other = md.propose(write_vectors(Workspace(tmp_path), inputs=inputs), progress=False, **SMALL)
    assert np.array_equal(other.found.values, proposed.found.values)


def test_a_second_asking_reads_the_first(far: Dataset, proposed: md.ProposalResult, capsys: pytest.CaptureFixture) -> None:
    again = ["--width", "8", "--backbone-episodes", "20", "--strategy", "uniform", "--n-query", "2", "--n-tasks", "20"]
    assert main(["propose", "--dataset", "vectors", *again, "--workspace", str(far.workspace.root)]) == 0
    printed = capsys.readouterr().out
    assert proposed.found.sentence in printed and proposed.command in printed
    store = RunStore(far.workspace)
    run = store.get(proposed.digest)
    assert run is not None and read_proposal(run, store).sentence == proposed.found.sentence
    assert sum(run.kind == "proposal" for run in store.runs()) == 1


def test_images_are_proposed_what_suits_images(tiny: Dataset) -> None:
    spec = proposal_for(tiny, backbone_episodes=5, width=4)
    assert {run.backbone.backbone for run in spec.runs} == {"conv4"} and len(spec.needs) == 1
    assert {run.learner for run in spec.runs} == {"prototypical", "logistic"}


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ((), "at least one arrangement"),
        ((tiny_run(learner="maml"),), "nothing to train"),
        ((tiny_run(), tiny_run(evaluation=tiny_evaluation(n_way=3))), "the same tasks"),
    ],
)
def test_a_proposal_of_other_runs_is_refused(runs, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        ProposalSpec(runs)
    assert one_sentence(str(refused.value))


# --- real features -----------------------------------------------------------------------------------------------------------------


class Texts(list):
    """What the words of are counted at once."""

    def pieces(self) -> Iterator[list[str]]:
        yield list(self)


def features_made_elsewhere(texts: Sequence[str]) -> np.ndarray:
    """[R, 256] from all texts, those of test intents too, and from no label: as a network that saw such texts before would make them."""
    return fit(Texts(texts), np.ones(len(texts), dtype=bool), 256, lambda fraction: None)(list(texts))


@needs_clinc
def test_centred_logistic_regression_on_real_features_tells_new_intents_apart(tmp_path: Path) -> None:
    """5-way 5-shot. Fitted on the texts of training intents alone, as ``--backbone tfidf`` is, such features give 91.3 %."""
    workspace = Workspace(tmp_path)
    data = clinc(workspace, 60, "vector", "class_name", features_made_elsewhere)
    choices = {"backbone": "none", "learner": "logistic", "normalise": "centred-l2", "strategy": "uniform"}
    run = run_for(data, shots=(5,), ways=(), n_episodes=100, **choices)
    manifest = draw(data, run.evaluation.episodes(run.split, "test"))
    correct = Arm(run, data, train(run.backbone, workspace)).evaluate(manifest)
    assert 100 * correct.mean() / (manifest.n_way * manifest.n_query) >= 92
