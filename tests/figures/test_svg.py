"""A curve in SVG says what the numbers say: higher is better, the band lies around its line, names are text and no markup."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from metadash.figures.charts import Curve
from metadash.figures.palette import LIGHT
from metadash.figures.svg import HEIGHT, WIDTH, curve_svg
from metadash.stats.intervals import Interval

SVG = "{http://www.w3.org/2000/svg}"


def point(estimate: float, half: float | None = 1.0) -> Interval:
    low, high = (None, None) if half is None else (estimate - half, estimate + half)
    return Interval(estimate, low, high, 10, "t", "episode")


def drawn(*curves: Curve) -> ElementTree.Element:
    return ElementTree.fromstring(curve_svg((1, 2, 5), curves, LIGHT))


def places(text: str) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(","))) for pair in text.split()]


def test_a_higher_accuracy_lies_higher_and_every_point_within_the_picture() -> None:
    one, other = (
        Curve("with", [point(70), point(80), point(90)], "#000000"),
        Curve("without", [point(60), point(62), point(63)], "#111111"),
    )
    above, below = (places(line.get("points")) for line in drawn(one, other).iter(f"{SVG}polyline"))
    assert [x for x, _ in above] == sorted(x for x, _ in above)
    assert above[0][1] > above[1][1] > above[2][1] and all(a[1] < b[1] for a, b in zip(above, below, strict=True))
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in above + below)


def test_distances_are_in_proportion_and_the_band_is_the_interval() -> None:
    picture = drawn(Curve("with", [point(50, 5), point(60, 5), point(80, 5)], "#000000"))
    line = [y for _, y in places(picture.find(f"{SVG}polyline").get("points"))]
    assert (line[0] - line[2]) / (line[0] - line[1]) == pytest.approx(3, abs=0.02)
    band = [y for _, y in places(picture.find(f"{SVG}polygon").get("points"))]
    upper, lower = band[:3], band[3:][::-1]
    for middle, top, bottom in zip(line, upper, lower, strict=True):
        assert middle - top == pytest.approx(bottom - middle, abs=0.2) and middle - top == pytest.approx(
            (line[0] - line[1]) / 2, abs=0.2
        )


def test_what_was_not_scored_is_left_out_and_what_has_no_interval_is_a_line() -> None:
    picture = drawn(Curve("with", [point(50, None), None, point(60, None)], "#000000"))
    assert len(places(picture.find(f"{SVG}polyline").get("points"))) == 2
    assert curve_svg((1,), [Curve("with", [None], "#000000")], LIGHT) == ""


def test_grid_and_names_are_told_as_text() -> None:
    picture = curve_svg((1, 2, 5), [Curve("<b>a & b</b>", [point(50), point(60), point(70)], "#000000", "dash")], LIGHT)
    told = [element.text for element in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert "<b>a & b</b>" in told and {"1", "2", "5"} <= set(told) and {"50", "60", "70"} <= set(told)
    assert "stroke-dasharray" in picture and not re.search(r"<b>|<script", picture)
