"""Whatever gives features of a data set is the same to what reads them: a backbone trained here, texts counted, the inputs themselves."""

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.kinds import run_digest
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import as_options, folded, run_for
from metadash.specs.features import EncodedSpec, FeaturesSpec
from metadash.specs.run import BackboneSpec
from metadash.training.features.fresh import fresh_features
from metadash.training.features.stored import features_of, network_inputs
from metadash.training.scorable import spread_of
from metadash.workspace import Workspace
from tests.builders import (
    N_CLASSES,
    PER_CLASS,
    one_sentence,
    tiny_sentences,
    tiny_vectors,
    write_sentences,
    write_tiny,
    write_vectors,
)

SMALL = {"n_episodes": 60, "steps": 30, "shots": (1, 5), "n_way": 5, "n_query": 5}


@pytest.fixture(scope="module")
def sentences(workspace: Workspace) -> Dataset:
    return write_sentences(workspace)


def instances_of(data: Dataset, role: str) -> np.ndarray:
    return np.isin(data.class_of, data.split("family-0")[role])


def accuracy(run) -> float:
    scores = run.scores()
    scores = scores[scores["n_way"] == scores["n_way"].max()]
    return 100 * scores["correct"].sum() / scores["queries"].sum()


# --- an encoder is a run of its own kind --------------------------------------------------------------------------------------


