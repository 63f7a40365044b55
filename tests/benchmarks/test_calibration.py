"""The calibration counts what it says: coverage against an outside count, verdicts by the card's rule, simulated truth that is true."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks import calibration
from benchmarks.calibrating import controls, coverage, page
from benchmarks.calibrating.findings import Check, Found, covered, exact_bounds, share
from benchmarks.calibrating.grades import Case, apart, cases, contradict, tally
from benchmarks.calibrating.permuted import values_of
from benchmarks.calibrating.power import moved
from benchmarks.calibrating.worlds import MEANS, World, draw_world, manifest_of, right_answers
from metadash.stats.intervals import Interval, episode_interval
from metadash.stats.verdict import Decision, Grade, Verdict


def test_the_counter_of_coverage_agrees_with_the_level_of_the_interval():
    rng = np.random.default_rng(0)
    for level in (0.5, 0.8, 0.95):
        hits = sum(covered(2.0, episode_interval(rng.normal(2, 3, 30), level)) for _ in range(2000))
        assert hits / 2000 == pytest.approx(level, abs=0.03)


def test_an_interval_without_bounds_covers_nothing():
    assert not covered(0.0, Interval(0.0, None, None, 3, "none", "class"))


def test_the_bounds_of_a_share_are_those_of_scipy():
    expected = stats.binomtest(93, 100).proportion_ci(method="exact")
    assert exact_bounds(93, 100) == pytest.approx((expected.low, expected.high))
    assert exact_bounds(0, 10)[0] == 0.0 and exact_bounds(10, 10)[1] == 1.0


def test_a_target_is_a_range_and_both_its_ends_count():
    reached = [share("covers", hits, 100, 93.0, 97.0).reached for hits in (92, 93, 97, 98)]
    assert reached == [False, True, True, False]
    assert Check("told", 1.0, "s", 1).reached is None


def test_right_answers_have_the_mean_and_the_variance_of_75_queries():
    rng = np.random.default_rng(0)
    for chance in (0.0, 0.3333, 0.7312, 1.0):
        drawn = right_answers(rng, np.full(200_000, chance)).astype(float)
        assert drawn.mean() == pytest.approx(75 * chance, abs=0.05)
        assert drawn.var() == pytest.approx(75 * chance * (1 - chance), rel=0.02, abs=0.01)


@pytest.mark.parametrize("world", [World("classes", episodes=4000), World("groups", groups=11, classes=12, episodes=4000)])
def test_the_truth_of_a_world_is_what_its_scores_tend_to(world):
    """Without spread between classes every estimand is the mean effect; with it, that of these classes follows the scores."""
    rng = np.random.default_rng(1)
    alike = draw_world(replace(world, spread=0.0, seed_spread=0.0), rng)
    for truth in (alike.these_classes, alike.new_classes, alike.training_again):
        assert truth == pytest.approx(MEANS)
    errors = []
    for _ in range(5):
        drawn = draw_world(replace(world, spread=6.0), rng)
        accuracy = drawn.values.totals.mean(axis=(0, 2, 3)) / 75 * 100
        errors.append(accuracy[1] - accuracy[0] - drawn.these_classes[0])
    assert np.abs(errors).max() < 0.6


def test_coverage_is_counted_for_every_effect_and_interval():
    hits, widths = coverage.count_coverage(World("small", classes=20, episodes=100), 40, 0)
    assert set(hits) == set(widths) == {(effect, kind) for effect in coverage.EFFECTS for kind in coverage.KINDS}
    assert all(30 <= count <= 40 for count in hits.values()) and all(width > 0 for width in widths.values())


def test_moving_an_interval_is_adding_an_effect():
    found = moved(episode_interval(np.array([1.0, 2.0, 4.0])), 1.5)
    again = episode_interval(np.array([2.5, 3.5, 5.5]))
    assert (found.estimate, found.low, found.high) == pytest.approx((again.estimate, again.low, again.high))


def made_up(gain: float, shuffled_gain: float) -> controls.Tally:
    """A tally of one repetition: 11 groups of episodes, right answers of which metadata add some points and shuffled rows others."""
    rng, group = np.random.default_rng(0), np.arange(550) % 11
    manifest = manifest_of(np.arange(550 * 5).reshape(550, 5) % 55, group)
    manifest = replace(manifest, query=np.zeros((550, 5, 200), dtype=np.int64))
    plain = rng.binomial(1000, 0.7, 550)
    correct = np.stack([plain, plain + round(10 * gain), plain + round(10 * shuffled_gain)])[:, None]
    tally = controls.Tally()
    tally.add(values_of(correct.astype(np.uint16), manifest, [1], [2]))
    return tally


def test_verdicts_are_counted_by_the_rule_of_the_cards():
    helps = made_up(3, 0)
    assert helps.by_tier["screen"][Verdict.HELPS] == helps.by_tier["confirm"][Verdict.HELPS] == helps.above == helps.n == 1
    shape = made_up(3, 3)  # the shuffled rows do as well: a screen cannot know, the card of confirm does
    assert shape.by_tier["screen"][Verdict.HELPS] == 1 and shape.by_tier["confirm"][Verdict.UNDETERMINED] == 1
    hurts = made_up(-3, 0)
    assert hurts.by_tier["confirm"][Verdict.HURTS] == 1 and hurts.above == 0
    helps.join(hurts)
    assert helps.n == 2 and sum(helps.by_tier["confirm"].values()) == 2


def test_every_head_stands_beside_another_as_its_shuffled_control():
    for n, seeds in ((10, 1), (10, 5)):
        chosen = controls.pairs(n, seeds)
        assert sorted(head for real, _ in chosen for head in real) == list(range(1, n + 1))
        assert all(not set(real) & set(wrong) for real, wrong in chosen)


def test_parts_measured_apart_are_kept_side_by_side_and_told(tmp_path):
    out = tmp_path / "calibration.json"
    found = Found([share("false helps", 1, 200, most=5.0)]).as_json()
    about = {"date": "today", "commit": "abc", "machine": {"cores": 2, "cpu": "some", "load_before": 0.1}, "quick": False}
    for name in ("power", "coverage"):
        calibration.keep(out, name, {**about, "seconds": 1.0, "processor": 1.0, "workers": 1, **found})
    parts = json.loads(out.read_text())["parts"]
    assert list(parts) == ["coverage", "power"]
    text = "\n".join(page.section("power", parts["power"]))
    assert "1 of 1 targets reached" in text and "| false helps | 0.5 % [0.0, 2.8] | 200 | ≤ 5 % | yes |" in text


def test_the_cost_of_an_arm_is_plotted_from_its_table():
    table = {
        "caption": "Cost of an arm as arms grow",
        "columns": ["heads", "ms a step", "more"],
        "rows": [["4", "1.8", "x"], ["8", "0.9", "y"]],
    }
    drawn = page.plot(table).splitlines()
    assert drawn[:2] == ["```mermaid", "xychart-beta"] and drawn[-1] == "```"
    assert drawn[2].strip() == 'x-axis "heads" [4, 8]' and drawn[3].strip() == 'y-axis "ms a step" 0 --> 1.8'
    assert drawn[4].strip() == "line [1.8, 0.9]"


# --- grades ------------------------------------------------------------------------------------------------------------------


def said(verdict: Verdict, grade: Grade) -> Decision:
    return Decision(verdict, "group", grade=grade)


@pytest.mark.parametrize(
    ("first", "second", "grades", "against"),
    [
        (said(Verdict.HELPS, Grade.CERTAIN), said(Verdict.HELPS, Grade.VERY_LIKELY), 1, False),
        (said(Verdict.HELPS, Grade.CERTAIN), said(Verdict.HELPS, Grade.PROBABLY), 2, False),
        (said(Verdict.HELPS, Grade.PROBABLY), said(Verdict.UNDETERMINED, Grade.UNDETERMINED), 1, False),
        (said(Verdict.HELPS, Grade.PROBABLY), said(Verdict.EQUIVALENT, Grade.PROBABLY), 2, False),
        (said(Verdict.HELPS, Grade.CERTAIN), said(Verdict.EQUIVALENT, Grade.PROBABLY), 4, True),
        (said(Verdict.HELPS, Grade.VERY_LIKELY), said(Verdict.HURTS, Grade.VERY_LIKELY), 4, True),
        (said(Verdict.HURTS, Grade.CERTAIN), said(Verdict.HURTS, Grade.CERTAIN), 0, False),
    ],
)
def test_two_looks_are_so_many_grades_apart(first: Decision, second: Decision, grades: int, against: bool) -> None:
    assert apart(first, second) == apart(second, first) == grades
    assert contradict(first, second) == contradict(second, first) == against


def test_a_grade_is_counted_as_true_by_what_it_claims() -> None:
    found, rows = Found(), list[list[str]]()
    very = said(Verdict.HELPS, Grade.VERY_LIKELY)
    tally(found, "made up", [Case(truth, very, very) for truth in (*[2.0] * 54, *[0.4] * 6)], rows)
    (check,) = found.checks
    assert (check.what, check.measured, check.least, check.reached) == ("true of “very likely helps”: made up", 90.0, 90.0, True)
    assert rows[0] == ["made up", "helps", "none", "90.0 of 60", "none"] and rows[1][2:] == ["none"] * 3


def test_a_second_look_at_the_same_groups_moves_the_words_a_little() -> None:
    drawn = cases(28, 60, "another machine", 0, 0.5, 2.0)
    assert sum(one.first == one.second for one in drawn) == 0 and not any(contradict(one.first, one.second) for one in drawn)
    assert sum(apart(one.first, one.second) > 1 for one in drawn) <= 2
