"""Heads trained all at once are the heads trained one by one: the same tasks, the same rule for stopping, the same answers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs.kinds import check
from metadash.runs.progress import History, Stopped
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, SourceArm, run_of
from metadash.specs.what_if import WhatIfSpec
from metadash.training.heads import Heads, fit_heads
from metadash.training.trainer import Arm, encode_sources, fit
from metadash.workspace import Workspace
from tests.builders import GOOD_SOURCES, one_sentence, tiny_evaluation, tiny_run

SOURCES = ("place", "size", "holes")  # the last is missing for every fourth class
RUN = tiny_run(SOURCES, dropout=0.0, learning_rate=1e-3, steps=200, patience=2, evaluation=tiny_evaluation(n_episodes=60))
SPEC = HeadsSpec(RUN)
FULL = 2 ** len(SOURCES) - 1


@pytest.fixture(scope="module")
def backbone(tiny_workspace: Workspace) -> Run:
    return train(RUN.backbone, tiny_workspace)


@pytest.fixture(scope="module")
def test_episodes(tiny: Dataset) -> Any:
    return draw(tiny, RUN.evaluation.episodes(RUN.split, "test"))


def fitted(runs: list[RunSpec], seeds: tuple[int, ...], tiny: Dataset, backbone: Run) -> tuple[Heads, dict[str, np.ndarray]]:
    heads = Heads(runs, seeds, tiny, backbone)
    return heads, fit_heads(heads, History())


def learned(run: RunSpec = RUN) -> list[RunSpec]:
    """The runs of every arm that trains."""
    return [run_of(run, arm) for arm in SPEC.arms if arm.mask]


@pytest.fixture(scope="module")
def all_heads(tiny: Dataset, backbone: Run, test_episodes: Any) -> Any:
    heads, found = fitted(learned(), (0,), tiny, backbone)
    return found, heads.count(test_episodes)[0][0]


@pytest.mark.parametrize(
    "arm",
    [SourceArm(FULL), SourceArm(0b101), SourceArm(FULL, "shuffled", 0b100), SourceArm(FULL, "shuffled", FULL)],
    ids=["all", "two", "one shuffled", "all shuffled"],
)
def test_a_head_of_the_stack_is_the_learner_that_trains_step_by_step(
    arm: SourceArm, all_heads: Any, tiny: Dataset, backbone: Run, test_episodes: Any
) -> None:
    """Against the plain module under plain autograd, in single precision: the same but for rounding."""
    found, correct = all_heads
    here = learned().index(run_of(RUN, arm))
    alone = Arm(run_of(RUN, arm), tiny, backbone)
    one = fit(alone, History())
    assert found["steps"][0, here] == one["steps"] and found["best_step"][0, here] == one["best_step"]
    assert one["best_step"] > 0 or arm != SourceArm(FULL), "nothing would have been learned"
    assert found["validation_accuracy"][0, here] == pytest.approx(one["validation_accuracy"], abs=0.05)
    difference = correct[here].astype(int) - alone.evaluate(test_episodes)
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.02


def test_heads_stop_at_different_steps_so_that_the_stack_has_shrunk(all_heads: Any) -> None:
    assert len(set(all_heads[0]["steps"][0])) > 1


def test_the_weights_that_stay_are_the_best_and_not_the_last(all_heads: Any, tiny: Dataset, backbone: Run) -> None:
    heads, found = fitted(learned(), (0,), tiny, backbone)
    assert (found["best_step"] < found["steps"]).any()
    validation = heads.arm.validation
    accuracy = heads.count(validation)[0].mean(axis=(2, 3)) / (validation.n_way * validation.n_query) * 100
    assert accuracy == pytest.approx(found["validation_accuracy"], abs=0.02)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_head_has_the_same_numbers_alone_and_among_all_others(
    dropout: float, tiny: Dataset, backbone: Run, test_episodes: Any
) -> None:
    run = replace(RUN, dropout=dropout)
    every, some = learned(run), [run_of(run, SourceArm(0b011)), run_of(run, SourceArm(0b001, "shuffled", 0b001))]
    many, found = fitted(every, (0,), tiny, backbone)
    beside, also = fitted([*some, every[-1]], (0, 1, 2), tiny, backbone)
    for place, one in enumerate(some):
        alone, own = fitted([one], (0,), tiny, backbone)
        here = every.index(one)
        counted = alone.count(test_episodes)[0][0, 0]
        assert np.array_equal(counted, many.count(test_episodes)[0][0, here])
        assert np.array_equal(counted, beside.count(test_episodes)[0][0, place])
        assert own["best_step"][0, 0] == found["best_step"][0, here] == also["best_step"][0, place]
    assert found["best_step"][0, every.index(some[0])] > 0, "nothing would have been learned"


def test_seeds_differ_in_more_than_their_start(tiny: Dataset, backbone: Run, test_episodes: Any) -> None:
    heads, _ = fitted([RUN], (0, 1), tiny, backbone)
    first, second = heads.count(test_episodes)[0][:, 0]
    assert not np.array_equal(first, second)
    assert np.array_equal(second, fitted([RUN], (1,), tiny, backbone)[0].count(test_episodes)[0][0, 0])


def test_a_falsified_source_is_the_only_thing_that_differs_in_its_arm(tiny: Dataset, backbone: Run) -> None:
    arms = [run_of(RUN, SourceArm(FULL)), run_of(RUN, SourceArm(FULL, "shuffled", 0b010))]
    ((real, wrong),) = Heads(arms, (0,), tiny, backbone).encoded
    assert real[0] is wrong[0] and real[2] is wrong[2]
    assert not np.array_equal(real[1].vectors, wrong[1].vectors)


@pytest.mark.parametrize("control", ["shuffled", "noise", "random-id", "constant"])
def test_what_an_arm_reads_is_what_its_run_reads_by_itself(control: str, tiny: Dataset, backbone: Run) -> None:
    arms = [SourceArm(FULL, control, 0b010), SourceArm(0b110, control, 0b110), SourceArm(FULL, control, FULL)]
    runs = [run_of(RUN, arm) for arm in arms]
    for run, encoded in zip(runs, Heads(runs, (3,), tiny, backbone).encoded[0], strict=True):
        ordinary = encode_sources(replace(run, seed=3), tiny)
        assert all(np.array_equal(one.vectors, other.vectors) for one, other in zip(encoded, ordinary, strict=True))
        assert all(np.array_equal(one.present, other.present) for one, other in zip(encoded, ordinary, strict=True))


def test_equal_questions_have_equal_numbers_whoever_asks(tiny: Dataset, own_workspace: Workspace) -> None:
    """A run by itself, one of a loop of several seeds, and an arm of an ablation with all others: to the last digit."""
    run = replace(RUN, dropout=0.5, steps=100)
    alone = train(replace(run, seed=1), own_workspace)
    ablated = train(HeadsSpec(replace(run, seed=1)), own_workspace)
    store = RunStore(own_workspace)
    alone.folder.rename(alone.folder.with_name(".aside"))
    plain = run_of(run, SourceArm(0))
    train(LoopSpec((plain, *(replace(run, control=c, seed=s) for c in ("none", "shuffled") for s in (0, 1)))), own_workspace)
    looped = store.find(replace(run, seed=1), tiny)
    assert looped is not None
    rows = looped.scores().query("n_way == 5").sort_values(["shot", "episode"])["correct"].to_numpy().reshape(3, -1)
    assert np.array_equal(rows, ablated.array("correct")[FULL])
    assert looped.summary["accuracy"] == alone.summary["accuracy"] and looped.summary["best_step"] == alone.summary["best_step"]
    prototypes = store.find(plain, tiny)
    assert prototypes is not None
    rows = prototypes.scores().query("n_way == 5").sort_values(["shot", "episode"])["correct"].to_numpy().reshape(3, -1)
    assert np.array_equal(rows, ablated.array("correct")[0])


def test_a_trained_learner_asked_again_with_nothing_changed_says_what_it_said(own_workspace: Workspace, tiny: Dataset) -> None:
    run = train(replace(RUN, dropout=0.5, steps=100), own_workspace)
    again = train(WhatIfSpec(run.spec), own_workspace)
    before, after = (
        one.scores().query("n_way == 5").sort_values(["shot", "episode"])["correct"].to_numpy() for one in (run, again)
    )
    assert np.array_equal(before, after)


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