def test_what_a_frozen_network_makes_of_inputs_is_made_once_for_every_split(
    workspace: Workspace, sentences: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Splits differ in the one number that features are divided by."""
    asked: list[int] = []

    def lengths(inputs, train, width, tick):
        assert not train.any(), "it fits nothing"
        asked.append(len(inputs))
        return lambda rows: np.array([[len(text), text.count("e"), 1.0] for text in rows], dtype=np.float32)

    monkeypatch.setattr("metadash.networks.encoders.minilm.fit", lengths)
    runs = [train(FeaturesSpec("sentences", split, "minilm"), workspace) for split in sentences.split_names[:2]]
    (once,) = RunStore(workspace).runs("encoded")
    assert len(asked) == 1 and once.spec == EncodedSpec("sentences", "minilm")
    for run, split in zip(runs, sentences.split_names, strict=False):
        made = once.array("embeddings")
        members = np.isin(sentences.class_of, sentences.split(split)["train"])
        np.testing.assert_array_equal(features_of(run), made / np.float32(spread_of(made[members])))
    assert not np.array_equal(*(features_of(run) for run in runs))
    with pytest.raises(BadInput, match="is no frozen network"):
        EncodedSpec("sentences", "tfidf")


def test_an_encoder_asked_for_twice_is_one_run_of_the_kind_features_without_scores(
    workspace: Workspace, sentences: Dataset
) -> None:
    spec = FeaturesSpec("sentences", "family-0", "tfidf", 32)
    first = train(spec, workspace)
    second = train(run_for(sentences, backbone="tfidf", width=32).backbone, workspace)
    assert first.kind == "features" and first.digest == second.digest and first.about["created"] == second.about["created"]
    assert first.spec == spec and "weights.safetensors" not in first.about["files"]
    with pytest.raises(BadInput, match="has no scores"):
        first.scores()
    assert features_of(first).shape == (N_CLASSES * PER_CLASS, 32) and features_of(first).dtype == np.float32


def test_a_learner_s_run_on_an_encoder_is_read_back_as_the_spec_it_was(workspace: Workspace, sentences: Dataset) -> None:
    spec = run_for(sentences, ["place"], **SMALL)
    train(spec, workspace)
    stored = RunStore(workspace).get(run_digest(spec, sentences))
    assert stored is not None and stored.spec == spec and isinstance(stored.spec.backbone, FeaturesSpec)


def test_no_backbone_means_the_vectors_themselves_up_to_one_scale(workspace: Workspace, vectors: Dataset) -> None:
    run = train(run_for(vectors, backbone="none").backbone, workspace)
    found, train_rows = np.array(features_of(run)), instances_of(vectors, "train")
    np.testing.assert_allclose(found * tiny_vectors()[train_rows].std(), tiny_vectors(), rtol=1e-5)
    assert abs(float(found[train_rows].std()) - 1) < 1e-5


# --- what it is fitted on -----------------------------------------------------------------------------------------------------


def test_texts_of_test_and_validation_classes_change_no_feature_of_the_training_texts(tmp_path) -> None:
    spoken = tiny_sentences()
    workspaces = [Workspace(tmp_path / name) for name in ("as they are", "changed")]
    data = write_sentences(workspaces[0])
    seen = instances_of(data, "train")
    write_sentences(
        workspaces[1], inputs=[text if kept else f"{text} zebra ünïcode quix" for text, kept in zip(spoken, seen, strict=True)]
    )
    one, other = (np.array(features_of(train(FeaturesSpec("sentences", "family-0", "tfidf"), w))) for w in workspaces)
    np.testing.assert_array_equal(one[seen], other[seen])


def test_texts_of_training_classes_do_change_the_features_of_all(tmp_path) -> None:
    spoken = tiny_sentences()
    workspaces = [Workspace(tmp_path / name) for name in ("as they are", "changed")]
    data = write_sentences(workspaces[0])
    seen = instances_of(data, "train")
    write_sentences(workspaces[1], inputs=[f"{text} again" if kept else text for text, kept in zip(spoken, seen, strict=True)])
    one, other = (np.array(features_of(train(FeaturesSpec("sentences", "family-0", "tfidf"), w))) for w in workspaces)
    assert not np.allclose(one[~seen], other[~seen])


def test_each_fold_has_an_encoder_of_its_own(sentences: Dataset) -> None:
    runs = folded(sentences, run_for(sentences, ["place"], backbone="tfidf"), 4)
    assert [run.backbone for run in runs] == [FeaturesSpec("sentences", run.split, "tfidf") for run in runs]
    assert len({run_digest(run.backbone, sentences) for run in runs}) == 4


# --- the same to everybody above ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", ["prototypical", "r2d2", "maml"])
def test_a_light_head_learns_on_any_features(workspace: Workspace, sentences: Dataset, vectors: Dataset, learner: str) -> None:
    options = {"prototypical": {}, "maml": {"options": (("inner_steps", 3),)}}.get(learner, {})
    for data, name in ((sentences, "tfidf"), (sentences, "mlp"), (vectors, "none"), (vectors, "mlp")):
        spec = run_for(data, backbone=name, learner=learner, strategy="uniform", **SMALL, **options)
        assert accuracy(train(spec, workspace)) > 30, (data.name, name)  # chance is 20


def test_equal_features_give_equal_numbers_whoever_made_them(workspace: Workspace, vectors: Dataset, monkeypatch) -> None:
    """A light head knows nothing of where its features come from: those of a backbone, given as vectors and taken as they are, score the
    same answers."""
    trained = run_for(vectors, ["place"], **SMALL)
    by_backbone = train(trained, workspace)
    again = write_vectors(workspace, "given", inputs=np.array(features_of(train(trained.backbone, workspace))))
    by_nothing = train(run_for(again, ["place"], backbone="none", **SMALL), workspace)
    assert isinstance(trained.backbone, BackboneSpec)
    pairs = [run.scores().sort_values(["n_way", "shot", "episode"])["correct"].to_numpy() for run in (by_backbone, by_nothing)]
    assert (pairs[0] == pairs[1]).mean() > 0.99  # the spread, divided by once more, is one but for rounding


def test_a_network_over_texts_reads_their_counts_and_trains_end_to_end(workspace: Workspace, sentences: Dataset) -> None:
    spec = run_for(sentences, ["place"], mode="full", strategy="uniform", **SMALL)
    assert isinstance(spec.backbone, BackboneSpec) and (spec.backbone.backbone, spec.backbone.reads) == ("mlp", "tfidf")
    run, backbone = train(spec, workspace), train(spec.backbone, workspace)
    below = train(FeaturesSpec("sentences", "family-0", "tfidf"), workspace)
    np.testing.assert_array_equal(network_inputs(backbone, sentences), features_of(below))
    assert accuracy(run) > 30
    assert run.weights()["backbone.blocks.0.weight"].shape[1] == features_of(below).shape[1]
    assert run.history()["loss"].notna().any()


def test_features_that_are_gone_are_made_anew(tmp_path) -> None:
    import shutil

    workspace = Workspace(tmp_path)
    data = write_sentences(workspace)
    spec = run_for(data, backbone="mlp", backbone_episodes=5)
    backbone = train(spec.backbone, workspace)
    below = train(spec.backbone.needs[0], workspace)
    before = np.array(features_of(below))
    shutil.rmtree(below.folder)
    np.testing.assert_array_equal(network_inputs(backbone, data), before)


# --- every choice changes something, or is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "choices", "words"),
    [
        ("sentences", {"backbone": "conv4"}, "Conv-4 takes images, and 'sentences' holds texts"),
        (
            "sentences",
            {"backbone": "none"},
            "No backbone takes vectors, and 'sentences' holds texts; choose the backbone tfidf or minilm or mlp",
        ),
        ("vectors", {"backbone": "tfidf"}, "TF-IDF takes texts, and 'vectors' holds vectors; choose the backbone mlp or none"),
        ("vectors", {"backbone": "none", "width": 8}, "The width would be ignored"),
        ("sentences", {"backbone": "tfidf", "width": 1}, "width is 1; it must be from 2"),
        (
            "sentences",
            {"backbone": "tfidf", "backbone_episodes": 9},
            "backbone_episodes would be ignored by the backbone 'tfidf'",
        ),
        ("vectors", {"backbone": "none", "own_backbone": True}, "own_backbone would be ignored by the backbone 'none'"),
        ("vectors", {"backbone": "none", "mode": "full"}, "over the features 'none' there is none; use the mode quick"),
        ("sentences", {"backbone": "tfdif"}, "There is no backbone 'tfdif'; did you mean 'tfidf'"),
        ("sentences", {"learner": "centroid"}, "reads the inputs as numbers, and 'sentences' holds texts"),
        ("tiny", {"backbone": "none"}, "No backbone takes vectors, and 'tiny' holds images; choose the backbone conv4 or"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_computed(
    workspace: Workspace, sentences: Dataset, vectors: Dataset, data: str, choices: dict, words: str
) -> None:
    where = {"sentences": sentences, "vectors": vectors}.get(data) or write_tiny(workspace)
    with pytest.raises(BadInput) as refused:
        train(run_for(where, **choices), workspace)
    assert words in one_sentence(refused.value)


def test_choices_that_a_spec_names_give_it_again(sentences: Dataset, vectors: Dataset) -> None:
    for data, name in ((sentences, "tfidf"), (sentences, "mlp"), (vectors, "none"), (vectors, "mlp")):
        found = run_for(data, backbone=name).backbone
        assert run_for(data, **found.choices).backbone == found
    assert as_options(run_for(vectors, backbone="none").backbone.choices) == ["--backbone", "none"]
    assert as_options(run_for(vectors).backbone.choices)[-1] == "--own-backbone"


# --- texts that are in no data set ------------------------------------------------------------------------------------------------


def test_a_text_of_the_data_set_given_as_a_new_one_has_the_features_that_it_has_there(
    workspace: Workspace, sentences: Dataset
) -> None:
    rows = np.array([3, 700, 1100])
    for name in ("tfidf", "mlp"):
        run = train(run_for(sentences, backbone=name).backbone, workspace)
        np.testing.assert_allclose(
            fresh_features(run, sentences, sentences.inputs[rows]), features_of(run)[rows], rtol=1e-3, atol=1e-4
        )
