"""Comparisons tested together: every pair once, Holm over all of them, and sentences that claim no more than what holds."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from metadash.answers.family import (
    Claim,
    baseline_lines,
    baseline_sentence,
    claims,
    every_pair,
    pairs_counts,
    pairs_sentence,
    pairs_table,
    unbeaten,
)
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.stats.caveats import winners_curse
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, difference
from metadash.stats.scored import Scores
from metadash.stats.verdict import Decision, Grade, Verdict, corrected, decide, decide_together, p_value
from tests.builders import tiny_evaluation

E = 400
LEVELS = {"a": 50.0, "b": 50.1, "c": 54.0, "d": 58.0}
NAMES = {arm: arm.upper() for arm in LEVELS}


@pytest.fixture(scope="module")
def manifest(tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, tiny_evaluation(n_episodes=E, strategy="uniform", column=None).episodes("family-0", "test"))


def made(manifest: EpisodeManifest, level: float, seeds: tuple[int, ...] = (0, 1), noise: float = 0.005) -> Scores:
    own = np.random.default_rng([int(level * 10), *seeds]).normal(0, noise, (1, len(seeds), E))
    accuracy = (level / 100 + np.random.default_rng(9).normal(0, 0.1, E) + own).clip(0, 1)
    return Scores((1,), accuracy, manifest, tuple(f"run {seed}" for seed in seeds), seeds)


@pytest.fixture(scope="module")
def pairs(manifest: EpisodeManifest) -> dict[tuple[str, str], Claim]:
    return every_pair({arm: made(manifest, level) for arm, level in LEVELS.items()}, 1)


def test_every_pair_is_tested_once_and_adjusted_over_all(pairs: dict, manifest: EpisodeManifest) -> None:
    assert list(pairs) == list(itertools.combinations("abcd", 2))
    rows = [difference(made(manifest, LEVELS[first]), made(manifest, LEVELS[second]), 1) for first, second in pairs]
    assert [found.p_zero for found in pairs.values()] == pytest.approx([p_value(row.new_classes) for row in rows])
    assert [found.decision for found in pairs.values()] == decide_together([row.new_classes for row in rows])
    assert {found.tested for found in pairs.values()} == {6}
    assert [found.verdict for found in pairs.values()] == corrected([row.new_classes for row in rows])


def test_a_family_of_one_is_not_corrected(pairs: dict) -> None:
    (alone,) = claims({"x": pairs["a", "c"].difference}).values()
    assert alone.decision == pairs["a", "c"].difference.decision and not alone.in_two_families


def test_a_difference_in_two_families_is_told_in_both() -> None:
    def interval(estimate: float) -> Interval:
        reach = float(stats.t.ppf(0.975, 27)) * 0.3
        return Interval(estimate, estimate - reach, estimate + reach, 28, "t", "group", se=0.3, df=27.0)

    rows = {name: with_decision(interval(estimate)) for name, estimate in {"x": 1.2, "y": 0.6, "z": 0.6, "w": 0.75}.items()}
    found = claims(rows)
    assert found["x"].in_two_families == "alone: better; among these 4 comparisons: very likely better"
    assert found["w"].in_two_families == "alone: probably better; among these 4 comparisons: not yet"
    assert found["x"].verdict is Verdict.UNDETERMINED, "what counts is certain among all"
    assert "(alone: better; among these 4 comparisons: very likely better)" in " ".join(
        baseline_lines({n: n for n in rows}, found)
    )


def with_decision(interval: Interval) -> Difference:
    return Difference(1, interval, interval, None, decide(interval))


def test_whoever_picks_the_best_of_several_is_told_that_its_number_is_too_high() -> None:
    assert winners_curse(1) == "" and winners_curse(4).startswith(
        "Whoever picks the largest gain of these 4 gets one that is overstated"
    )


def test_pairs_without_a_common_seed_are_left_out(manifest: EpisodeManifest) -> None:
    scores = {"a": made(manifest, 50), "b": made(manifest, 52, seeds=(5, 6)), "c": made(manifest, 54)}
    assert list(every_pair(scores, 1)) == [("a", "c")]


def test_who_is_beaten_is_read_off_corrected_tests(pairs: dict) -> None:
    assert unbeaten(list("abcd"), pairs) == ["d"]
    assert unbeaten(list("ab"), {("a", "b"): pairs["a", "b"]}) == ["a", "b"], "0.1 points is no practical difference"


def test_one_learner_is_named_best_only_where_it_beats_each_other(pairs: dict) -> None:
    assert (
        pairs_sentence(NAMES, pairs, 1)
        == "With one labelled example per class, “D” does better than each of the other 3 learners."
    )
    level = {pair: found for pair, found in pairs.items() if "d" not in pair and "c" not in pair}
    two = {arm: NAMES[arm] for arm in "ab"}
    assert pairs_sentence(two, level, 1).endswith("no learner is shown to do better than another.")
    bottom = {pair: found for pair, found in pairs.items() if "d" not in pair}
    among = {("c", "a"): bottom["a", "c"], ("c", "b"): bottom["b", "c"], ("a", "b"): bottom["a", "b"]}
    assert "none is shown to do better than “A” or “B”" in pairs_sentence({arm: NAMES[arm] for arm in "abc"}, among, 1)
    assert pairs_counts(pairs) == "Of 6 pairs, 5 differ, 1 makes no practical difference and 0 cannot be told yet."


def test_against_a_baseline_every_arm_is_counted_once_and_named_with_its_interval(manifest: EpisodeManifest) -> None:
    baseline = made(manifest, 54)
    found = claims({arm: difference(made(manifest, LEVELS[arm]), baseline, 1) for arm in "abd"})
    assert baseline_sentence(found, "C", 1) == (
        "With one labelled example per class, 1 of 3 learners does better than “C” and 2 do worse."
    )
    better, worse = baseline_lines(NAMES, found)
    assert better.startswith("▲ better: “D” +") and worse.startswith("▼ worse: “A” −") and worse.count("[") == 2
    equal = claims({"b": difference(made(manifest, 50.1), made(manifest, 50), 1)})
    assert baseline_sentence(equal, "A", 1).endswith(
        "none of 1 learners is shown to do better than “A” and 1 makes no practical difference."
    )


def test_the_download_of_pairs_holds_every_number(pairs: dict, manifest: EpisodeManifest) -> None:
    table = pairs_table(NAMES, pairs, made(manifest, 50))
    assert len(table) == 6 and set(table["n_pairs"]) == {6} and set(table["n_way"]) == {5} and set(table["n_episodes"]) == {E}
    row = table[(table["first"] == "A") & (table["second"] == "D")].iloc[0]
    assert row["difference_new_classes_low"] < row["difference_points"] < row["difference_new_classes_high"] < 0
    assert row["verdict_alone"] == row["verdict_holm"] == "worse" and row["compared_together"] == 6
    assert row["p_claim_holm"] >= row["p_against_zero"] and row["chance_holm"] > 0.975


def test_pairs_are_counted_by_what_holds_of_them() -> None:
    def pair(verdict: Verdict, grade: Grade) -> Claim:
        return Claim(SimpleNamespace(), Decision(verdict, "group", grade=grade), None, 3)  # type: ignore[arg-type]

    sure = {("a", "b"): pair(Verdict.HELPS, Grade.CERTAIN), ("a", "c"): pair(Verdict.EQUIVALENT, Grade.CERTAIN)}
    assert pairs_counts(sure) == "Of 2 pairs, 1 differs, 1 makes no practical difference and 0 cannot be told yet."
    likely = pair(Verdict.HURTS, Grade.VERY_LIKELY)
    more = {**sure, ("b", "c"): likely, ("b", "d"): pair(Verdict.UNDETERMINED, Grade.UNDETERMINED)}
    assert pairs_counts(more) == (
        "Of 4 pairs, 1 differs, 1 makes no practical difference, 1 is told with “very likely” or “probably” only and 1 cannot be told yet."
    )
    assert ", 2 are told with" in pairs_counts({**more, ("c", "d"): likely})
