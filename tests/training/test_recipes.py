"""Training as papers train: a falling rate, own ways, several tasks a step, no early stop, random weights, weight decay, the last weights."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.optimisers import Annealing, factor
from metadash.learners.registry import ENTRIES, LEARNERS
from metadash.runs.estimate import from_scratch
from metadash.runs.kinds import from_plain, run_digest, title_of
from metadash.runs.progress import History
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import LOOK_EVERY, RunSpec
from metadash.specs.training import Training
from metadash.training.trainer import Arm, fit
from metadash.workspace import Workspace
from tests.builders import tiny_backbone, tiny_evaluation, tiny_run

ONE = tiny_evaluation(shots=(1,), n_episodes=20)
RANDOM = Training(start="random", keep="last")
FULL = tiny_run(mode="full", steps=4, evaluation=ONE, training=RANDOM, patience=0, learning_rate=1e-3, weight_decay=0.0)


def adapting(name: str, **changes: Any) -> RunSpec:
    return replace(FULL, learner=name, learning_rate=LEARNERS[name].learning_rate, **changes)


def fitted(spec: RunSpec, data: Dataset) -> tuple[Arm, dict[str, float]]:
    arm = Arm(spec, data)
    return arm, fit(arm, History())


def test_a_schedule_falls_as_its_name_says() -> None:
    assert [factor("cosine", p) for p in (0, 0.5)] == pytest.approx([1, 0.5]) and factor("cosine", 1) == pytest.approx(0)
    assert [factor("step", k / 10) for k in (0, 1, 2, 4, 6, 8, 9)] == [1, 1, 0.5, 0.25, 0.125, 0.0625, 0.0625]
    assert factor("linear", 0.25) == 0.75 and factor("constant", 0.9) == 1


def test_annealing_anneals_every_group_from_its_own_rate(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    plain = torch.optim.AdamW.step

    def step(optimiser: torch.optim.AdamW, *rest: Any) -> Any:
        rates.append(optimiser.param_groups[0]["lr"])
        return plain(optimiser, *rest)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    fitted(replace(FULL, training=replace(RANDOM, schedule="cosine")), tiny)
    assert rates == pytest.approx([1e-3 * (1 + np.cos(np.pi * k / 4)) / 2 for k in range(4)])
    two = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": 1.0}, {"params": [torch.zeros(1)], "lr": 0.1}])
    Annealing([two], "linear")(0.25)
    assert [group["lr"] for group in two.param_groups] == pytest.approx([0.75, 0.075])


def test_training_tasks_have_their_own_ways_shots_and_queries(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(FULL, training=replace(RANDOM, ways=9, shots=(2, 3), queries=2, strategy="uniform"), steps=12)
    arm, seen = Arm(spec, tiny), []
    plain = arm.learner.loss
    monkeypatch.setattr(
        arm.learner, "loss", lambda batch, *r: seen.append((batch.n_way, batch.shots, batch.query_x.shape[1])) or plain(batch, *r)
    )
    fit(arm, History())
    assert {(way, queries) for way, _, queries in seen} == {(9, 18)} and {shots for _, shots, _ in seen} == {2, 3}
    assert (arm.validation.n_way, arm.validation.n_shot) == (5, 1), "tests and looks keep to their own"
    families = tiny.classes["family"].to_numpy()[arm.episodes and drawn_classes(arm)]
    assert any(len(set(row)) > 1 for row in families), "uniform tasks cross the families that siblings keep to"


def drawn_classes(arm: Arm) -> np.ndarray:
    from metadash.episodes.sampler import draw_from

    return draw_from(arm.table, arm.episodes, np.random.default_rng(0)).classes


@pytest.mark.parametrize(
    ("learner", "backbone"),
    [("prototypical", "conv4"), ("r2d2", "conv4"), ("maml", "conv4"), ("maml", "mlp"), ("anil", "conv4"), ("meta-lstm", "conv4")],
)
def test_the_gradient_of_a_meta_batch_is_the_mean_of_its_tasks_gradients(learner: str, backbone: str, tiny: Dataset) -> None:
    """In either form: task by task, each with its own batch statistics, and by ``vmap`` where the network is dense."""
    spec = adapting(learner, meta_batch=3, backbone=tiny_backbone(backbone=backbone))
    assert Arm(spec, tiny).takes_tasks_at_once == (backbone == "mlp")
    tasks = drawn(spec, tiny)

    def gradient(tasks: Any) -> list[torch.Tensor]:
        arm = Arm(spec, tiny)
        arm.learner.double().train()
        arm.inputs = np.asarray(arm.inputs) / 255.0
        arm.descend(tasks, 0.0)
        return [p.grad.clone() for p in arm.learner.parameters() if p.grad is not None]

    assert len(tasks) == 3
    whole, parts = gradient(tasks), [gradient(tasks[b : b + 1]) for b in range(3)]
    assert any(g.abs().max() > 1e-8 for g in whole)
    for place, found in enumerate(whole):
        mean = torch.stack([part[place] for part in parts]).mean(0)
        torch.testing.assert_close(found, mean, rtol=1e-7, atol=1e-12)


def drawn(spec: RunSpec, data: Dataset) -> Any:
    from metadash.episodes.sampler import draw_from

    arm = Arm(spec, data)
    return draw_from(arm.table, arm.episodes, np.random.default_rng(1))[: spec.meta_batch]


def test_full_mode_learns_from_as_many_tasks_a_step_as_are_asked_for(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for tasks in (1, 3):
        arm, seen = Arm(replace(FULL, meta_batch=tasks), tiny), []
        monkeypatch.setattr(arm, "descend", lambda drawn, p, seen=seen: seen.append(len(drawn)) or torch.zeros(()))
        fit(arm, History())
        assert seen == [tasks] * 4
    assert tiny_run(mode="full", meta_batch=0).meta_batch == 1 and tiny_run(meta_batch=0).meta_batch == 16


def test_without_patience_nothing_ends_early_and_with_it_the_same_training_does(
    tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOOK_EVERY, "full", 2)
    for patience, steps in ((0, 12), (2, 4)):
        arm = Arm(replace(FULL, steps=12, patience=patience, training=replace(RANDOM, keep="best")), tiny)
        monkeypatch.setattr(arm, "look", lambda: 20.0)
        assert fit(arm, History())["steps"] == steps


def test_last_weights_are_the_last_and_best_ones_those_of_the_best_look(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {}
    for keep in ("best", "last"):
        arm = Arm(replace(FULL, training=replace(RANDOM, keep=keep)), tiny)
        looks = iter([50.0, 20.0])
        monkeypatch.setattr(arm, "look", lambda looks=looks: next(looks))
        found = fit(arm, History())
        kept[keep] = next(arm.learner.backbone.parameters()).detach().clone()
        assert (found["validation_accuracy"], found["best_step"]) == ((50.0, 0) if keep == "best" else (20.0, 4))
    assert not torch.equal(kept["best"], kept["last"])


def test_weight_decay_shrinks_the_whole_network_that_starts_at_random(tiny: Dataset) -> None:
    norms = []
    for decay in (0.0, 1.0):
        arm, _ = fitted(replace(FULL, steps=30, learning_rate=1e-2, weight_decay=decay), tiny)
        norms.append(sum(float(p.detach().square().sum()) for p in arm.learner.backbone.parameters()))
    assert norms[1] < 0.8 * norms[0]


def test_a_random_start_needs_no_backbone_and_seeds_tell_its_weights(tiny: Dataset, tiny_workspace: Workspace) -> None:
    assert FULL.needs == [] and tiny_run(mode="full").needs, "a trained start has one to wait for"
    first, again, other = (next(Arm(spec, tiny).learner.backbone.parameters()) for spec in (FULL, FULL, replace(FULL, seed=1)))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert replace(FULL, backbone=replace(FULL.backbone, episodes=77)) == FULL, "equal meanings are one run"
    run = train(FULL, tiny_workspace)
    assert run.summary["needs"] == [] and run.summary["steps"] == 4
    assert run.array("embeddings").shape[0]


def test_what_is_as_usual_has_no_part_in_a_spelling(tiny: Dataset) -> None:
    from metadash.canonical import canonical_json

    assert '"training"' not in canonical_json(tiny_run(("place",))) and '"schedule"' in canonical_json(
        tiny_run(("place",), training=Training(schedule="cosine"))
    )
    same = tiny_run(("place",), training=Training(ways=5, shots=(1, 2, 5), queries=5))
    assert same == tiny_run(("place",)) and run_digest(same, tiny) == run_digest(tiny_run(("place",)), tiny)
    asked = tiny_run(("place",), training=Training(ways=7, shots=(3,), schedule="linear", keep="last"))
    from metadash.canonical import plain

    assert from_plain("learner", plain(asked)) == asked
    assert "7-way training, trained at 3 shots, linearly annealed, last weights" in title_of(asked)
    assert not asked.light and tiny_run(("place",)).light


def test_a_recipe_sets_what_can_be_set_one_by_one_and_what_is_chosen_goes_before_it(tiny: Dataset) -> None:
    common = {"learner": "prototypical", "n_way": 5, "shots": (1,), "n_query": 5}
    recipe = run_for(tiny, recipe="paper", **common)
    settings = LEARNERS["prototypical"].recipe("paper").settings_for(5, "conv4")
    ways = len(tiny.split(recipe.split)["train"])  # of the paper's 60 as many as there are classes
    assert settings["train_ways"] == 60 and recipe == run_for(
        tiny, **{**settings, "backbone": "conv4", "train_ways": ways}, **common
    )
    assert (recipe.training.ways, recipe.patience, recipe.from_random) == (ways, 0, True)
    assert run_for(tiny, recipe="paper", train_ways=9, steps=7, **common).training.ways == 9
    assert run_for(tiny, recipe="quick", **common) == run_for(tiny, **common)
    maml = {"learner": "maml", "recipe": "paper", "shots": (1,), "n_query": 5}
    assert dict(run_for(tiny, n_way=5, **maml).options)["inner_lr"] == 0.4
    assert dict(run_for(tiny, n_way=5, options=(("inner_lr", 0.2),), **maml).options) == {
        "eval_steps": 3,
        "inner_lr": 0.2,
        "inner_steps": 1,
    }


def test_every_recipe_is_one_that_its_learner_can_follow(tiny: Dataset) -> None:
    named = [entry for entry in ENTRIES if entry.paper_recipe]
    assert {entry.name for entry in named} >= {
        "prototypical",
        "matching",
        "relation",
        "r2d2",
        "maml",
        "anil",
        "reptile",
        "meta-lstm",
    }
    for entry in named:
        spec = run_for(tiny, learner=entry.name, recipe="paper", n_way=5, shots=(1,), n_query=5)
        assert spec.patience == 0 and spec.from_random and spec.training.keep == "last"
        assert entry.paper_recipe and entry.paper_recipe.deviations


@pytest.mark.parametrize("learner", ["prototypical", "maml"])
def test_the_estimate_knows_tasks_a_step_and_training_ways(learner: str) -> None:
    usual = adapting(learner, steps=400)
    many = replace(usual, meta_batch=8)
    assert from_scratch(many, 1000) > 2 * from_scratch(usual, 1000)
    if learner == "prototypical":
        assert from_scratch(replace(usual, training=replace(RANDOM, ways=60)), 1000) > 3 * from_scratch(usual, 1000)


def test_a_recipe_takes_no_more_ways_than_the_split_trains_on_and_keeps_what_a_person_gave(tiny: Dataset) -> None:
    classes = len(tiny.split(tiny.description.default_split or tiny.split_names[0])["train"])
    assert 2 <= classes < 60
    fitted_ways = run_for(tiny, learner="prototypical", recipe="paper").training.ways
    assert fitted_ways == classes and f"{classes}-way training" in title_of(run_for(tiny, recipe="paper"))
    assert run_for(tiny, learner="prototypical", recipe="paper", train_ways=3).training.ways == 3
    with pytest.raises(BadInput, match="ridge_lambda is given twice"):
        run_for(tiny, learner="r2d2", recipe="paper", options=(("ridge_lambda", 1.0), ("ridge_lambda", 2.0)))
    given = run_for(tiny, learner="r2d2", recipe="paper", options=(("ridge_lambda", 2.0),))
    assert dict(given.options)["ridge_lambda"] == 2.0, "what a person chose goes before the recipe"
