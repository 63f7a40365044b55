"""Masking asks one trained model what it does without some of its sources; the fast way counts as the plain way does."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs.progress import History
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.subsets import MaskedSpec, antithetic_orders
from metadash.training.source_masking import any_masked
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run

SOURCES = ("place", "size", "holes")
SMALL = {"steps": 50, "evaluation": tiny_evaluation(n_episodes=60)}


@pytest.mark.parametrize(
    "run",
    [
        tiny_run(SOURCES, source_dropout=0.5, **SMALL),
        tiny_run(SOURCES, fusion="am3", **SMALL),
        tiny_run(SOURCES, distance="cosine", **SMALL),
        tiny_run(SOURCES, mode="full", **SMALL | {"steps": 25}),
        tiny_run(SOURCES, learner="r2d2", **SMALL),
    ],
    ids=["pseudo-shots", "am3", "cosine", "full", "ridge"],
)
def test_every_subset_is_scored_as_one_by_one(run: RunSpec, tiny: Dataset, tiny_workspace: Workspace) -> None:
    stored = train(MaskedSpec(run), tiny_workspace)
    arm = Arm(run, tiny, train(run.backbone, tiny_workspace))
    arm.learner.load_state_dict(train(run, tiny_workspace).weights())
    manifest = draw(tiny, run.evaluation.episodes(run.split, "test"))
    slowly = any_masked(arm, list(range(8)), manifest, History())
    correct = stored.array("correct").astype(int)
    assert correct.shape == slowly.shape == (8, 3, 60)
    assert np.abs(correct - slowly).max() <= 1 and (correct != slowly).mean() < 0.01
    whole = train(run, tiny_workspace).scores().sort_values(["shot", "episode"])["correct"].to_numpy().reshape(3, -1)
    assert np.abs(correct[7] - whole).max() <= 1
    assert stored.summary["manifest"] == manifest.hash


def test_with_every_source_hidden_it_is_the_plain_prototype(tiny_workspace: Workspace) -> None:
    run = tiny_run(SOURCES, source_dropout=0.5, **SMALL)
    plain = train(tiny_run(**SMALL), tiny_workspace).scores().sort_values(["shot", "episode"])["correct"].to_numpy()
    assert np.array_equal(train(MaskedSpec(run), tiny_workspace).array("correct")[0], plain.reshape(3, -1))


def test_twelve_sources_are_sampled_and_every_order_s_subsets_are_there() -> None:
    spec = MaskedSpec(tiny_run(tuple(f"s{i}" for i in range(12))), permutations=8)
    assert not spec.complete and len(spec.masks) < 8 * 12 + 26
    for order in spec.orders:
        passed = np.cumsum(1 << order).tolist()
        assert {0, *passed} <= set(spec.masks)
    assert {4095 & ~(1 << s) for s in range(12)} | {1 << s for s in range(12)} <= set(spec.masks)


def test_orders_come_with_their_reverse_and_from_their_seed() -> None:
    orders = antithetic_orders(10, 6, 3)
    assert orders.shape == (6, 10) and (np.sort(orders, axis=1) == np.arange(10)).all()
    assert all((first == second[::-1]).all() for first, second in list(pairwise(orders))[::2])
    assert (antithetic_orders(10, 6, 3) == orders).all() and (antithetic_orders(10, 6, 4) != orders).any()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"run": tiny_run()}, "no sources to hide"), ({"permutations": 5}, "must be even"), ({"permutations": 2}, "must be from 4")],
)
def test_what_cannot_be_masked_is_refused(change: dict, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        replace(MaskedSpec(tiny_run(SOURCES)), **change)
