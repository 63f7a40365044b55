"""How long a run will take: learned from runs like it here, in proportion to their sizes, and never in the way of a page."""

import time
from typing import Any

import pytest

from metadash.data.dataset import Dataset
from metadash.runs.estimate import estimate, estimate_all, family, from_scratch, known_runs, size, with_needs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.subsets import HeadsSpec, MaskedSpec
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, rewrite, tiny_backbone, tiny_evaluation, tiny_run

SPEC = tiny_run(("place",))


@pytest.fixture
def store(own_workspace: Workspace) -> RunStore:
    return RunStore(own_workspace)


def took(store: RunStore, tiny: Dataset, spec: Any, seconds: float, **cost: float) -> None:
    store_parts = {"summary": {}, "environment": {}, "frames": {}, "arrays": {}, "weights": {}, "log": ""}
    from metadash.runs.kinds import run_digest

    store.write(run_digest(spec, tiny), spec, tiny, seconds=seconds, cost=cost, **store_parts)


def test_what_is_stored_takes_no_time(tiny: Dataset, store: RunStore) -> None:
    assert estimate(SPEC, tiny, store) > 0
    took(store, tiny, SPEC, 12.0)
    assert estimate(SPEC, tiny, store) == 0


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (tiny_backbone(), tiny_backbone(episodes=300)),
        (tiny_backbone(), tiny_backbone(width=64)),
        (tiny_backbone(width=32), tiny_backbone(backbone="resnet12", width=32)),
        (tiny_backbone(), tiny_backbone(n_way=20)),
        (SPEC, tiny_run(("place",), steps=1000)),
        (SPEC, tiny_run(("place",), evaluation=tiny_evaluation(n_episodes=5000))),
        (
            tiny_run(("place",), backbone=tiny_backbone(width=32)),
            tiny_run(("place",), backbone=tiny_backbone(width=32), mode="full"),
        ),
        (tiny_run(), SPEC),
        (MapSpec(SPEC, background=100), MapSpec(SPEC, background=5000)),
        (HeadsSpec(tiny_run(("place",))), HeadsSpec(tiny_run(("place", "size", "flag")))),
        (HeadsSpec(tiny_run(("place",))), HeadsSpec(tiny_run(("place",), steps=1000))),
        (MaskedSpec(tiny_run(("place",))), MaskedSpec(tiny_run(("place", "size", "flag")))),
        (SPEC, tiny_run(("site",), fusion="film")),
        (tiny_run(("site",), fusion="film"), tiny_run(("site",), fusion="film", evaluation=tiny_evaluation(n_query=15))),
        (MaskedSpec(tiny_run(("place",))), MaskedSpec(tiny_run(("site",), fusion="film"))),
        (MaskedSpec(SPEC), MaskedSpec(tiny_run(("place",), learner="matching"))),
    ],
)
def test_more_work_takes_longer(small: Any, large: Any) -> None:
    assert 0 < from_scratch(small, 1200) < from_scratch(large, 1200)


def test_a_run_like_it_tells_how_long_it_takes_here(tiny: Dataset, store: RunStore) -> None:
    took(store, tiny, SPEC, 50.0)
    assert estimate(tiny_run(("place",), seed=1), tiny, store) == pytest.approx(50)
    longer = tiny_run(("place",), steps=1000)
    ratio = from_scratch(longer, 1200) / from_scratch(SPEC, 1200)
    assert estimate(longer, tiny, store) == pytest.approx(50 * ratio)


def test_the_middle_of_the_newest_runs_like_it_counts(tiny: Dataset, store: RunStore) -> None:
    for seed, seconds in enumerate((500.0, 20.0, 90.0, 21.0)):
        took(store, tiny, tiny_run(("place",), seed=seed), seconds)
        time.sleep(0.01)  # the order in which they came is read off the clock
    assert estimate(tiny_run(("place",), seed=9), tiny, store) == pytest.approx(21), "one that took long for once tells little"


def test_what_a_run_waited_for_the_processor_is_not_its_size(tiny: Dataset, store: RunStore) -> None:
    took(store, tiny, SPEC, 60.0, cpu_seconds=20.0)
    assert estimate(tiny_run(("place",), seed=1), tiny, store) == pytest.approx(20)
    assert size(SPEC, tiny, known_runs(store)).known and not size(tiny_backbone(), tiny, known_runs(store)).known


def test_runs_that_come_and_go_are_noticed(tiny: Dataset, store: RunStore) -> None:
    assert not known_runs(store).families
    took(store, tiny, SPEC, 60.0)
    assert [run.spec for run in known_runs(store).like(SPEC)] == [SPEC]


@pytest.mark.parametrize("other", [tiny_backbone(), tiny_run(), tiny_run(("place",), mode="full"), MapSpec(SPEC)])
def test_runs_of_another_kind_tell_nothing(other: Any, tiny: Dataset, store: RunStore) -> None:
    assert family(SPEC) != family(other)
    took(store, tiny, other, 10_000.0)
    assert estimate(SPEC, tiny, store) == pytest.approx(from_scratch(SPEC, 1200))


def test_a_run_of_another_version_does_not_break_the_estimate(tiny: Dataset, store: RunStore) -> None:
    took(store, tiny, SPEC, 50.0)
    (run,) = store.runs()
    rewrite(store, run, spec={**run.about["spec"], "an_option_of_the_future": 1})
    assert estimate(tiny_run(("place",), seed=1), tiny, store) == pytest.approx(from_scratch(SPEC, 1200))


def test_the_estimate_is_of_the_right_order(tiny: Dataset, tiny_workspace: Workspace, tmp_path) -> None:
    """Within a factor of ten of what it really takes, without any history: it is a bar to wait by, not a measurement."""
    spec = tiny_run(("place",), steps=300)
    elsewhere = copy_workspace(tiny_workspace, tmp_path)
    train(spec.backbone, elsewhere)
    rough = estimate(spec, tiny, RunStore(copy_workspace(tiny_workspace, tmp_path / "empty")))
    assert rough / 10 < train(spec, elsewhere).about["seconds"] < rough * 10


def test_what_is_needed_comes_first_and_once() -> None:
    one, other = tiny_run(("place",)), tiny_run()
    assert with_needs([one, other]) == [one.backbone, one, other]
    assert with_needs([MapSpec(one)]) == [one.backbone, one, MapSpec(one)]


def test_all_together_wait_for_what_is_needed_and_share_the_workers(tiny: Dataset, store: RunStore) -> None:
    specs = [tiny_run(("place",), seed=seed) for seed in range(4)]
    backbone, head = from_scratch(specs[0].backbone, 1200), from_scratch(specs[0], 1200)
    assert estimate_all(specs, tiny, store, workers=1) == pytest.approx(backbone + 4 * head)
    assert estimate_all(specs, tiny, store, workers=2) == pytest.approx(backbone + 2 * head)
    assert estimate_all(specs, tiny, store, workers=64) >= backbone + head * 0.99
