"""The grid of queries over inner steps and the charts beside it, from an episode made by hand."""

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.adaptation.query_grid import (
    MOST_CLASSES,
    MOST_COLUMNS,
    Answers,
    Episode,
    bins,
    cell,
    cut_words,
    item,
    legend,
    query_grid,
    read_episode,
    shown_steps,
)
from metadash.dashboard.adaptation.step_charts import Line, apart, gate, over_steps
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT, translucent

EPISODE = Episode(
    classes=[5, 2],
    true=np.array([5, 5, 2, 2]),
    rows=np.array([150, 151, 60, 61]),
    support={5: [155], 2: [65]},
    steps=Answers(np.array([[0.5, 0.25, 0.5, 0.5], [0.75, 0.126, 1.0, 0.25]]), np.array([[5, 2, 2, 5], [5, 2, 2, 5]])),
    prototypes={"plain": Answers(np.array([[0.9, 0.8, 0.7, 0.1]]), np.array([[5, 5, 2, 5]]))},
    names={5: "<five>", 2: "two"},
)


def seen(row: int, alt: str) -> str:
    return f"[{row}|{alt}]"


def test_an_episode_is_read_in_the_order_of_its_support_and_queries(tiny: Dataset) -> None:
    queries = pd.DataFrame(
        {
            "step": [1, 0, 0, 1],
            "query": [1, 1, 0, 0],
            "row": [61, 61, 150, 150],
            "class_id": [2, 2, 5, 5],
            "predicted": [5, 2, 2, 5],
            "probability": [0.4, 0.6, 0.3, 0.7],
        }
    )
    support = pd.DataFrame({"class_id": [5, 5, 2, 2], "row": [155, 156, 65, 66]})
    by = pd.concat([queries[queries["step"] == 0].assign(by=name) for name in ("metadata", "plain", "else")])
    found = read_episode(queries, by, support, tiny)
    assert found.classes == [5, 2] and found.support == {5: [155, 156], 2: [65, 66]}
    assert found.true.tolist() == [5, 2] and found.rows.tolist() == [150, 61]
    assert found.steps.predicted.tolist() == [[2, 2], [5, 5]] and found.steps.probability.tolist() == [[0.3, 0.6], [0.7, 0.4]]
    assert list(found.prototypes) == ["plain", "metadata"] and found.prototypes["plain"].predicted.tolist() == [[2, 2]]
    assert found.number(2) == "2 thing 2"


def test_as_many_queries_are_shown_as_fit_and_one_of_each_class_at_least() -> None:
    def of(n: int, each: int) -> Episode:
        return Episode(list(range(n)), np.repeat(np.arange(n), each), np.zeros(n * each), {}, EPISODE.steps, {}, {})

    assert [of(n, each).rows_each for n, each in ((5, 20), (5, 60), (5, 61), (20, 16), (500, 3))] == [20, 60, 60, 15, 3]
    assert len(of(30, 1).shown_classes) == MOST_CLASSES
    assert cut_words(of(20, 15)) == ""
    assert cut_words(of(21, 15)) == "Shown: the first 20 of 21 classes; the download holds all."
    assert cut_words(of(20, 16)) == "Shown: the first 15 of 16 queries of each class; the download holds all."


def test_few_steps_are_all_columns_and_of_more_the_wanted_ones_within() -> None:
    assert shown_steps(MOST_COLUMNS - 1, 99) == list(range(MOST_COLUMNS))
    assert shown_steps(16) == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert shown_steps(16, 0, 3, 16, 17, -1) == [0, 2, 3, 4, 6, 8, 10, 12, 14, 16]


def test_a_cell_is_as_strong_as_the_true_class_is_likely_and_crossed_where_the_answer_is_another() -> None:
    right = cell(EPISODE, EPISODE.steps, 1, 0, "step 1", "#000000")
    assert right == '<td style="background:rgba(0,0,0,0.75)" title="step 1: 75% for the true class; right"></td>'
    wrong = cell(EPISODE, EPISODE.steps, 1, 1, "step 1", "#000000")
    assert wrong == '<td style="background:rgba(0,0,0,0.13)" title="step 1: 13% for the true class; answered two">×</td>'
    assert "answered &lt;five&gt;" in cell(EPISODE, EPISODE.steps, 0, 3, "", "#000000")


def test_the_grid_marks_the_step_that_is_looked_at_and_has_the_prototypes_at_the_right() -> None:
    text = query_grid(EPISODE, seen, LIGHT, own_steps=1, now=1)
    assert text.count('<th scope="col">0</th>') == 2 and text.count('<th scope="col" class=ad-now>1</th>') == 2
    assert text.count('<th scope="col" title="plain prototype">P</th>') == 2
    assert text.index("[150|a query of <five>]") < text.index("[151|") < text.index("[60|a query of two]")
    assert text.count(translucent(LIGHT.plain, 0.9)) == 1 and text.count(f"width:{19 * 4 + 6}px") == 2
    assert "[155|a labelled example of <five>]<span>1 &lt;five&gt;</span>" in text and text.count("×</td>") == 2 * 2 + 1
    assert text.endswith(legend(EPISODE, LIGHT)) and "<b>P</b> plain prototype" in legend(EPISODE, LIGHT)


