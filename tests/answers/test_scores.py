"""Stored scores come back aligned: shot by shot, seed by seed, episode by episode."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from metadash.answers.scores import load_scores
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.stats.intervals import Interval
from metadash.stats.scored import Scores, as_mean, both_intervals
from metadash.training.evaluate import scores_frame
from metadash.workspace import Workspace
from tests.builders import one_sentence, rewrite, scores_table, store_scores, tiny_evaluation, tiny_run

SHOTS, E = (1, 2, 5), 60


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Workspace(tmp_path))


def spec(seed: int = 0, **evaluation: object) -> RunSpec:
    return tiny_run(("place",), seed=seed, evaluation=tiny_evaluation(n_episodes=E, **evaluation))


def numbers(seed: int) -> np.ndarray:
    """[3, E] accuracies in thousandths, all different."""
    return np.random.default_rng(seed).permutation(3 * E).reshape(3, E) / 1000


def test_runs_are_stacked_by_shot_seed_and_episode_whatever_order_they_come_in(tiny: Dataset, store: RunStore) -> None:
    runs = [store_scores(store, spec(seed), tiny, numbers(seed)) for seed in (2, 0, 1)]
    scores = load_scores(runs, store)
    assert scores.shots == SHOTS and scores.seeds == (0, 1, 2)
    assert scores.digests == (runs[1].digest, runs[2].digest, runs[0].digest)
    assert scores.values == pytest.approx(np.stack([numbers(0), numbers(1), numbers(2)], axis=1))
    assert scores.at(2) == pytest.approx(np.stack([numbers(seed)[1] for seed in range(3)]))
    assert len(scores.manifest) == E


def test_means_are_percentages_over_seeds_and_episodes(tiny: Dataset, store: RunStore) -> None:
    scores = load_scores([store_scores(store, spec(seed), tiny, numbers(seed)) for seed in range(3)], store)
    inside, new = scores.means(5)
    expected = 100 * np.mean([numbers(seed)[2].mean() for seed in range(3)])
    assert inside.estimate == pytest.approx(expected) and new.estimate == pytest.approx(expected)
    assert inside.unit == "episode" and inside.n == E
    assert inside.low < expected < inside.high


@pytest.mark.parametrize("mistakes", [0, 1, 2, 3, E - 1, E])
def test_an_accuracy_s_interval_stays_within_0_and_100_and_keeps_its_estimate(
    mistakes: int, tiny: Dataset, store: RunStore
) -> None:
    accuracy = np.ones((3, E))
    accuracy[:, :mistakes] = 0
    scores = load_scores([store_scores(store, spec(), tiny, accuracy)], store)
    for interval, plain in zip(scores.means(1), both_intervals(100 * scores.at(1)[0], scores), strict=True):
        assert 0 <= interval.low <= interval.estimate <= interval.high <= 100
        assert (interval.estimate, interval.se, interval.df) == (plain.estimate, plain.se, plain.df)
        assert interval.low == max(plain.low, 0) and interval.high == min(plain.high, 100)
    if mistakes == 1:
        assert plain.high > 100, "one that would have been cut was among them"


def test_a_difference_is_no_accuracy_and_is_not_cut(tiny: Dataset, store: RunStore) -> None:
    points = np.zeros(E)
    points[0] = -60
    scores = load_scores([store_scores(store, spec(), tiny, numbers(0))], store)
    assert both_intervals(points, scores)[0].low < -1 and both_intervals(points, scores)[0].high > 0


def test_where_bounds_cannot_be_given_there_is_nothing_to_cut() -> None:
    unknown = Interval(99.0, None, None, 2, "t", "class")
    assert (as_mean(unknown).low, as_mean(unknown).high) == (None, None)


def test_tasks_within_groups_are_generalised_over_groups_and_others_over_classes(tiny: Dataset, store: RunStore) -> None:
    siblings = load_scores([store_scores(store, spec(), tiny, numbers(0))], store)
    uniform = load_scores([store_scores(store, spec(strategy="uniform", column=None, n_way=4), tiny, numbers(0))], store)
    assert siblings.group is not None and siblings.means(1)[1].unit == "group" and siblings.means(1)[1].n == 3
    assert uniform.group is None and uniform.means(1)[1].unit == "class" and uniform.means(1)[1].n == 15


@pytest.mark.parametrize("other", [{"seed": 1}, {"n_query": 4}, {"shots": (1, 5)}, {"where": "class_id <> 1000 AND size > 0"}])
def test_runs_on_other_episodes_are_not_stacked(other: dict, tiny: Dataset, store: RunStore) -> None:
    one = store_scores(store, spec(), tiny, numbers(0))
    accuracy = numbers(0)[: len(other.get("shots", SHOTS))]
    different = replace(spec(seed=1), evaluation=tiny_evaluation(n_episodes=E, **other))
    two = store_scores(store, different, tiny, accuracy)
    if one.summary["manifest"] == two.summary["manifest"] and "shots" not in other:
        assert load_scores([one, two], store).seeds == (0, 1), "the same episodes under another description"
        return
    with pytest.raises(BadInput, match="scored on different test episodes") as caught:
        load_scores([one, two], store)
    one_sentence(caught.value)


def test_scores_that_are_not_all_there_are_one_sentence(tiny: Dataset, store: RunStore) -> None:
    run = store_scores(store, spec(), tiny, numbers(0))
    run = rewrite(store, run, {"scores": run.scores().iloc[:-1]})
    with pytest.raises(BadInput, match="damaged"):
        load_scores([run], store)


def test_fewer_ways_are_scores_of_the_restricted_tasks(tiny: Dataset, store: RunStore) -> None:
    runs = [store_scores(store, spec(seed, ways=(2,)), tiny, numbers(seed)) for seed in (0, 1)]
    for seed, run in enumerate(runs):
        few = scores_table(np.round(numbers(seed)[::-1] * 10).astype(int), SHOTS, 10).assign(n_way=2)
        runs[seed] = rewrite(store, run, {"scores": pd.concat([few, run.scores().assign(n_way=5)])})
    scores = load_scores(runs, store)
    assert scores.ways == (2, 5) and scores.values == pytest.approx(np.stack([numbers(0), numbers(1)], axis=1))
    two = scores.at_ways(2)
    assert two.at(1) == pytest.approx(np.stack([np.round(numbers(seed)[2] * 10) / 10 for seed in (0, 1)]))
    assert two.ways == (2,) and two.manifest.hash == scores.manifest.at_ways(2).hash and two.digests == scores.digests
    with pytest.raises(BadInput, match="no scores at 3") as problem:
        scores.at_ways(3)
    one_sentence(problem.value)


def test_a_seed_that_lacks_some_ways_leaves_those_that_all_have(tiny: Dataset, store: RunStore) -> None:
    """Older scores have no column n_way: they are at the evaluation's."""
    old, new = (store_scores(store, spec(seed), tiny, numbers(seed)) for seed in (0, 1))
    few = new.scores().assign(n_way=2)
    new = rewrite(store, new, {"scores": pd.concat([few, new.scores().assign(n_way=5)])})
    assert "n_way" not in old.scores() and load_scores([old, new], store).ways == (5,)
    new = rewrite(store, new, {"scores": few.iloc[:-1]})
    with pytest.raises(BadInput, match="damaged"):
        load_scores([new], store)


