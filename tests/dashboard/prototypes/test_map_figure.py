"""The map of a task, drawn from a few points made by hand: which colour, which layer, which words a point has."""

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.prototypes.map_figure import (
    LONGEST,
    MOST,
    WEBGL_FROM,
    Colouring,
    by_class,
    colour_columns,
    colouring,
    export_table,
    hover_texts,
    in_order_of_task,
    legend_html,
    map_figure,
    nearest_rows,
    ramp,
    selected_table,
    short,
    steps_or_categories,
    values_of,
)
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT, translucent


def point(kind: str, c: int, row: int = -1, predicted: int = -1, plainly: int = -1) -> dict[str, object]:
    return {"kind": kind, "row": row, "class_id": c, "predicted": predicted, "plainly_predicted": plainly}


POINTS = pd.DataFrame(
    [
        point("instance", 7, 210),
        point("instance", 0, 5),
        point("support", 1, 30),
        point("support", 0, 1),
        point("query", 1, 31, 1, 0),
        point("query", 0, 2, 1, 1),
        point("query", 0, 3, 0, 0),
        *[point(kind, c) for kind in ("plain prototype", "prototype", "anchor") for c in (1, 0)],
    ]
)
POINTS["x"], POINTS["y"] = np.arange(13.0), np.arange(13.0) / 2


def test_the_classes_of_the_task_have_colours_in_its_order_and_only_instances_are_counted(tiny: Dataset) -> None:
    found = colouring(POINTS, tiny, None, LIGHT)
    assert found.labels == ("1 thing 1", "2 thing 0", "not in the task")
    assert found.code.tolist() == [2, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1]
    assert found.colours == (*LIGHT.categories[:2], translucent(LIGHT.muted, 0.6))
    assert found.counts == (2, 4, 1)


@pytest.mark.parametrize(("n", "named"), [(MOST, MOST), (MOST + 1, MOST + 1), (MOST + 2, MOST)])
def test_of_many_classes_the_first_have_colours_and_one_more_than_fit_is_no_other(n: int, named: int, tiny: Dataset) -> None:
    points = pd.DataFrame([point("plain prototype", c) for c in range(n)] + [point("instance", 39, 0), point("query", n - 1, 1)])
    found = by_class(points, tiny, LIGHT, (points["row"] >= 0).to_numpy())
    others = ("other classes of the task",) if n > named else ()
    assert found.labels == (*(f"{c + 1} thing {c}" for c in range(named)), *others, "not in the task")
    assert found.code.tolist() == [*(min(c, named) for c in range(n)), len(found.labels) - 1, min(n - 1, named)]
    assert found.colours[named:] == (*[LIGHT.muted] * len(others), translucent(LIGHT.muted, 0.6))


def test_a_column_of_instances_says_nothing_of_prototypes(tiny: Dataset) -> None:
    found = colouring(POINTS, tiny, ("instances", "site"), LIGHT)
    sites = tiny.instances["site"]
    told = [found.labels[code] if code >= 0 else None for code in found.code]
    assert told == [sites[row] if row >= 0 else None for row in POINTS["row"]]
    assert found.of_points("grey")[7:] == ["grey"] * 6 and found.of_points("grey")[0] in LIGHT.categories
    assert values_of(POINTS, tiny, "instances", "site").isna().tolist() == (POINTS["row"] < 0).tolist()
    of_classes = colouring(POINTS, tiny, ("classes", "corner"), LIGHT)
    assert [of_classes.labels[code] for code in of_classes.code] == tiny.classes["corner"][POINTS["class_id"]].tolist()


def test_what_is_not_known_and_what_is_rare_have_greys(tiny: Dataset) -> None:
    found = colouring(POINTS, tiny, ("classes", "weight"), LIGHT)
    assert found.labels[-1] == "missing" and found.colours[-1] == translucent(LIGHT.muted, 0.55)
    assert found.counts[-1] == 4, "of class 0 no weight is known"


@pytest.mark.parametrize(("n", "labels"), [(MOST + 1, MOST + 1), (MOST + 2, MOST + 1)])
def test_a_value_more_than_fit_has_a_colour_and_two_more_are_others(n: int, labels: int) -> None:
    found, code = steps_or_categories(pd.Series([f"v{i}" for i in range(n) for _ in range(n - i)]))
    assert len(found) == labels and (found[-1] == "other") == (n > MOST + 1)
    assert np.bincount(code)[-1] == (1 if n == MOST + 1 else 2 + 1)


