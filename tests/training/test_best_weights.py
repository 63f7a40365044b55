"""What training keeps, where the best look lies between the first and the last: weights, embeddings, and which tasks it looked at."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.runs.progress import History
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.run import LOOK_EVERY, RunSpec
from metadash.training import backbone as backbones
from metadash.training.backbone import make_backbone, train_backbone
from metadash.training.evaluate import embed
from metadash.training.heads import Heads, fit_heads
from metadash.training.scorable import spread_of
from metadash.training.trainer import Arm, fit
from metadash.workspace import Workspace
from tests.builders import tiny_backbone, tiny_evaluation, tiny_run

QUICK = tiny_run(("place",), steps=300, patience=3, dropout=0.0)
FULL = tiny_run(("place",), mode="full", steps=60, patience=3, evaluation=tiny_evaluation(n_episodes=40))
LOOKS = (20.0, 30.0, 50.0, 40.0, 45.0, 50.0)
"""Told to training in turn: the third is the best, the last equals it and is no rise."""


def scripted(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, torch.Tensor]]:
    """Makes the looks of an arm say ``LOOKS``; returns the weights at each."""
    seen: list[dict[str, torch.Tensor]] = []

    def look() -> float:
        seen.append({name: value.clone() for name, value in arm.learner.state_dict().items()})
        return LOOKS[len(seen) - 1]

    monkeypatch.setattr(arm, "look", look)
    return seen


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("spec", [QUICK, FULL], ids=["quick", "full"])
def test_the_weights_at_the_best_look_stay_whatever_came_after_it(
    spec: RunSpec, tiny: Dataset, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = Arm(spec, tiny, train(spec.backbone, tiny_workspace))
    seen = scripted(arm, monkeypatch)
    monkeypatch.setitem(LOOK_EVERY, spec.mode, 5)
    found = fit(arm, History())
    assert (found["validation_accuracy"], found["best_step"], found["steps"]) == (50.0, 10, 25)
    kept = arm.learner.state_dict()
    assert same(kept, seen[2]) and not same(kept, seen[-1]) and not same(kept, seen[0])
    if spec.mode == "full":
        moved = [name for name in kept if name.startswith("backbone.") and not torch.equal(kept[name], seen[0][name])]
        assert moved, "the backbone learned nothing that could be kept"


def test_a_backbone_ends_as_it_was_at_its_best_look_and_embeds_with_that(
    tiny: Dataset, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, seen = tiny_backbone(episodes=40), []
    monkeypatch.setattr(backbones, "VALIDATE_EVERY", 10)

    def validate(learner: Any, *_: Any) -> float:
        seen.append({name: value.clone() for name, value in learner.backbone.state_dict().items()})
        return (30.0, 60.0, 40.0, 60.0)[len(seen) - 1]

    monkeypatch.setattr(backbones, "validate_backbone", validate)
    outcome = train_backbone(spec, tiny, [], RunStore(tiny_workspace), History())
    assert (outcome.summary["validation_accuracy"], outcome.summary["best_step"]) == (60.0, 20)
    assert same(outcome.weights, seen[1]) and not same(outcome.weights, seen[-1])
    network, _ = make_backbone(spec, tiny)
    network.load_state_dict(seen[1])
    with torch.no_grad():  # one by one, in evaluation mode: no instance sees another
        alone = np.concatenate([network.eval()(torch.from_numpy(tiny.inputs[row : row + 1].copy())).numpy() for row in range(40)])
    train_rows = np.isin(tiny.class_of, tiny.split(spec.split)["train"])
    scale = spread_of(embed(network, tiny.inputs, np.flatnonzero(train_rows)))
    np.testing.assert_allclose(outcome.arrays["embeddings"][:40] * scale, alone, rtol=1e-3, atol=1e-4)
    assert spread_of(outcome.arrays["embeddings"][train_rows]) == pytest.approx(1, abs=1e-4)


def test_a_backbone_is_looked_at_on_validation_classes_only(
    tiny: Dataset, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[str] = []
    tested: list[int] = []
    plain = backbones.draw

    def listening(dataset: Dataset, episodes: Any) -> Any:
        pools.append(episodes.pool.role)
        manifest = plain(dataset, episodes)
        tested.extend(np.unique(manifest.classes).tolist())
        return manifest

    monkeypatch.setattr(backbones, "draw", listening)
    spec = tiny_backbone()
    train_backbone(spec, tiny, [], RunStore(tiny_workspace), History())
    assert pools == ["validation"] and {*tested} <= {*tiny.split(spec.split)["validation"].tolist()}


@pytest.mark.parametrize("heads", [False, True], ids=["one learner", "a stack of heads"])
def test_training_draws_every_number_of_shots_that_is_tested(
    heads: bool, tiny: Dataset, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, seen = replace(QUICK, steps=40), set()
    backbone = train(spec.backbone, tiny_workspace)
    if heads:
        stack = Heads([spec], (0,), tiny, backbone)
        plain = stack.stack.loss
        monkeypatch.setattr(
            stack.stack, "loss", lambda mean, shots, *rest: seen.update(shots.tolist()) or plain(mean, shots, *rest)
        )
        fit_heads(stack, History())
    else:
        arm = Arm(spec, tiny, backbone)
        plain = arm.learner.loss
        monkeypatch.setattr(arm.learner, "loss", lambda batch, *rest: seen.add(batch.shots) or plain(batch, *rest))
        fit(arm, History())
    assert seen == {*spec.evaluation.shots}


def test_the_step_of_reptile_falls_from_epsilon_to_nothing(
    tiny: Dataset, tiny_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nichol et al. 2018, section 5, in training itself."""
    spec = tiny_run(
        learner="reptile", mode="full", steps=4, options=(("reptile_epsilon", 0.8), ("inner_steps", 2), ("eval_steps", 1))
    )
    arm, rates, plain = Arm(spec, tiny, train(spec.backbone, tiny_workspace)), [], torch.optim.SGD.step

    def step(optimiser: torch.optim.SGD, *rest: Any) -> Any:
        rates.append(optimiser.param_groups[0]["lr"])
        return plain(optimiser, *rest)

    monkeypatch.setattr(torch.optim.SGD, "step", step)
    fit(arm, History())
    assert rates == pytest.approx([0.8, 0.6, 0.4, 0.2])