def test_scores_are_numbers_a_person_can_check(tiny: Dataset, store: RunStore) -> None:
    run = store_scores(store, spec(), tiny, np.full((3, E), 0.25))
    scores = load_scores([run], store)
    assert isinstance(scores, Scores) and (scores.values == 0.25).all()
    inside, new = scores.means(1)
    assert (inside.estimate, inside.low, inside.high) == (25, 25, 25) and (new.low, new.high) == (25, 25)


def test_scores_of_an_older_version_have_counts_alone_and_read_the_same_to_the_last_bit(tiny: Dataset, store: RunStore) -> None:
    old = store_scores(store, spec(), tiny, numbers(0), queries=75)
    frame = old.scores()
    assert "value" not in frame and old.metric.name == "accuracy"
    before = load_scores([old], store).values
    counts = frame.sort_values(["shot", "episode"])["correct"].to_numpy().reshape(3, E)
    stored = scores_frame(counts, SHOTS, SimpleNamespace(n_way=5, queries=np.full(E, 75)))
    assert set(stored) == {"n_way", "shot", "episode", "value", "correct", "queries"}
    new = rewrite(store, old, {"scores": stored})
    assert np.array_equal(load_scores([new], store).values, before)
    new = rewrite(store, new, {"scores": stored.assign(value=stored["value"] / 2)})
    assert np.array_equal(load_scores([new], store).values, before / 2), "the value is what is read"