def test_a_bin_has_its_own_first_and_counts_both() -> None:
    text = bins(EPISODE, 1, seen, LIGHT)
    assert "<small>1 of its 2, and 1 of others</small>" in text and text.count("1 of its 2, and 1 of others") == 2
    first, second = text.split('<div class="ad-bin">')[1:]
    assert first.index("[150|") < first.index("[61|") and second.index("[60|") < second.index("[151|")
    assert text.count("ad-item ad-wrong") == 2
    assert item(EPISODE, 1, 3, 5, seen).count("two: 25% for the true class, taken for") == 2
    assert item(EPISODE, 1, 2, 2, seen).startswith('<span class="ad-item" title="two: 100% for the true class">')


# --- charts ------------------------------------------------------------------------------------------------------------------


def test_a_chart_over_steps_has_room_around_what_it_shows_and_an_upright_where_the_learner_stops() -> None:
    lines = [Line("queries", [20.0, 60.0, 70.0], "#000000"), Line("prototype", [45.0], "#111111", "dash")]
    figure = over_steps(lines, LIGHT, "accuracy", own_steps=1, unit=" %", decimals=1)
    assert figure.layout.yaxis.range == pytest.approx((20 - 4, 70 + 4))
    assert figure.layout.xaxis.range == pytest.approx((-0.14, 2.04)) and figure.layout.xaxis.dtick == 1
    assert [shape.x0 for shape in figure.layout.shapes] == [1]
    notes = [note.text for note in figure.layout.annotations]
    assert notes == ["scored here", "queries <b>70.0 %</b>", "prototype <b>45.0 %</b>"]
    assert [trace.mode for trace in figure.data] == ["lines+markers", "lines"]
    assert list(figure.data[1].x) == [0, 2] and list(figure.data[1].y) == [45, 45]
    for own in (0, 2):
        assert not over_steps(lines, LIGHT, "", own_steps=own).layout.shapes
    bounded = over_steps(lines, LIGHT, "", 1, bottom=0.0, top=100.0)
    assert bounded.layout.yaxis.range == pytest.approx((-8, 108))


@pytest.mark.parametrize(
    ("last", "mode", "tick"),
    [(12, "lines+markers", 1), (13, "lines+markers", None), (25, "lines+markers", None), (26, "lines", None)],
)
def test_many_steps_have_no_markers_and_no_tick_each(last: int, mode: str, tick: int | None) -> None:
    figure = over_steps([Line("queries", [1.0] * (last + 1), "#000000")], LIGHT, "", 0)
    assert figure.data[0].mode == mode and figure.layout.xaxis.dtick == tick
    assert figure.layout.yaxis.range == pytest.approx((0.92, 1.08)), "of a level line too"


def test_a_gate_is_drawn_from_its_least_to_its_greatest_within_0_and_1() -> None:
    figure = gate([0.1, 0.2], [0.5, 0.6], [0.9, 0.7], "forget", LIGHT)
    band, line = figure.data
    assert list(band.x) == [1, 2, 2, 1] and list(band.y) == [0.9, 0.7, 0.2, 0.1]
    assert list(line.x) == [1, 2] and list(line.y) == [0.5, 0.6] and list(line.customdata[1]) == [0.2, 0.7]
    assert figure.layout.yaxis.range == pytest.approx((0.1 - 0.096, 0.9 + 0.096)) and figure.layout.xaxis.range == (0.8, 2.2)
    assert gate([0.0], [0.5], [1.0], "", LIGHT).layout.yaxis.range == (0, 1) and line.cliponaxis is False
    assert gate([0.5], [0.5], [0.5], "", LIGHT).layout.yaxis.range == pytest.approx((0.49, 0.51))
    assert [gate([0.1] * n, [0.5] * n, [0.9] * n, "", LIGHT).data[1].mode for n in (25, 26)] == ["lines+markers", "lines"]


def test_labels_are_moved_apart_as_little_as_need_be_and_keep_their_order() -> None:
    assert apart([10.0, 60.0], 100.0) == [0, 0]
    first, second = apart([50.0, 50.0], 100.0)
    assert first - second == pytest.approx(18) and first == pytest.approx(9), "the first of two equals stands above"
    moved = apart([51.0, 50.0], 100.0)  # two pixels of two hundred
    assert moved == pytest.approx([8, -8])
