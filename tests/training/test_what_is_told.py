"""What every kind of run tells while it goes: the phases in their order, the step, and how much of the run is done; nothing runs backwards."""

from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.subsets import HeadsSpec, MaskedSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.workspace import Workspace
from tests.builders import tiny_backbone, tiny_evaluation, tiny_run

TESTS = tiny_evaluation(shots=(1, 2), n_query=3, n_episodes=16)
RUN = tiny_run(("place", "size"), steps=60, evaluation=TESTS)
STEPPED = tiny_run(learner="maml", steps=4, evaluation=TESTS)
MAP = MapSpec(RUN, background=60, perplexity=5.0)
Told = tuple[int, str, float]


@pytest.fixture
def told(tiny_workspace: Workspace) -> Any:
    """What a run by itself tells; what it builds on is there."""

    def of(spec: Spec) -> list[Told]:
        for need in spec.needs:
            train(need, tiny_workspace)
        seen: list[Told] = []
        train(spec, tiny_workspace, lambda step, told: bool(seen.append((step, told["phase"], told["fraction"]))))
        assert all(earlier[2] <= later[2] for earlier, later in pairwise(seen)) and seen[0][2] >= 0 and seen[-1][2] < 1
        assert all(earlier[0] <= later[0] for earlier, later in pairwise(seen) if earlier[1] == later[1])
        return seen

    return of


def approximately(expected: list[Told]) -> list[Any]:
    return [(step, phase, pytest.approx(fraction)) for step, phase, fraction in expected]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            MAP,
            [
                (0, "embedding the points", 0.0),
                (0, "arranging the map (t-SNE)", 0.1),
                (0, "asking the other tasks what is confused", 0.85),
            ],
        ),
        (
            AdaptationSpec(STEPPED, n_shot=2, steps=7),
            [(0, "reading the learner", 0.0), (0, "adapting to the episode", 0.3), (7, "asking the prototypes", 0.9)],
        ),
        (WhatIfSpec(RUN), [(0, "reading the trained learner", 0.0), (0, "scoring the test episodes", 0.3)]),
        (
            DoseSpec(RUN, ("place",), kinds=("missing", "swap"), draws=2),
            [(0, "wrong or missing: missing", 0.0), (1, "wrong or missing: swap", 0.5)],
        ),
        (
            ProxySpec("tiny", "family-0", ("site",), TESTS),
            [(0, "encoding the instances' metadata", 0.1), (0, "scoring the test episodes", 0.4)],
        ),
        (
            ProbeSpec(MAP, column="corner", folds=2),
            [(0, "gathering the points", 0.05), (0, "guessing", 0.1), (1, "guessing", 0.55)],
        ),
        (
            MaskedSpec(replace(RUN, learner="r2d2", steps=5)),
            [(0, "scoring every subset", quarter / 4) for quarter in range(4)],
        ),
        (tiny_run(evaluation=TESTS), [(0, "scoring the test episodes", 0.0)]),
    ],
    ids=["map", "adaptation", "what if", "dose", "proxy", "probe", "masked", "nothing to train"],
)
def test_a_short_run_tells_its_phases(spec: Spec, expected: list[Told], told: Any) -> None:
    assert told(spec) == approximately(expected)


def test_subsets_that_are_counted_together_tell_how_many_tasks_are(told: Any) -> None:
    """16 tasks in blocks of eight, for all subsets at once."""
    assert told(MaskedSpec(RUN)) == approximately([(0, "scoring every subset", 0.0), (0, "scoring every subset", 0.5)])


def test_a_backbone_tells_every_step_over_four_fifths_and_then_how_many_inputs_it_has_embedded(told: Any, tiny: Dataset) -> None:
    seen = told(tiny_backbone(episodes=25, seed=11))
    training = [(step, "training the backbone", 0.8 * step / 25) for step in range(1, 26)]
    assert seen == approximately([*training, (25, "embedding every instance", 0.8)])
    assert len(tiny.inputs) <= 50 * 96, "of more inputs it would tell again"


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        (HeadsSpec(replace(RUN, seed=3)), "training the heads"),
        (replace(RUN, seed=4), "training the heads"),
        (replace(STEPPED, seed=3), "training"),
    ],
    ids=["heads", "light", "adapting"],
)
def test_a_learner_tells_every_step_of_those_it_may_take_and_scores_at_the_end(spec: Any, phase: str, told: Any) -> None:
    seen = told(spec)
    steps = getattr(spec, "run", spec).steps
    training = [one for one in seen if one[1] == phase]
    assert training == approximately([(step, phase, 0.85 * step / steps) for step in range(len(training))])
    phases = [name for name, _ in groupby(seen, key=lambda one: one[1])]
    assert phases == [phase, "scoring the test episodes"]
    assert next(one[2] for one in seen if one[1] == "scoring the test episodes") == pytest.approx(0.85)


def test_what_was_measured_is_kept_with_its_step(tiny_workspace: Workspace) -> None:
    """The loss every tenth step, the validation accuracy at every look, from the first before any step."""
    history = train(replace(RUN, seed=5), tiny_workspace).frame("history")
    looks = history[history["validation_accuracy"].notna()]
    assert looks["step"].iloc[0] == 0 and looks["step"].is_monotonic_increasing and looks["step"].iloc[-1] <= 60
    losses = history[history["loss"].notna()]["step"]
    assert set(range(10, int(losses.max()) + 1, 10)) <= set(losses) and (history["seconds"] >= 0).all()
