"""The charts of the house, as figures: what stands on their axes."""

import plotly.graph_objects as go
import pytest

from metadash.figures.charts import Curve, Dot, Priced, curve_over_shots, interval_dots, literal, log_ticks, mean_against_cost
from metadash.figures.palette import LIGHT
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY


def priced(name: str, seconds: float) -> Priced:
    mean = Interval(80.0, 79.0, 81.0, 10, "t", "episode")
    return Priced(name, seconds, mean, mean, LIGHT.plain)


def test_the_ticks_of_a_cost_say_their_seconds_in_full() -> None:
    axis = mean_against_cost([priced("one", 0.37), priced("other", 2.9)], "processor seconds", LIGHT).layout.xaxis
    assert axis.tickmode == "array" and list(axis.ticktext) == ["0.5", "1", "2", "5"] and list(axis.tickvals) == [0.5, 1, 2, 5]


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(0.2, 0.8, [2, 5]), (-1, 1, [0.1, 0.2, 0.5, 1, 2, 5, 10]), (0, 3, [1, 10, 100, 1000])]
)
def test_ticks_are_one_two_and_five_or_powers_of_ten(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(ticks)


def test_a_curve_from_zero_shots_has_its_arrow_where_the_headline_is() -> None:
    """And its ends where they are without the zero, one place further left: a category axis has no logarithm to fail."""
    curves = [Curve(name, [priced(name, 1).episodes] * 4, LIGHT.plain) for name in ("with", "without")]
    fewer = [Curve(curve.name, curve.points[1:], curve.colour) for curve in curves]
    whole, part = (
        curve_over_shots(shots, lines, LIGHT, "+1 point", 1.4).layout.annotations
        for shots, lines in (((0, 1, 2, 5), curves), ((1, 2, 5), fewer))
    )
    for here, there in zip(whole, part, strict=True):
        assert here.x == pytest.approx(there.x + 1)


def over_shots(*means: float) -> go.Figure:
    curves = [
        Curve(str(place), [Interval(mean, mean - 1, mean + 1, 10, "t", "episode")] * 2, LIGHT.plain)
        for place, mean in enumerate(means)
    ]
    return curve_over_shots((1, 2), curves, LIGHT, "a gap")


def test_no_axis_of_accuracies_goes_beyond_what_an_accuracy_can_be() -> None:
    for figure in (over_shots(99.9, 99.5), mean_against_cost([priced("one", 1)], "seconds", LIGHT)):
        ends = figure.layout.yaxis.autorangeoptions
        assert (ends.clipmin, ends.clipmax) == ACCURACY.bounds
        assert all(trace.cliponaxis is False for trace in figure.data if "markers" in trace.mode)


@pytest.mark.parametrize(("means", "struck"), [((100, 100, 100), True), ((80, 80.1, 60), True), ((80, 70, 60), False)])
def test_the_words_of_a_gap_stand_below_curves_that_would_strike_them_through(means: tuple[float, ...], struck: bool) -> None:
    (note,) = over_shots(*means).layout.annotations
    assert (note.yanchor == "top") == struck


def test_a_name_is_read_as_it_is_typed_and_turns_no_words_round() -> None:
    assert literal("a<b>&%{y} שלום") == "a&lt;b>&amp;%&#123;y} שלום"
    assert literal("one \u202etwo\u2066") == "one two"
    named = "<b>%{y}</b>"
    (curve,) = curve_over_shots((1, 2), [Curve(named, [priced("", 1).episodes] * 2, LIGHT.plain)], LIGHT).data[-1:]
    dots = interval_dots([Dot(named, priced("", 1).episodes, priced("", 1).episodes, LIGHT.plain)], LIGHT)
    for shown in (curve.name, curve.hovertemplate, *dots.layout.yaxis.ticktext, dots.data[-1].hovertemplate):
        assert shown.startswith(literal(named))


def test_no_interval_ends_at_the_frame() -> None:
    whole, part = Interval(2.0, -3.0, 5.0, 10, "t", "episode"), Interval(1.0, None, None, 10, "t", "episode")
    low, high = interval_dots([Dot("one", whole, part, LIGHT.plain)], LIGHT).layout.xaxis.range
    assert (low, high) == pytest.approx((-3.32, 5.32))
    assert interval_dots([Dot("one", part, part, LIGHT.plain)], LIGHT, rope=4.0).layout.xaxis.range == pytest.approx(
        (-4.32, 4.32)
    )
