"""What *Compare* draws of learners: their colours, the room around their intervals, the cells of every pair and the words in them."""

from types import SimpleNamespace
from typing import Any

import pytest

from metadash.answers.family import claims
from metadash.dashboard.compare.learners import Nouns, colours_of, differences_chart, p_words, tasks_words
from metadash.dashboard.compare.matrix import SHADE, cell, matrix, turned
from metadash.figures.charts import Dot
from metadash.figures.palette import LIGHT, translucent
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference
from metadash.stats.verdict import Verdict, decide
from tests.builders import tiny_evaluation

NAMES = {"a": "with <b>", "b": "without", "c": "else"}


def arm(identity: str, plain: bool = False, control: str = "none") -> Any:
    return SimpleNamespace(id=identity, plain=plain, spec=SimpleNamespace(control=control))


def between(
    low: float | None, high: float | None, estimate: float | None = None, n: int = 2000, unit: str = "episode"
) -> Interval:
    middle = estimate if estimate is not None else ((low or 0) + (high or 0)) / 2
    return Interval(middle, low, high, n, "made up", unit, note="" if low is not None else "too few")


def pair(new: Interval) -> Difference:
    return Difference(shot=1, episodes=new, new_classes=new, seeds=None, rope=0.5, decision=decide(new))


PAIRS = claims(
    {
        ("a", "b"): pair(between(1.0, 3.0)),
        ("c", "a"): pair(between(-0.2, 0.2)),
    }
)


def test_roles_have_their_colours_and_the_baseline_has_its_own_before_others() -> None:
    arms = [arm("one"), arm("other"), arm("plain", plain=True), arm("wrong", control="shuffled"), arm("first", plain=True)]
    found = colours_of(arms, "first", LIGHT)
    assert (found["first"], found["one"], found["wrong"]) == (LIGHT.plain, LIGHT.helps, LIGHT.control)
    assert (found["other"], found["plain"]) == (LIGHT.categories[0], LIGHT.categories[3]), "a role is one learner's"
    many = colours_of([arm(str(n)) for n in range(12)], "0", LIGHT)
    assert [many[str(n)] for n in range(9)] == [LIGHT.helps, *(LIGHT.categories[p] for p in (0, 3, 7, 8, 9, 2, 4, 6))]
    assert len(set(list(many.values())[:11])) == 11, "roles that nobody plays are given away too"


def test_the_chart_has_room_beyond_its_longest_interval_and_zero_in_view() -> None:
    def dot(new: Interval) -> Dot:
        return Dot(f"{new.estimate}", between(new.estimate, new.estimate), new, "#000000")

    figure = differences_chart([dot(between(2.0, 8.0)), dot(between(None, None, 5.0))], LIGHT, rope=0.5)
    assert figure.layout.xaxis.range == pytest.approx((0 - 0.06 * 8 - 0.6, 8 + 0.06 * 8 + 0.6))
    assert differences_chart([dot(between(-6.0, -2.0))], LIGHT, rope=1.0).layout.xaxis.range == pytest.approx((-7.56, 1.56))


def test_a_p_is_said_to_three_digits_and_no_smaller() -> None:
    assert [p_words(p) for p in (None, 0.0009999, 0.001, 0.0494, 1.0)] == ["—", "< 0.001", "0.001", "0.049", "1.000"]


def test_tasks_are_said_with_their_condition() -> None:
    stored: Any = SimpleNamespace(spec=SimpleNamespace(evaluation=tiny_evaluation(n_episodes=2000), split="family-0"))
    assert tasks_words(stored) == "5-way siblings, 2\u202f000 on family-0"
    stored.spec.evaluation = tiny_evaluation(where="size > 2")
    assert tasks_words(stored) == "5-way siblings, 120 on family-0 where size > 2"


def test_what_would_be_new_is_a_group_where_tasks_are_drawn_within_groups() -> None:
    nouns = Nouns("things", "families")
    assert nouns.of(SimpleNamespace(group=None)) == "things" and nouns.of(SimpleNamespace(group=[0])) == "families"  # type: ignore[arg-type]


def test_a_pair_is_read_both_ways() -> None:
    better = cell("a", "b", NAMES, PAIRS, LIGHT)
    assert 'title="with &lt;b&gt; less without: +2.0 points [1.0, 3.0], better"' in better
    assert (
        f"background:{translucent(LIGHT.helps, 0.18)}" in better
        and f'<span style="color:{LIGHT.helps}">▲</span> +2.0<small' in better
    )
    worse = cell("b", "a", NAMES, PAIRS, LIGHT)
    assert 'title="without less with &lt;b&gt;: −2.0 points [−3.0, −1.0], worse"' in worse and "▼</span> −2.0" in worse
    same = cell("a", "c", NAMES, PAIRS, LIGHT)
    assert "0.0 points [−0.2, 0.2], no practical difference" in same and translucent(LIGHT.plain, 0.18) in same
    assert ">·</td>" in cell("a", "a", NAMES, PAIRS, LIGHT) and "They share no training seed." in cell(
        "b", "c", NAMES, PAIRS, LIGHT
    )


def test_where_there_is_no_interval_a_cell_says_so() -> None:
    found = claims({("a", "b"): pair(between(None, None, 4.0))})
    text = cell("b", "a", NAMES, found, LIGHT)
    assert "−4.0 points no interval, cannot tell yet" in text and "?</span> −4.0<small" in text
    assert translucent(LIGHT.plain, 0.09) in text


def test_what_holds_alone_and_not_together_is_said_in_the_direction_in_which_it_was_tested() -> None:
    close = Interval(1.25, 0.52, 1.98, 2000, "t", "episode", se=0.372, df=1999)
    found = claims({("a", "b"): pair(close), ("a", "c"): pair(between(0.4, 0.7)), ("b", "c"): pair(between(-1, 4.0))})
    assert "among these 3 comparisons" in cell("a", "b", NAMES, found, LIGHT)
    assert "among these" not in cell("b", "a", NAMES, found, LIGHT)


def test_a_verdict_turned_round_is_of_the_other() -> None:
    assert [turned(verdict, -1) for verdict in Verdict] == [
        Verdict.HURTS,
        Verdict.HELPS,
        Verdict.EQUIVALENT,
        Verdict.UNDETERMINED,
    ]
    assert [turned(verdict, 1) for verdict in Verdict] == list(Verdict)


def test_the_table_has_a_letter_for_each_learner_also_beyond_the_alphabet() -> None:
    order = [f"arm {n}" for n in range(27)]
    text = matrix({name: name for name in order}, order, {}, LIGHT)
    assert text.count("<tr>") == 28 and text.count('scope="col"') == 27 and text.count("They share no training seed") == 27 * 26
    assert '<th scope="row" title="arm 25">Z <span>arm 25' in text and '<th scope="row" title="arm 26">A <span>' in text
    assert "<p><b>B</b> arm 1</p>" in text


def test_the_surer_the_stronger() -> None:
    grades = sorted(SHADE, reverse=True)
    assert [SHADE[grade] for grade in grades[:3]] == sorted((SHADE[grade] for grade in grades[:3]), reverse=True)
