"""Learners side by side, as the verb *compare* and Python print them: each number once, pairs and ways where they were asked for."""

from pathlib import Path

import numpy as np
import pytest

from metadash.answers.comparison import Report, accuracy_table, ways_table
from metadash.answers.stored_arms import StoredArm, arm_scores, stored_arms
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.stats.scored import Scores
from metadash.workspace import Workspace
from tests.builders import store_scores, tiny_evaluation, tiny_run

SHOTS, E = (1, 5), 60
TESTS = tiny_evaluation(shots=SHOTS, n_episodes=E)


@pytest.fixture(scope="module")
def found(wide: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[StoredArm], dict[str, Scores]]:
    """Metadata and another learner against the plain one, which gains eight and loses three points less."""
    store = RunStore(Workspace(Path(tmp_path_factory.mktemp("compared"))))
    noise = np.random.default_rng(0).normal(0, 0.02, (2, 3, len(SHOTS), E))
    for learner, sources, mean in (("prototypical", (), 0.5), ("prototypical", ("place",), 0.58), ("matching", (), 0.47)):
        for seed in (0, 1):
            spec = tiny_run(sources, learner=learner, seed=seed, evaluation=TESTS)
            accuracy = mean + noise[seed, int(1000 * mean) % 3] + np.array([[0.0], [0.1]])
            store_scores(store, spec, wide, accuracy, validation_accuracy=100 * mean)
    arms = sorted(stored_arms(store.runs())[0], key=lambda arm: (arm.spec.learner != "matching", arm.plain))
    return arms, {arm.id: arm_scores(arm.runs, store) for arm in arms}


@pytest.fixture
def report(found) -> Report:
    return Report(*found)


def test_the_last_is_the_baseline_and_every_other_is_compared_with_it(report: Report) -> None:
    assert [report.names[arm.id] for arm in report.arms] == [
        "matching, no metadata",
        "prototypical, place",
        "prototypical, no metadata",
    ]
    values = report.values()
    assert values["baseline"] == "prototypical, no metadata" and "pairs" not in values and values["n_episodes"] == E
    told = [(one["first"], one["second"], one["shot"], one["together"]["comparisons"]) for one in values["differences"]]
    assert told == [(report.names[arm.id], values["baseline"], shot, 2) for shot in SHOTS for arm in report.arms[:2]]
    by_arm = {(one["first"], one["shot"]): one["episodes"]["estimate"] for one in values["differences"]}
    assert by_arm["prototypical, place", 1] == pytest.approx(8, abs=1) and by_arm["matching, no metadata", 5] == pytest.approx(
        -3, abs=1
    )
    assert [one["first"] for one in values["worth_in_shots"]] == ["matching, no metadata", "prototypical, place"]
    assert values["problems"] == [] and values["metric"]["name"] == "accuracy"


def test_pairs_are_told_where_they_are_asked_for(report: Report) -> None:
    pairs = report.values(in_pairs=True)["pairs"]
    assert len(pairs) == 3 * len(SHOTS) and {one["together"]["comparisons"] for one in pairs} == {3}
    text = "\n".join(report.lines(in_pairs=True))
    told = [line for line in report.lines(in_pairs=True) if line.startswith("With")]
    assert len(told) == len(SHOTS) and all(
        "“prototypical, place” does better than each of the other 2" in line for line in told
    ), text


def test_each_learner_has_its_numbers_at_every_number_of_shots(report: Report) -> None:
    first = report.values()["learners"][1]
    assert (first["name"], first["seeds"], first["validation_percent"]) == ("prototypical, place", [0, 1], pytest.approx(58))
    told = [(one["n_way"], one["shot"], round(one["these_test_classes"]["estimate"])) for one in first["accuracy"]]
    assert told == [(5, 1, 58), (5, 5, 68)]
    assert first["ways_note"].startswith("scored at 5 ways only")


def test_the_terminal_has_a_table_and_a_sentence_a_number_of_shots(found, report: Report) -> None:
    lines = report.lines()
    text = "\n".join(lines)
    assert text.count("With one labelled example per class") == 1 and text.count("five labelled examples per class") == 1
    assert "What is better, worse or no difference holds after Holm's correction" in text and "at 5 ways" not in text
    assert lines[0] == accuracy_table(report.names, report.scores, report.arms, 1).to_string()
    with_ways = report.lines(ways=True)
    assert with_ways[2] == ways_table(report.names, report.scores, report.arms, 1).to_string()
    two = Report(found[0][1:], found[1])
    alone = "\n".join(two.lines())
    assert "“prototypical, place” does better than" not in alone and "“place” does better than “no metadata”: +8" in alone
    assert "What is better, worse or no difference holds" not in alone


def test_the_table_names_what_each_mean_rests_on(report: Report) -> None:
    table = accuracy_table(report.names, report.scores, report.arms, 5)
    assert table.columns[0] == "5 shots, %" and "1 shot, %" in table
    row = table.loc["prototypical, place"]
    assert (row["validation, %"], row["from"], row["mode"], row["batch norm"]) == (
        "58.0",
        "60 episodes, 2 seeds",
        "quick",
        "running statistics",
    )
    ways = ways_table(report.names, report.scores, report.arms, 1)
    assert ways.index.tolist() == [*report.names.values(), "chance"] and ways.loc["chance", "5 ways, %"] == "20.0"


def test_a_band_beyond_the_metric_and_arms_on_other_tasks_are_refused(found, report: Report) -> None:
    with pytest.raises(BadInput, match="from 0 to 100"):
        Report(*found, rope=100.0)
    wide_band = Report(*found, rope=20.0).values()["differences"]
    assert {str(one["decision"]["verdict"]) for one in wide_band} == {"equivalent"}
