"""FiLM and the auxiliary loss from spec to scores: who may read what, and when."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.learners.core.options import read_options
from metadash.learners.registry import LEARNERS
from metadash.runs.kinds import check
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import MapSpec
from metadash.training.evaluate import score
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, INSTANCE_SOURCES, one_sentence, tiny_description, tiny_evaluation, tiny_run, write_tiny

SECRET = Source("secret", "class", ("corner",), available_at_prediction=False, sensitive=True)
HAND = Source("hand", "instance", ("site",), available_at_prediction=False)
BLANK = Source("blank", "instance", ("blank",))
APART = tiny_evaluation(strategy="disjoint", column="site", shots=(1, 2), n_query=3, n_episodes=40)
NAMES = [name for name, entry in LEARNERS.items() if "film" in entry.fusions]
FEW = tiny_evaluation(n_episodes=6, shots=(1,), n_query=2)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """*tiny* with sources that are not available at prediction."""
    workspace = Workspace(tmp_path_factory.mktemp("fusion"))
    write_tiny(workspace, description=tiny_description(sources=(*CLASS_SOURCES, *INSTANCE_SOURCES, SECRET, HAND, BLANK)))
    return workspace


@pytest.fixture
def data(workspace: Workspace) -> Dataset:
    return Dataset.open(workspace, "tiny")


def film(*sources: str, **changes: Any) -> RunSpec:
    return tiny_run(sources, **{"fusion": "film", "evaluation": APART, "steps": 20, **changes})


def taught(**changes: Any) -> RunSpec:
    return tiny_run(("secret", "size"), **{"fusion": "auxiliary", "mode": "full", "steps": 30, "evaluation": FEW, **changes})


def arm_of(spec: RunSpec, data: Dataset, workspace: Workspace) -> Arm:
    arm = Arm(spec, data, train(spec.backbone, workspace))
    arm.learner.load_state_dict(train(spec, workspace).weights())
    return arm


# --- FiLM --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_learner_trains_with_what_describes_classes_and_instances(name: str, workspace: Workspace) -> None:
    options = {"reptile": "inner_lr=0.1, eval_steps=3"}.get(name, "")
    rate = LEARNERS[name].learning_rate
    run = train(film("place", "site", learner=name, options=read_options(options), learning_rate=rate, steps=6), workspace)
    assert len(run.scores()) == 2 * 40
    scale, shift = run.summary["film_multipliers"]
    assert run.summary["best_step"] == 0 or (scale, shift) != (0, 0)
    assert run.summary["read_at_test"] == ["place", "site"]
    assert "kappa" not in run.summary and not (run.folder / "anchors.parquet").exists()


@pytest.mark.parametrize("name", ["relation", "maml", "reptile"])
def test_also_end_to_end(name: str, workspace: Workspace) -> None:
    options = read_options("eval_steps=2" if name == "reptile" else "")
    run = train(film("site", learner=name, options=options, mode="full", steps=1, evaluation=FEW), workspace)
    assert len(run.scores()) == 6 and len(run.summary["film_multipliers"]) == 2


def test_the_same_spec_learns_the_same_and_another_seed_or_control_something_else(workspace: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path)
    write_tiny(other, description=tiny_description(sources=(*CLASS_SOURCES, *INSTANCE_SOURCES, SECRET, HAND, BLANK)))
    spec = film("site", learner="matching")
    again, seed, shuffled = (spec, other), (replace(spec, seed=1), workspace), (replace(spec, control="shuffled"), workspace)
    losses = [train(*run).history()["loss"].dropna().tolist() for run in ((spec, workspace), again, seed, shuffled)]
    assert losses[0] and [found == losses[0] for found in losses[1:]] == [True, False, False]


def test_what_is_not_available_at_prediction_is_hidden_of_queries_in_training_as_at_test(
    workspace: Workspace, data: Dataset
) -> None:
    spec = film("site", "hand")
    arm = arm_of(spec, data, workspace)
    context = arm.context(arm.validation)
    assert context.support.present.all() and context.query.present[..., 0].all() and not context.query.present[..., 1].any()
    arm.learner.film.shift_multiplier.data.fill_(1.0)
    before, hand = arm.evaluate(arm.validation), arm.instances[1]
    on_query = np.zeros(len(data.class_of), dtype=bool)
    on_query[np.setdiff1d(arm.validation.query, arm.validation.support)] = True
    for rows, counts in ((on_query, False), (~on_query, True)):
        place = np.where(rows, np.roll(hand.place, 1), hand.place)
        changed = [arm.instances[0], type(hand)(hand.name, hand.table, place, hand.present, hand.features, hand.on_queries)]
        table, position = arm.embeddings_of(np.arange(len(data.class_of)))
        found = score(arm.learner, table, position, arm.validation, (1, 2), [], changed)
        assert np.array_equal(found, before) != counts


def test_source_dropout_hides_sources_of_classes_and_of_instances(workspace: Workspace, data: Dataset) -> None:
    arm = Arm(film("place", "site", source_dropout=0.5), data, train(film("site").backbone, workspace))
    seen: list[Any] = []
    original = arm.learner.loss
    arm.learner.loss = lambda *given: (seen.append(given[0].context), original(*given))[1]  # type: ignore[method-assign]
    arm.loss(arm.validation[:200], 0.0)
    (context,) = seen
    of_class, on_support, on_query = (
        x.flatten(1).all(1) for x in (context.present, context.support.present, context.query.present)
    )
    assert 0.35 < of_class.float().mean() < 0.65 and 0.35 < on_support.float().mean() < 0.65
    assert torch.equal(on_support, on_query) and not torch.equal(of_class, on_support)


def test_a_map_shows_prototypes_of_what_the_learner_sees_and_no_anchors(workspace: Workspace, data: Dataset) -> None:
    spec = film("site", steps=60, learning_rate=0.05)
    points = train(MapSpec(spec, episode=1, n_shot=2, background=60, perplexity=10), workspace).frame("points")
    counts = points["kind"].value_counts().to_dict()
    assert counts == {"instance": 60, "support": 10, "query": 15, "plain prototype": 5, "prototype": 5}
    query = points[points["kind"] == "query"]
    correct = train(spec, workspace).scores().set_index(["shot", "episode"])["correct"]
    assert (query["predicted"] == query["class_id"]).sum() == correct[2, 1]
    from metadash.training.projection import gather

    store = RunStore(workspace)
    frame, vectors = gather(MapSpec(spec, episode=1, n_shot=2, background=60, perplexity=10), data, train(spec, workspace), store)
    kind = frame["kind"].to_numpy()
    assert vectors[kind == "prototype"] == pytest.approx(vectors[kind == "support"].reshape(5, 2, -1).mean(axis=1), abs=1e-5)
    assert not np.allclose(vectors[kind == "prototype"], vectors[kind == "plain prototype"])


# --- the auxiliary loss ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prototypical", "relation", "protomaml", "reptile"])
def test_a_learner_is_taught_what_it_is_not_told_at_test(name: str, workspace: Workspace) -> None:
    options = read_options("eval_steps=2" if name == "reptile" else "")
    run = train(taught(learner=name, options=options, steps=1), workspace)
    assert run.summary["read_at_test"] == [] and "kappa" not in run.summary
    assert len(run.scores()) == 6 and not (run.folder / "anchors.parquet").exists()


def test_what_it_was_taught_is_gone_when_it_is_scored(workspace: Workspace, data: Dataset) -> None:
    spec = taught()
    arm = arm_of(spec, data, workspace)
    for source in arm.encoded:
        source.vectors[:] = np.nan
    manifest = RunStore(workspace).manifest(train(spec, workspace))
    expected = train(spec, workspace).scores().set_index(["shot", "episode"])["correct"].sort_index().to_numpy()
    assert np.array_equal(arm.evaluate(manifest)[0], expected)


def test_the_weight_counts_in_training(workspace: Workspace) -> None:
    stored = [load_file(train(taught(auxiliary_weight=w), workspace).folder / "weights.safetensors") for w in (0.1, 0.9)]
    assert any(not torch.equal(value, stored[1][name]) for name, value in stored[0].items() if name.startswith("backbone."))


def test_its_head_starts_at_the_mean_of_the_meta_train_classes_that_have_the_source(workspace: Workspace, data: Dataset) -> None:
    spec = tiny_run(("holes",), fusion="auxiliary", mode="full", evaluation=FEW)
    arm = Arm(spec, data, train(spec.backbone, workspace))
    members = data.split("family-0")["train"]
    known = arm.encoded[0].vectors[members[arm.encoded[0].present[members]]]
    assert len(known) < len(members)
    head = arm.learner.auxiliary
    assert head.sources[0].bias.detach().numpy() == pytest.approx(known.mean(axis=0), abs=1e-6)
    assert head.variance.item() == pytest.approx(known.var(axis=0).sum(), rel=1e-5)


def test_a_map_of_a_taught_learner_is_a_plain_one(workspace: Workspace) -> None:
    points = train(MapSpec(taught(), background=60, perplexity=10), workspace).frame("points")
    assert set(points["kind"]) == {"instance", "support", "query", "plain prototype"}
    query = points[points["kind"] == "query"]
    assert (query["predicted"] == query["plainly_predicted"]).all()


# --- what does not fit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (lambda: tiny_run(("site",)), "pseudo-shots read only sources that describe classes. Use the fusion film"),
        (lambda: tiny_run(("site",), fusion="am3"), "AM3's gate reads only sources that describe classes"),
        (lambda: replace(taught(), sources=("site",)), "the auxiliary loss predicts only sources that describe classes"),
        (lambda: tiny_run(("secret",)), "'secret' is not available at prediction, so it may only teach in training"),
        (lambda: film("secret"), "use the fusion auxiliary"),
        (lambda: film("blank"), "'blank' is empty for every instance of a meta-train class"),
        (lambda: film(), "The fusion 'film' needs at least one metadata source"),
        (
            lambda: tiny_run(("place",), fusion="none"),
            "choose the fusion pseudo-shots, am3, film, pseudo-shots+film or auxiliary",
        ),
        (lambda: taught(mode="quick"), "in quick mode the embedding is frozen"),
        (lambda: taught(auxiliary_weight=2.0), "auxiliary_weight is 2.0; it must be from 0.01 to 1"),
        (lambda: film("site", auxiliary_weight=0.3), "auxiliary_weight would be ignored by the fusion 'film'"),
        (lambda: film("site", learner="logistic"), "'logistic' cannot take metadata in by the fusion 'film'"),
        (lambda: film("site", learner="chance"), "'chance' reads no metadata; leave the sources out"),
        (lambda: taught(learner="baseline", mode="quick"), "'baseline' cannot take metadata in by the fusion 'auxiliary'"),
    ],
)
def test_what_cannot_be_is_one_sentence_before_anything_is_computed(spec: Any, words: str, data: Dataset) -> None:
    with pytest.raises(BadInput) as found:
        check(spec(), data)
    assert words in one_sentence(found.value)


def test_what_is_not_available_at_prediction_may_teach(data: Dataset) -> None:
    check(taught(), data)
    check(film("hand"), data)
