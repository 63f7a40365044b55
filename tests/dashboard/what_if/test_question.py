"""What *What if* draws of an answer, from queries and prototypes made by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.what_if import question
from metadash.dashboard.what_if.question import MOST_ARROWS, SEEN, in_words, marked, moved_map, queries_view
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from metadash.figures.what_if import dots_of
from metadash.stats.intervals import Interval
from metadash.stats.verdict import Decision, Verdict


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What would be drawn, in place of Streamlit."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(question.st, "caption", lambda text, **_: seen.__setitem__("caption", text))
    monkeypatch.setattr(question.st, "html", lambda text: seen.__setitem__("html", text))
    monkeypatch.setattr(
        question,
        "input_row",
        lambda data, rows, captions, size, alts: seen.update(rows=list(rows), captions=captions, alts=alts) or "",
    )
    return seen


def queries(after: list[float], changed: list[bool]) -> pd.DataFrame:
    n = len(after)
    return pd.DataFrame(
        {
            "row": np.arange(n) + 100,
            "class_id": 0,
            "changed": changed,
            "predicted_before": [0] * n,
            "predicted_after": [0] * (n - 1) + [1],
            "probability_before": [0.5] * n,
            "probability_after": after,
        }
    )


def test_the_queries_that_moved_most_come_first_either_way(shown: dict[str, Any], tiny: Dataset) -> None:
    queries_view(queries([0.51, 0.9, 0.52, 0.05], [False, True, False, False]), tiny)
    assert shown["rows"] == [103, 101, 102, 100]
    assert shown["captions"] == ["✓ 50 → 5 % ✗", "✎ ✓ 50 → 90 % ✓", "✓ 50 → 52 % ✓", "✓ 50 → 51 % ✓"]
    assert "✎: what is known of this query itself has changed." in shown["caption"]
    assert shown["alts"] == ["query of thing 0"] * 4


@pytest.mark.parametrize("changed", [True, False])
def test_a_pen_marks_nothing_where_all_or_none_were_changed(changed: bool, shown: dict[str, Any], tiny: Dataset) -> None:
    queries_view(queries([0.6, 0.7], [changed, changed]), tiny, most=1)
    assert shown["rows"] == [101] and "✎" not in shown["caption"] + shown["captions"][0]


def test_what_moved_by_less_than_can_be_seen_has_not_moved(shown: dict[str, Any], tiny: Dataset) -> None:
    queries_view(queries([0.5 + 0.9 * SEEN, 0.5], [False, False]), tiny)
    assert shown == {"caption": "No query moved: the learner gives every one the same answer, as surely as before."}
    queries_view(queries([0.5 + 1.1 * SEEN, 0.5], [False, False]), tiny)
    assert shown["rows"] == [100, 101] and SEEN == 5e-4


def test_answers_are_ticked_when_they_are_the_class() -> None:
    query = {"predicted_before": 3, "predicted_after": 4, "class_id": 3}
    assert (marked(query, "before"), marked(query, "after")) == ("✓", "✗")
    assert in_words({"swap": "is swapped"}, "swap") == "is swapped" and in_words({}, "nothing") == "stays as it is"


def test_each_number_of_shots_is_a_dot_in_the_colour_of_its_verdict() -> None:
    def moved(shot: int, verdict: Verdict) -> Any:
        interval = Interval(shot, None, None, 9, "t", "group")
        return SimpleNamespace(shot=shot, episodes=interval, new_classes=interval, decision=Decision(verdict, "group"))

    found: Any = SimpleNamespace(differences=[moved(shot, verdict) for shot, verdict in enumerate(Verdict, start=1)])
    dots = dots_of(found, LIGHT)
    assert [dot.name for dot in dots] == ["1 shot", "2 shots", "3 shots", "4 shots"]
    assert [dot.colour for dot in dots] == [LIGHT.helps, LIGHT.hurts, LIGHT.plain, LIGHT.plain]


# --- the map -----------------------------------------------------------------------------------------------------------------

KINDS = ["instance", "instance", "support", "query", "prototype"]
POINTS = pd.DataFrame(
    {"kind": KINDS, "row": [200, 201, 0, 1, -1], "class_id": [7, 7, 0, 1, 0], "x": [0.0, 4.0, 2.0, 6.0, 9.0], "y": 1.0}
)
VECTORS = np.array([[0.0, 0], [4, 0], [2, 0], [6, 0], [9, 9]], dtype=np.float32)


def classes(*after: list[float]) -> pd.DataFrame:
    before = [[2.0, 0.0], [6.0, 0.0]]
    return pd.DataFrame({"class_id": [0, 1], "prototype_before": before, "prototype_after": list(after) or before})


def test_a_prototype_that_moved_has_an_arrow_and_others_have_none(tiny: Dataset) -> None:
    still = moved_map(POINTS, VECTORS, classes(), tiny, LIGHT)
    assert not still.layout.annotations
    figure = moved_map(POINTS, VECTORS, classes([4.0, 0.0], [6.0, 0.0]), tiny, LIGHT)
    assert len(figure.layout.annotations) == 1
    background, task, first, second = figure.data
    assert list(background.x) == [0, 4] and list(task.x) == [2, 6]
    assert list(background.marker.color) == [LIGHT.plain] * 2 and list(task.marker.color) == list(LIGHT.categories[:2])
    assert [trace.name for trace in (first, second)] == ["prototype"] * 2
    assert list(first.text) == ["", "<b>1</b>"] and list(second.text) == ["", "<b>2</b>"]
    assert list(first.hovertext) == ["thing 0, before", "thing 0, after"] and first.marker.color == LIGHT.categories[0]
    assert first.x[0] < first.x[1] and second.x[0] == pytest.approx(second.x[1])
    assert list(task.hovertext) == ["thing 0<br>support example", "thing 1<br>query"]


def test_more_classes_than_colours_begin_again(tiny: Dataset) -> None:
    n = len(LIGHT.categories) + 2
    many = pd.DataFrame({"class_id": np.arange(n), "prototype_before": [[2.0, 0.0]] * n, "prototype_after": [[2.0, 0.0]] * n})
    figure = moved_map(POINTS, VECTORS, many, tiny, LIGHT)
    assert [trace.marker.color for trace in figure.data[2:]] == [*LIGHT.categories, *LIGHT.categories[:2]]


def test_of_the_instances_that_moved_the_farthest_are_drawn(tiny: Dataset) -> None:
    moved = pd.DataFrame(
        {
            "kind": ["support", "query"] + ["query"] * MOST_ARROWS,
            "row": [0, 1] + [1] * MOST_ARROWS,
            "class_id": [0, 1] + [1] * MOST_ARROWS,
            "before": [[2.0, 0.0]] * (MOST_ARROWS + 2),
            "after": [[2.1, 0.0], [6.0, 0.0]] + [[4.0, 0.0]] * MOST_ARROWS,
        }
    )
    figure = moved_map(POINTS, VECTORS, classes(), tiny, LIGHT, moved)
    drawn = [trace for trace in figure.data if trace.name == "moved"]
    assert len(drawn) == MOST_ARROWS == len(figure.layout.annotations)
    assert list(drawn[0].hovertext) == ["thing 1<br>query, after"] and drawn[0].marker.color == LIGHT.categories[1]
    start = figure.layout.annotations[0]
    assert (start.ax, start.ay) == (6, 1), "it starts where the instance lies"
    assert all("support" not in text for trace in drawn for text in trace.hovertext), "the least far is left out"
