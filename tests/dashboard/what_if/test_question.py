"""What *What if* draws of an answer, from queries and prototypes made by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.what_if import question
from metadash.dashboard.what_if.question import SEEN, in_words, marked, queries_view
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
