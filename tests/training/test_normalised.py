"""Frozen features reach heads as a run's ``normalise`` says: by meta-train alone, the same wherever they come from, and never without effect."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import metadash as md
from metadash.answers.stored_arms import names_of, stored_arms
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.registry import ENTRIES
from metadash.runs.kinds import run_digest, title_of
from metadash.runs.record import Run
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.normalising import normalisations_of
from metadash.training.evaluate import task_batch
from metadash.training.features.normalised import normaliser
from metadash.training.features.stored import features_of
from metadash.training.heads import Heads
from metadash.training.restored import restored
from metadash.training.trainer import Arm
from metadash.verbs.cli import main
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_vectors, write_vectors

SMALL: dict[str, Any] = {"n_episodes": 60, "steps": 10, "shots": (1, 5), "n_way": 5, "n_query": 5, "backbone": "none"}
CHOICES = ("none", "centred", "l2", "centred-l2")


def backbone_of(data: Dataset) -> Run:
    return train(run_for(data, **SMALL).backbone, data.workspace)


# --- what it does --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", CHOICES)
def test_features_are_centred_and_of_one_length_by_meta_train(how: Any, vectors: Dataset) -> None:
    arm = Arm(run_for(vectors, learner="r2d2", normalise=how, **SMALL), vectors, backbone_of(vectors))
    seen = np.isin(vectors.class_of, vectors.split("family-0")["train"])
    raw, found = np.array(features_of(backbone_of(vectors))), arm.stored
    expected = raw - raw[seen].mean(axis=0) if "centred" in how else raw
    if "l2" in how:
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        expected /= expected[seen].std()
        assert np.ptp(np.linalg.norm(found, axis=1)) < 1e-4
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert found.dtype == np.float32 and (how != "none" or np.array_equal(found, raw))


def test_what_test_classes_look_like_moves_no_training_feature(tmp_path) -> None:
    found = []
    for name, shift in (("as it is", 0.0), ("shifted", 50.0)):
        data = write_vectors(Workspace(tmp_path / name))
        seen = np.isin(data.class_of, data.split("family-0")["train"])
        inputs = tiny_vectors()
        inputs[~seen] += shift
        data = write_vectors(Workspace(tmp_path / f"{name} too"), inputs=inputs)
        found.append(Arm(run_for(data, normalise="centred-l2", **SMALL), data, backbone_of(data)).stored[seen])
    np.testing.assert_array_equal(*found)


def test_a_row_of_zeros_stays_one() -> None:
    rows = np.float32([[0, 0], [3, 4], [4, -3]])
    found = normaliser("l2", rows[1:])(rows)
    assert np.isfinite(found).all() and not found[0].any()


def test_what_a_learner_usually_reads_is_what_it_always_read(vectors: Dataset) -> None:
    raw = np.array(features_of(backbone_of(vectors)))
    centre = raw[np.isin(vectors.class_of, vectors.split("family-0")["train"])].mean(axis=0)
    for name, expected in (("prototypical", raw), ("logistic", raw), ("maml", raw - centre), ("meta-lstm", raw - centre)):
        assert np.array_equal(Arm(run_for(vectors, learner=name, **SMALL), vectors, backbone_of(vectors)).stored, expected), name


# --- where it reaches -----------------------------------------------------------------------------------------------------------


def test_metadata_s_anchors_start_among_the_normalised_features(vectors: Dataset) -> None:
    run = run_for(vectors, ["place"], normalise="centred-l2", **SMALL)
    backbone = backbone_of(vectors)
    arm, heads = Arm(run, vectors, backbone), Heads([run], (0,), vectors, backbone)
    seen = np.isin(vectors.class_of, vectors.split("family-0")["train"])
    mean = arm.stored[seen].mean(axis=0)
    np.testing.assert_allclose(arm.learner.anchors.anchor.bias.detach().numpy(), mean, atol=1e-6)
    np.testing.assert_allclose(heads.stack.parameters["anchor.bias"][0, 0].detach().numpy(), mean, atol=1e-6)
    assert np.array_equal(heads.stored, arm.stored.astype(np.float64))


@pytest.mark.parametrize("learner", ["prototypical", "logistic", "r2d2", "matching", "baseline", "protomaml"])
def test_metadata_of_strength_zero_is_the_plain_learner_to_the_last_bit(learner: str, vectors: Dataset) -> None:
    choices = {"learner": learner, "normalise": "centred-l2", **SMALL}
    with_place = run_for(vectors, ["place"], **choices)
    plain = replace(with_place, sources=(), fusion="none", normalise="centred" if learner == "matching" else "centred-l2")
    informed, bare = (Arm(run, vectors, backbone_of(vectors)) for run in (with_place, plain))
    if learner == "matching":  # which lengths its keys have makes no difference, and is refused without metadata
        bare.inputs = informed.inputs
    for module in informed.learner.modules():
        if hasattr(module, "strength"):
            module.strength.weight.data.zero_()
            module.strength.bias.data.fill_(-torch.inf)
    informed.learner.eval(), bare.learner.eval()
    tasks = informed.validation[:20]
    with torch.no_grad():
        found = informed.learner(task_batch(informed.inputs, tasks, informed.context(tasks)))
        assert torch.equal(found, bare.learner(task_batch(bare.inputs, tasks)))


@pytest.mark.parametrize("how", CHOICES)
def test_new_examples_are_seen_as_those_of_the_test_were(how: str, vectors: Dataset) -> None:
    run = md.train(vectors, learner="baseline", normalise=how, progress=False, **SMALL)
    store = RunStore(vectors.workspace)
    arm, task = restored(run.spec, vectors, run.run, store), store.manifest(run.run)[0:1]
    with torch.no_grad():
        expected = arm.learner(task_batch(arm.inputs, task))[0].double().softmax(-1).numpy()
    shown = {f"class {place}": vectors.inputs[rows] for place, rows in enumerate(task.support[0])}
    found = run.predict(shown, vectors.inputs[task.query.ravel()])
    np.testing.assert_allclose(found[list(shown)], expected, atol=2e-3)


def test_heads_and_single_learners_count_the_same_on_normalised_features(vectors: Dataset) -> None:
    run = run_for(vectors, ["place"], normalise="centred-l2", **SMALL)
    found = train(run, vectors.workspace)
    arm = restored(run, vectors, found, RunStore(vectors.workspace))
    again = arm.evaluate(RunStore(vectors.workspace).manifest(found))
    stored = found.scores().query("n_way == 5").pivot(index="shot", columns="episode", values="correct").to_numpy()
    assert np.abs(again - stored).mean() < 0.05


# --- it changes something, or is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_each_choice_makes_another_run_or_is_refused_in_a_sentence(name: str, vectors: Dataset) -> None:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    sources = ["place"] if entry.needs_metadata else []
    options = (("feat_start", "paper"),) if name == "feat" else ()  # untrained it is prototypes, which centring does not move
    seen = {}
    for how in CHOICES:
        try:
            run = run_for(vectors, sources, learner=name, normalise=how, options=options, **SMALL)
        except BadInput as refused:
            assert one_sentence(str(refused)) and "would be ignored" in str(refused)
            continue
        seen[how] = Arm(run, vectors, backbone_of(vectors))
    assert tuple(sorted(seen)) == tuple(sorted(normalisations_of(seen[entry.normalise].spec)))
    assert len({run_digest(arm.spec, vectors) for arm in seen.values()}) == len(seen) >= 1
    if not entry.reads_embeddings:
        assert list(seen) == ["none"]
        return
    tasks = seen["none"].validation[:30]
    with torch.no_grad():
        answers = {}
        for how, arm in seen.items():
            arm.learner.eval()
            answers[how] = arm.learner(task_batch(arm.inputs, tasks, arm.context(tasks))).softmax(-1)
    pairs = [(one, other) for one in answers for other in answers if one < other]
    for one, other in pairs:
        assert not torch.allclose(answers[one], answers[other], atol=1e-6), (one, other)


def test_what_is_usual_said_aloud_is_the_same_run(vectors: Dataset) -> None:
    for name, usual in (("prototypical", "none"), ("maml", "centred")):
        assert run_for(vectors, learner=name, normalise=usual, **SMALL) == run_for(vectors, learner=name, **SMALL)


def test_end_to_end_there_is_nothing_frozen_to_normalise(vectors: Dataset) -> None:
    choices = {**SMALL, "backbone": "mlp", "mode": "full"}
    assert run_for(vectors, normalise="none", **choices) == run_for(vectors, **choices)
    with pytest.raises(BadInput, match="would be ignored in the mode full") as refused:
        run_for(vectors, normalise="l2", **choices)
    assert one_sentence(str(refused.value))


# --- how it is asked for, and what it is called -----------------------------------------------------------------------------------


def test_the_command_line_asks_for_it_and_compare_names_it(vectors: Dataset, capsys: pytest.CaptureFixture) -> None:
    choices = ["--dataset", "vectors", "--backbone", "none", "--n-episodes", "60", "--shots", "1,5", "--n-query", "5"]
    for how in ("none", "centred-l2"):
        main(["train", *choices, "--normalise", how, "--workspace", str(vectors.workspace.root)])
    assert "on centred features of length one" in capsys.readouterr().out
    assert "features" not in title_of(run_for(vectors, **SMALL))
    arms = [arm for arm in stored_arms(RunStore(vectors.workspace).runs())[0] if arm.spec.learner == "prototypical" and arm.plain]
    alike = [arm for arm in arms if arm.spec.steps == run_for(vectors, backbone="none").steps]
    names = sorted(names_of(alike).values())
    assert names == ["no metadata, centred features of length one", "no metadata, features as usual"]
