"""The price of privacy: each rung has its runs, its groups and its paired difference."""

import dataclasses

import numpy as np
import pytest

from metadash.ablation.metadata_only import base_run
from metadash.ablation.privacy_curve import curve, read_curve
from metadash.data.columns.kind import ADDED, REPLACED
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.blur import strengths
from metadash.runs.kinds import check
from metadash.runs.store import RunStore
from metadash.workspace import Workspace
from tests.builders import one_sentence, store_scores, tiny_run

SEEDS = (0, 1)


def base(data: Dataset):
    return dataclasses.replace(base_run(data, "family-0", n_episodes=60, shots=(1, 5)), backbone=tiny_run().backbone)


def test_a_curve_goes_from_exact_to_withheld_and_from_weak_to_strong_noise(tiny: Dataset) -> None:
    steps = curve(tiny, base(tiny), "age", "found", SEEDS)
    assert [step.how for step in steps] == ["as it is", "day", "month", "year", "withheld"] + [ADDED] * 5
    assert [step.strength for step in steps[5:]] == sorted(strengths(tiny.classes["found"], ADDED))
    assert steps[0].runs[0].blur == () and steps[3].runs[1].blur == (("age", "found", "year"),) and steps[3].runs[1].seed == 1
    assert steps[4].runs == (dataclasses.replace(base(tiny), seed=0),), "without its only column there is nothing to learn from"
    for step in steps:
        for run in step.runs:
            check(run, tiny)


def test_withholding_one_of_two_columns_leaves_the_other(tiny: Dataset) -> None:
    withheld = next(step for step in curve(tiny, base(tiny), "size", "count", SEEDS, noise=False) if step.how == "withheld")
    assert [run.sources for run in withheld.runs] == [("size",), ("size",)]
    assert {step.how for step in curve(tiny, base(tiny), "place", "corner", SEEDS)} == {
        "as it is",
        "rare to other",
        "withheld",
        REPLACED,
    }


def test_what_is_finished_is_paired_with_the_column_as_it_is(own_workspace: Workspace) -> None:
    data, store = Dataset.open(own_workspace, "tiny"), RunStore(own_workspace)
    steps = curve(data, base(data), "age", "found", SEEDS)
    assert all(row.cost is None for row in read_curve(steps, data, "found", store))
    generator = np.random.default_rng(0)
    luck = generator.normal(0, 0.05, (2, 60))
    for step, accuracy in ((steps[0], 0.6), (steps[3], 0.55)):
        for run in step.runs:
            store_scores(store, run, data, (accuracy + luck).clip(0, 1))
    rows = {row.step.words: row for row in read_curve(steps, data, "found", store, ["corner"])}
    cost = rows["year"].cost
    assert cost is not None and [row.shot for row in cost] == [1, 5]
    assert cost[0].episodes.estimate == pytest.approx(-5, abs=0.01) and cost[0].episodes.high < -4.9, "paired: the luck cancels"
    assert rows["day"].cost is None and next(row for row in rows.values() if row.step.how == ADDED).hidden is None
    hidden = [rows[how].hidden for how in ("as it is", "month", "year", "withheld")]
    assert [h.k for h in hidden] == sorted(h.k for h in hidden) and hidden[-1].k == 8 and hidden[0].quasi == ("corner", "found")


@pytest.mark.parametrize(
    ("source", "column", "words"), [("site", "site", "describes instances"), ("age", "size", "no column 'size'")]
)
def test_a_curve_of_what_is_not_there_is_one_sentence(source: str, column: str, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as problem:
        curve(tiny, base(tiny), source, column, SEEDS)
    assert words in one_sentence(problem.value)
