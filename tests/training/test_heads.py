"""Heads trained all at once are the heads trained one by one: the same tasks, the same rule for stopping, the same answers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.training.arms import Arm, encode_sources, fit
from metadash.training.check import check
from metadash.training.heads import Heads, fit_heads
from metadash.training.progress import History, Stopped
from metadash.training.run import train
from metadash.training.store import Run
from metadash.training.subsets import HeadsSpec, SourceArm, run_of
from metadash.workspace import Workspace
from tests.builders import GOOD_SOURCES, one_sentence, tiny_evaluation, tiny_run

SOURCES = ("place", "size", "holes")  # the last is missing for every fourth class
RUN = tiny_run(SOURCES, dropout=0.0, steps=200, patience=2, evaluation=tiny_evaluation(n_episodes=60))
SPEC = HeadsSpec(RUN)
FULL = 2 ** len(SOURCES) - 1


@pytest.fixture(scope="module")
def backbone(tiny_workspace: Workspace) -> Run:
    return train(RUN.backbone, tiny_workspace)


@pytest.fixture(scope="module")
def test_episodes(tiny: Dataset) -> Any:
    return draw(tiny, RUN.evaluation.episodes(RUN.split, "test"))


def fitted(spec: HeadsSpec, arms: list[SourceArm], tiny: Dataset, backbone: Run) -> tuple[Heads, Any]:
    heads = Heads(spec, arms, tiny, backbone)
    return heads, fit_heads(heads, History())


@pytest.fixture(scope="module")
def all_heads(tiny: Dataset, backbone: Run, test_episodes: Any) -> Any:
    arms = [arm for arm in SPEC.arms if arm.mask]
    heads, found = fitted(SPEC, arms, tiny, backbone)
    return arms, found, heads.count(test_episodes)[0]


@pytest.mark.parametrize(
    "arm",
    [SourceArm(FULL), SourceArm(0b101), SourceArm(FULL, "shuffled", 0b100), SourceArm(FULL, "shuffled", FULL)],
    ids=["all", "two", "one shuffled", "all shuffled"],
)
def test_a_head_of_the_stack_is_the_ordinary_run_of_its_arm(
    arm: SourceArm, all_heads: Any, tiny: Dataset, backbone: Run, test_episodes: Any
) -> None:
    arms, found, correct = all_heads
    here = arms.index(arm)
    alone = Arm(run_of(RUN, arm), tiny, backbone)
    one = fit(alone, History())
    assert found["steps"][here] == one["steps"] and found["best_step"][here] == one["best_step"]
    assert found["validation_accuracy"][here] == pytest.approx(one["validation_accuracy"], abs=0.05)
    difference = correct[here].astype(int) - alone.evaluate(test_episodes)
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.01


def test_heads_stop_at_different_steps_so_that_the_stack_has_shrunk(all_heads: Any) -> None:
    assert len(set(all_heads[1]["steps"])) > 1


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_head_does_not_depend_on_the_heads_beside_it(dropout: float, tiny: Dataset, backbone: Run, test_episodes: Any) -> None:
    spec = HeadsSpec(replace(RUN, dropout=dropout, steps=100))
    some = [SourceArm(0b011), SourceArm(0b001, "shuffled", 0b001)]
    every = [arm for arm in spec.arms if arm.mask]
    few, many = fitted(spec, some, tiny, backbone), fitted(spec, every, tiny, backbone)
    rows = [every.index(arm) for arm in some]
    assert few[1]["steps"].tolist() == many[1]["steps"][rows].tolist()
    difference = few[0].count(test_episodes)[0].astype(int) - many[0].count(test_episodes)[0][rows]
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.01


def test_a_falsified_source_is_the_only_thing_that_differs_in_its_arm(tiny: Dataset, backbone: Run) -> None:
    arms = [SourceArm(FULL), SourceArm(FULL, "shuffled", 0b010)]
    real, wrong = Heads(SPEC, arms, tiny, backbone).encoded
    assert real[0] is wrong[0] and real[2] is wrong[2]
    assert not np.array_equal(real[1].vectors, wrong[1].vectors)
    ordinary = encode_sources(run_of(RUN, arms[1]), tiny)
    assert all(np.array_equal(one.vectors, other.vectors) for one, other in zip(wrong, ordinary, strict=True))


# --- as a run ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tiny_workspace: Workspace) -> Run:
    return train(HeadsSpec(replace(RUN, steps=100)), tiny_workspace)


def test_every_arm_has_its_scores_in_the_order_of_the_spec(stored: Run) -> None:
    spec = stored.spec
    assert isinstance(spec, HeadsSpec)
    frame, correct = stored.frame("arms"), stored.array("correct")
    assert [SourceArm(*row) for row in frame[["mask", "control", "falsified"]].to_numpy().tolist()] == spec.arms
    assert correct.shape == (len(spec.arms), len(RUN.evaluation.shots), 60) and correct.dtype == np.uint8
    assert frame["accuracy"].to_numpy() == pytest.approx(correct.mean(axis=(1, 2)) / 25 * 100)


def test_the_empty_subset_is_the_plain_prototype(stored: Run, tiny_workspace: Workspace) -> None:
    plain = train(run_of(RUN, SourceArm(0)), tiny_workspace)
    scores = plain.scores().sort_values(["shot", "episode"])["correct"].to_numpy().reshape(len(RUN.evaluation.shots), -1)
    assert np.array_equal(stored.array("correct")[0], scores)
    assert stored.summary["manifest"] == plain.summary["manifest"]


def test_the_same_spec_gives_the_same_numbers_again(stored: Run, own_workspace: Workspace) -> None:
    torch.manual_seed(3)
    assert np.array_equal(train(stored.spec, own_workspace).array("correct"), stored.array("correct"))


def test_it_can_be_stopped(own_workspace: Workspace) -> None:
    with pytest.raises(Stopped):
        train(SPEC, own_workspace, lambda step, metrics: metrics["phase"] == "training the heads" and step >= 3)


# --- specs -------------------------------------------------------------------------------------------------------------------


def test_all_subsets_and_each_control_once() -> None:
    arms = HeadsSpec(tiny_run(GOOD_SOURCES), controls=("noise", "shuffled")).arms
    assert len(arms) == len(set(arms)) == 8 + 2 * 7
    assert [arm.mask for arm in arms[:8]] == list(range(8))
    assert sum(arm.control == "shuffled" and arm.mask == 7 for arm in arms) == 4


def test_the_planned_arms_are_none_all_each_left_out_and_each_alone() -> None:
    masks = [arm.mask for arm in HeadsSpec(tiny_run(GOOD_SOURCES), "planned", ()).arms]
    assert masks == [0, 1, 2, 3, 4, 5, 6, 7]
    four = HeadsSpec(tiny_run((*GOOD_SOURCES, "flag")), "planned", ()).arms
    assert [arm.mask for arm in four] == [0, 1, 2, 4, 7, 8, 11, 13, 14, 15]


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (tiny_run(GOOD_SOURCES, fusion="am3"), "train arm by arm"),
        (tiny_run(GOOD_SOURCES, learner="matching"), "train arm by arm"),
        (tiny_run(), "train arm by arm"),
        (tiny_run(GOOD_SOURCES, control="noise"), "start from a run with real metadata"),
        (tiny_run(GOOD_SOURCES, source_dropout=0.5), "no source dropout"),
        (tiny_run(tuple(f"s{i}" for i in range(12))), "12 sources have 4096 subsets"),
    ],
)
def test_runs_that_cannot_be_stacked_are_refused(run: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        HeadsSpec(run)
    one_sentence(caught.value)


def test_an_unknown_control_is_refused() -> None:
    with pytest.raises(BadInput, match="The control is 'mirrored'"):
        HeadsSpec(RUN, controls=("mirrored",))


def test_a_source_that_is_empty_is_refused_before_anything_is_trained(tiny: Dataset) -> None:
    with pytest.raises(BadInput, match="'nothing' is empty"):
        check(HeadsSpec(tiny_run(("place", "nothing"))), tiny)