def test_few_numbers_are_values_and_more_are_steps_of_equal_counts() -> None:
    assert steps_or_categories(pd.Series(np.repeat(np.arange(float(MOST)), 2)))[0] == [f"{n}.0" for n in range(MOST)]
    labels, code = steps_or_categories(pd.Series([*np.arange(10) / 4, None]))
    assert labels == ["0 to 0.25", "0.5 to 0.75", "1 to 1.25", "1.5 to 1.75", "2 to 2.25", "missing"]
    assert code.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    days = steps_or_categories(pd.Series(pd.date_range("2001-01-01", periods=10, freq="D")))[0]
    assert days[0] == "2001-01-01 to 2001-01-02" and len(days) == 5


def test_long_values_are_cut_and_numbers_have_four_digits() -> None:
    assert short("a" * LONGEST) == "a" * LONGEST and short("a" * (LONGEST + 1)) == "a" * (LONGEST - 1) + "…"
    assert (short(1234.567), short(7), short(pd.Timestamp("2020-02-03 04:05"))) == ("1235", "7", "2020-02-03")


def test_columns_of_one_value_or_one_a_row_colour_nothing(tiny: Dataset) -> None:
    found = colour_columns(tiny)
    assert set(found) == {
        *("family", "size", "count", "is round", "corner", "traits", "found", "weight"),
        *("site (of each instance)", "taken (of each instance)"),
    }
    assert found["is round"] == ("classes", "is_round") and found["site (of each instance)"] == ("instances", "site")


def test_hover_says_who_it_is_what_was_answered_and_where_the_plain_prototype_says_otherwise(tiny: Dataset) -> None:
    lines = [text.split("<br>") for text in hover_texts(POINTS, tiny, None)]
    assert lines[0][:2] == ["<b>thing 7</b>", "test instance"] and lines[2][1] == "support example"
    assert lines[4][:4] == ["<b>thing 1</b>", "query", "answered: thing 1 ✓", "by the plain prototype: thing 0"]
    assert lines[5][2] == "answered: thing 1 ✗" and not lines[5][3].startswith("by")
    assert lines[6][2] == "answered: thing 0 ✓" and not lines[6][3].startswith("by")
    assert f"site: {tiny.instances['site'][5]}" in lines[1] and not any(line.startswith("site") for line in lines[7])
    known = [line.split(":")[0] for line in lines[0][2:]]
    assert known == ["size", "count", "is round", "corner", "traits", "site", "taken"], "five of the class, four of the instance"
    coloured = hover_texts(POINTS, tiny, ("classes", "family"))[0].split("<br>")
    assert coloured[2] == "family: family 1" and len(coloured) == len(lines[0]) + 1
    assert len(hover_texts(POINTS, tiny, ("instances", "site"))[0].split("<br>")) == len(lines[0]), "it is there already"


def test_right_and_wrong_queries_are_layers_of_their_own_and_prototypes_are_numbered(tiny: Dataset) -> None:
    figure = map_figure(POINTS, colouring(POINTS, tiny, None, LIGHT), [""] * 13, LIGHT, "it")
    drawn = {trace.name: np.asarray(trace.customdata).tolist() for trace in figure.data}
    assert drawn == {
        "instances": [0, 1],
        "queries, right": [4, 6],
        "queries, wrong": [5],
        "support": [2, 3],
        "anchors": [11, 12],
        "plain prototypes": [7, 8],
        "prototypes": [9, 10],
    }
    last = figure.data[-1]
    assert list(last.text) == ["<b>1</b>", "<b>2</b>"] and list(last.x) == [9, 10] and list(last.y) == [4.5, 5.0]
    assert list(figure.data[0].marker.color) == [translucent(LIGHT.muted, 0.6), LIGHT.categories[1]]
    ways = [(note.ax, note.ay, note.x, note.y) for note in figure.layout.annotations]
    assert ways == [(7, 3.5, 9, 4.5), (8, 4, 10, 5)]


