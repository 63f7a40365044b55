"""Sources of classes by pseudo-shots and sources of instances by FiLM in one learner; with one kind alone it is that fusion's run."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.learners.registry import LEARNERS, make
from metadash.runs.kinds import check
from metadash.runs.progress import History
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import modulating, usual_fusion, usual_strategy
from metadash.specs.subsets import MaskedSpec, SourceArm, run_of
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.training.evaluate import score
from metadash.training.modulated import by_row
from metadash.training.source_masking import any_masked
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run

APART = tiny_evaluation(strategy="disjoint", column="site", shots=(1, 2), n_query=3, n_episodes=40)
SOURCES = ("place", "size", "site")


def both(*sources: str, **changes: Any) -> RunSpec:
    given = sources or SOURCES
    values = {"fusion": BOTH, "modulating": tuple(s for s in given if s == "site"), "evaluation": APART, "steps": 40}
    return tiny_run(given, **{**values, **changes})


def arm_of(spec: RunSpec, data: Dataset, workspace: Workspace) -> Arm:
    arm = Arm(spec, data, train(spec.backbone, workspace))
    arm.learner.load_state_dict(train(spec, workspace).weights())
    arm.learner.eval()
    return arm


@pytest.mark.parametrize("name", [name for name, entry in LEARNERS.items() if BOTH in entry.fusions])
def test_every_learner_that_has_film_and_pseudo_shots_has_both_at_once(name: str, tiny_workspace: Workspace) -> None:
    rate = LEARNERS[name].learning_rate
    run = train(both("place", "site", learner=name, learning_rate=rate, steps=3), tiny_workspace)
    assert len(run.scores()) == 2 * 40 and len(run.summary["film_multipliers"]) == 2
    assert run.summary["kappa"] >= 0 and run.summary["read_at_test"] == ["place", "site"]


def test_classes_place_and_instances_modulate_and_neither_does_the_others_part() -> None:
    torch.manual_seed(0)
    learner = make("prototypical", nn.Identity(), 5, 3, source_dims=[4], instance_dims=[2, 3], fusion=BOTH)
    assert [layer.in_features for layer in learner.anchors.sources] == [4]
    assert learner.film is not None and learner.film.of_classes is None
    assert [layer.in_features for layer in learner.film.of_instances.sources] == [2, 3]  # type: ignore[union-attr]


def test_with_sources_of_one_kind_it_is_the_run_of_that_fusion() -> None:
    assert both("place", "size") == tiny_run(("place", "size"), evaluation=APART, steps=40)
    assert both("site") == tiny_run(("site",), fusion="film", evaluation=APART, steps=40)
    run = both()
    assert run.fusion == BOTH and run.modulating == ("site",)
    assert run_of(run, SourceArm(0b011)) == tiny_run(("place", "size"), evaluation=APART, steps=40)
    assert run_of(run, SourceArm(0b100)) == tiny_run(("site",), fusion="film", evaluation=APART, steps=40)
    assert run_of(run, SourceArm(0b101)) == both("place", "site")
    assert run_of(run, SourceArm(0)) == tiny_run(evaluation=APART, steps=40)


@pytest.mark.parametrize("run", [both(), both("site"), both(source_dropout=0.5, seed=1), both(distance="cosine")])
def test_every_subset_is_scored_as_the_learner_scores_it_alone(run: RunSpec, tiny: Dataset, tiny_workspace: Workspace) -> None:
    arm = arm_of(run, tiny, tiny_workspace)
    masked = train(MaskedSpec(run), tiny_workspace)
    tasks = RunStore(tiny_workspace).manifest(masked)
    slowly = any_masked(arm, MaskedSpec(run).masks, tasks, History())
    assert np.abs(masked.array("correct").astype(int) - slowly).max() <= 1
    whole = train(run, tiny_workspace).scores().sort_values(["shot", "episode"])["correct"].to_numpy().reshape(2, -1)
    assert np.array_equal(masked.array("correct")[-1], whole)


@pytest.mark.parametrize("run", [both(), both("site"), both("place", "site", distance="cosine")])
def test_modulating_each_instance_once_counts_as_modulating_it_in_every_task(
    run: RunSpec, tiny: Dataset, tiny_workspace: Workspace
) -> None:
    arm = arm_of(run, tiny, tiny_workspace)
    arm.learner.film.shift_multiplier.data.fill_(0.8)  # type: ignore[union-attr]
    assert by_row(arm.learner)
    for hide in (False, True):
        instances = [replace(source, on_queries=not hide) for source in arm.instances]
        arm.instances = instances
        table, position = arm.embeddings_of(np.arange(1))
        slowly = score(arm.learner, table, position, arm.validation, (1, 2), arm.encoded, instances)
        assert np.abs(arm.evaluate(arm.validation) - slowly).sum() <= 1  # a tie may fall either way


def test_its_map_shows_anchors_and_prototypes_of_what_the_learner_sees(tiny_workspace: Workspace) -> None:
    points = train(MapSpec(both(), episode=1, n_shot=2, background=60, perplexity=10), tiny_workspace).frame("points")
    assert (points["kind"] == "anchor").sum() == (points["kind"] == "prototype").sum() == 5
    query = points[points["kind"] == "query"]
    correct = train(both(), tiny_workspace).scores().set_index(["shot", "episode"])["correct"]
    assert (query["predicted"] == query["class_id"]).sum() == correct[2, 1]


def test_the_fusion_and_the_tasks_are_those_that_the_sources_ask_for(tiny: Dataset) -> None:
    for sources, fusion, strategy in (
        (("place", "size"), "pseudo-shots", "siblings"),
        (("site",), "film", "disjoint"),
        (("place", "site"), BOTH, "disjoint"),
        ((), "none", "siblings"),
    ):
        assert (usual_fusion(sources, tiny), usual_strategy(sources, tiny)) == (fusion, strategy)
    assert modulating(BOTH, ("place", "site"), tiny) == ("site",) and modulating("film", ("site",), tiny) == ()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            lambda: both("place", "size", modulating=("place",)),
            "'place' describes classes, and the fusion pseudo-shots+film places",
        ),
        (
            lambda: both("place", "site", modulating=()),
            "Use the fusion film (beside sources that describe classes, pseudo-shots+film)",
        ),
        (lambda: both("place", modulating=("site",)), "'site' is to modulate embeddings, and is not among"),
        (lambda: tiny_run(("place",), modulating=("place",)), "would be ignored by the fusion 'pseudo-shots'"),
        (lambda: both("place", "site", learner="logistic"), "'logistic' cannot take metadata in by the fusion"),
        (lambda: tiny_run((), fusion=BOTH), "needs at least one metadata source"),
        (
            lambda: AdaptationSpec(both("place", "site", learner="maml")),
            "are modulated by FiLM, which the steps here cannot show",
        ),
        (lambda: AdaptationSpec(both("site", learner="maml")), "choose one without FiLM"),
        (lambda: both("site", blur=(("site", "site", "withheld"),)), "only what describes classes can be blurred"),
    ],
)
def test_what_cannot_be_is_one_sentence(spec: Any, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as found:
        check(spec(), tiny)
    assert words in one_sentence(found.value)
