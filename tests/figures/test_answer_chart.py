"""A query's answer as a chart: its kind guessed from the columns, its rows drawn as they are."""

import datetime

import pandas as pd
import pytest

from metadash.figures.answer_chart import MOST_BARS, Columns, answer_chart, columns_of, left_out, readable
from metadash.figures.palette import LIGHT


@pytest.mark.parametrize(
    ("roles", "kind", "across", "up"),
    [
        ({"family": "category", "n": "number"}, "bars", "family", "n"),
        ({"family": "category", "n": "number", "mean": "number"}, "bars", "family", "n"),
        ({"found": "time", "family": "category", "n": "number"}, "line", "found", "n"),
        ({"width": "number", "height": "number"}, "points", "width", "height"),
        ({"width": "number"}, "histogram", "width", None),
        ({"found": "time"}, "histogram", "found", None),
        ({"class_id": "number", "n": "number"}, "bars", "class_id", "n"),
        ({"class_id": "number", "width": "number", "height": "number"}, "points", "width", "height"),
    ],
)
def test_the_kind_of_chart_is_guessed_from_what_the_columns_hold(roles: dict, kind: str, across: str, up: str | None) -> None:
    found = columns_of([*roles.items()])
    assert found.kinds[0] == kind and found.across(found.kinds[0])[0] == across
    assert found.up(found.kinds[0], across)[:1] == ([up] if up else [])


def test_names_alone_and_two_columns_of_one_name_are_no_chart() -> None:
    assert columns_of([("class_id", "number"), ("family", "category"), ("vector", None)]).kinds == []
    assert columns_of([("n", "number"), ("n", "number")]).kinds == []


def test_every_row_is_a_bar_of_its_own_in_the_order_of_the_table_and_what_is_left_out_is_said() -> None:
    frame = pd.DataFrame({"family": ["b", "a", "b", None, "<i>"], "n": [1, 2, 3, 4, None]})
    (bar,) = answer_chart(frame, "bars", "family", "n", LIGHT).data
    assert list(bar.x) == [1, 2, 3, 4] and list(bar.customdata) == ["b", "a", "b", "missing"]
    assert left_out(frame, "bars", "family", "n") == "Left out: 1 row without a value."
    many = pd.DataFrame({"family": ["a"] * 50, "n": range(50)})
    assert len(answer_chart(many, "bars", "family", "n", LIGHT).data[0].x) == MOST_BARS
    assert left_out(many, "bars", "family", "n") == "Left out: all but the first 40 bars."


def test_a_line_goes_through_time_and_dates_that_no_axis_holds_are_left_out() -> None:
    columns = Columns(numbers=("n",), times=("found",))
    found = [datetime.date(2021, 1, 1), datetime.date(1999, 1, 1), None]
    frame = readable(pd.DataFrame({"found": found, "n": [1, float("inf"), 3]}), columns)
    assert frame["n"].isna().tolist() == [False, True, False] and frame["found"].isna().tolist() == [False, False, True]
    late = readable(pd.DataFrame({"found": [datetime.date(2021, 1, 1), datetime.date(1999, 1, 1)], "n": [1, 2]}), columns)
    assert list(answer_chart(late, "line", "found", "n", LIGHT).data[0].y) == [2, 1]