def test_without_metadata_the_plain_prototypes_are_the_prototypes(tiny: Dataset) -> None:
    points = POINTS[POINTS["kind"].isin(["query", "plain prototype"])].reset_index(drop=True)
    figure = map_figure(points, colouring(points, tiny, None, LIGHT), [""] * len(points), LIGHT, "it")
    assert [trace.name for trace in figure.data] == ["queries, right", "queries, wrong", "prototypes"]
    assert not figure.layout.annotations and not figure.layout.xaxis.visible


@pytest.mark.parametrize(("n", "kind"), [(WEBGL_FROM, "scatter"), (WEBGL_FROM + 1, "scattergl")])
def test_many_instances_are_drawn_by_the_graphics_card(n: int, kind: str, tiny: Dataset) -> None:
    points = pd.DataFrame({**point("instance", 0, 0), "x": np.zeros(n), "y": 0.0})
    colours = Colouring(("all",), ("#000000",), np.zeros(n, int), (n,))
    assert map_figure(points, colours, [""] * n, LIGHT, "it").data[0].type == kind


def test_the_legend_leaves_out_what_nobody_is() -> None:
    legend = legend_html(Colouring(("one & all", "nobody"), ("#123456", "#654321"), np.zeros(2, int), (2000, 0)))
    assert "one &amp; all <small>(2\u202f000)</small>" in legend and "nobody" not in legend and legend.count("#") == 1


def test_the_table_holds_the_selected_instances_once_in_their_order(tiny: Dataset) -> None:
    table = selected_table(POINTS, [2, 210, 2, 31, -1, 999], tiny)
    assert table["name"].tolist() == ["thing 0", "thing 7", "thing 1"]
    assert table["what"].tolist() == ["query", "test instance", "query"]
    assert table["answered"].tolist() == ["thing 1", "", "thing 1"]
    assert table["corner"].tolist() == tiny.classes["corner"][[0, 7, 1]].tolist()
    assert table["site"].tolist() == tiny.instances["site"][[2, 210, 31]].tolist()
    assert {"class_id", "class_name", "instance_id"}.isdisjoint(table) and table.columns[0] == "picture"
    assert selected_table(POINTS, [2, 210], tiny, pictures=False)["row"].tolist() == [2, 210]


def test_a_selection_is_of_rows_and_the_same_on_a_map_that_holds_them_in_another_order(tiny: Dataset) -> None:
    other = POINTS.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(selected_table(POINTS, [31, 5], tiny), selected_table(other, [31, 5], tiny))


def test_the_rows_of_the_task_stand_first_and_its_wrong_answers_before_them() -> None:
    assert in_order_of_task(POINTS, [210, 30, 31, 2, 3, 999]) == [2, 31, 3, 30, 210]


def test_neighbours_are_near_in_the_full_space_and_none_of_the_selected() -> None:
    vectors = np.zeros((len(POINTS), 3), np.float32)
    vectors[:7, 2] = [0, 4, 1, 9, 2.5, 8, 20]  # rows 210, 5, 30, 1, 31, 2, 3
    assert nearest_rows(POINTS, vectors, [210], 3)[0] == [30, 31, 5]
    rows, distance = nearest_rows(POINTS, vectors, [210, 1], 2)
    assert rows == [30, 2] and distance.tolist() == [1, 1]


def test_many_numbers_have_colours_from_little_to_much_and_few_have_those_of_categories(tiny: Dataset) -> None:
    points = pd.DataFrame([point("instance", c, 30 * c) for c in range(40)])
    assert colouring(points, tiny, ("classes", "size"), LIGHT).colours == LIGHT.steps
    assert ramp(LIGHT, 2) == [LIGHT.steps[0], LIGHT.steps[-1]]
    assert colouring(points, tiny, ("classes", "family"), LIGHT).colours[0] == LIGHT.categories[0]


def test_the_download_names_classes_and_answers(tiny: Dataset) -> None:
    table = export_table(POINTS, tiny)
    assert table["class_name"].tolist()[:3] == ["thing 7", "thing 0", "thing 1"]
    assert table["predicted_name"].tolist()[3:8] == ["", "thing 1", "thing 1", "thing 0", ""]
    assert table["plainly_predicted_name"].tolist()[4:7] == ["thing 0", "thing 1", "thing 0"]
