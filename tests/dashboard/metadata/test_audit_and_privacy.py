"""The sentences, tables and charts of the audit on *Metadata*, from findings and counts made by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.ablation.privacy_curve import Cost, Step
from metadash.dashboard.metadata.audit import (
    anonymity_sentence,
    counted,
    findings_csv,
    findings_table,
    personal_line,
    sizes_chart,
)
from metadash.dashboard.metadata.privacy import above_chance, all_columns, cost_words, ladder_sentence, ladder_table, with_bounds
from metadash.figures.palette import LIGHT
from metadash.metadata.audit.anonymity import Anonymity
from metadash.metadata.audit.findings import Finding
from metadash.metadata.audit.privacy import Personal
from metadash.stats.intervals import Interval
from metadash.workspace import Workspace
from tests.builders import tiny_classes, write_tiny


def finding(severity: Any, source: str = "place", **evidence: object) -> Finding:
    return Finding("constant", severity, source, "corner", "It *never* varies.", "Leave it out.", evidence)


def hidden(k: int = 1, unique: int = 12, rows: int = 98, **more: Any) -> Anonymity:
    values = {
        "quasi": ("family", "style"),
        "sensitive": None,
        "groups": 20,
        "l": None,
        "sizes": ((1, unique, unique), (5, 3, rows - unique)),
    }
    return Anonymity(**{**values, "rows": rows, "k": k, "unique": unique, **more})


def cost(how: str, low: float, high: float, **more: Any) -> Cost:
    interval = Interval((low + high) / 2, low, high, 9, "t", "group")
    said = SimpleNamespace(episodes=interval, new_classes=interval, unit="points")
    return Cost(Step(how, more.get("strength", 0.0), ()), None, (said,))  # type: ignore[arg-type]


def test_findings_are_counted_the_gravest_first() -> None:
    rows = [finding("note"), finding("warn"), finding("note"), finding("block")]
    assert counted(rows) == "1 to mend, 1 to look at, 2 to know." and counted(rows[:1]) == "1 to know."
    assert counted([]) == "Nothing was found."


def test_findings_are_a_table_and_a_file() -> None:
    rows = [finding("block"), finding("note", "", n=3)]
    table = findings_table(rows)
    assert list(table.index) == [":red[■] mend", ":gray[·] note"] and table["Source"].tolist() == ["place", "all"]
    assert table["What was found, and what to do"].iloc[0] == "**It \\*never\\* varies\\.** Leave it out\\."
    text = findings_csv(rows).decode()
    assert text.splitlines()[0] == "severity,code,source,column,found,advice,evidence"
    assert '"{""n"":""3""}"' in text.splitlines()[2]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (hidden(), "To somebody who knows family and style, 12 of 98 rows are alone with their values."),
        (hidden(k=2, unique=0), "To somebody who knows family and style, every row shares its values with at least 1 other."),
        (hidden(k=3, unique=0), "To somebody who knows family and style, every row shares its values with at least 2 others."),
        (hidden(quasi=("a_b",)), "To somebody who knows a\\_b, 12 of 98 rows are alone with their values."),
        (hidden(quasi=("a", "b", "c")), "To somebody who knows a, b and c, 12 of 98 rows are alone with their values."),
        (
            hidden(sensitive="site", l=1),
            "To somebody who knows family and style, 12 of 98 rows are alone with their values, and a group may have as few as 1 different values of site.",
        ),
    ],
)
def test_who_could_be_recognised_is_a_sentence(found: Anonymity, sentence: str) -> None:
    assert anonymity_sentence(found) == sentence


def test_rows_stand_by_the_size_of_their_group_and_small_groups_stand_out() -> None:
    (bars,) = sizes_chart(hidden(), LIGHT).data
    assert list(bars.x) == ["1", "2–4", "5–9", "10–19", "20–49", "50–99", "100 or more"]
    assert list(bars.y) == [12, 0, 86, 0, 0, 0, 0] and list(bars.text) == ["12", "", "86", "", "", "", ""]
    assert list(bars.marker.color) == [LIGHT.hurts, LIGHT.control, *[LIGHT.plain] * 5]


def test_a_personal_column_says_by_what_it_looks_so() -> None:
    def line(by: Any, **more: Any) -> str:
        values = {
            "column": "e_mail",
            "table": "classes",
            "source": "who",
            "sign": "e-mail",
            "by": by,
            "share": 0.876,
            "declared": False,
        }
        return personal_line(Personal(**{**values, **more}))

    assert line("values") == "**e\\_mail** (classes) looks personal: e\\-mail, by 88% of its values"
    assert line("name", declared=True).endswith(", by its name, marked as sensitive")
    assert line("number of values", source="").endswith(", by how many values it has, in no source")
    assert line("name", source="", declared=True).endswith("by its name, marked as sensitive")


# --- less exact --------------------------------------------------------------------------------------------------------------


def test_an_accuracy_is_said_with_its_bounds_and_against_chance() -> None:
    found = Interval(63.6, 56.5, 71.4, 30, "t", "class", counted_in="%")
    assert with_bounds(found) == "64 % [56, 71]" and with_bounds(Interval(63.6, None, None, 1, "t", "class")) == "64 %"
    above = above_chance(found, 20.0)
    assert (above.estimate, above.low, above.high, above.counted_in) == pytest.approx((43.6, 36.5, 51.4, "points"))
    assert above_chance(Interval(63.6, None, None, 1, "t", "class"), 20.0).low is None


def test_columns_that_cannot_be_grouped_by_and_names_of_rows_are_no_quasi_identifiers(tmp_path: Path) -> None:
    classes = tiny_classes().assign(point=list(np.eye(40)))
    data = write_tiny(Workspace(tmp_path), "pointed", classes=classes)
    assert all_columns(data) == [
        *("family", "size", "count", "is_round", "corner", "traits", "description", "found", "weight", "remark"),
        *("site", "taken", "blank"),
    ]


def test_the_first_rung_that_hides_everybody_is_named_with_its_price() -> None:
    ladder = {"as it is": hidden(k=1, unique=49), "year": hidden(k=4), "decade": hidden(k=5)}
    begin = "found as it is leaves 50.0 % of the rows alone; from “decade” on every row is among 5 or more."
    assert ladder_sentence("found", ladder, {}) == begin
    assert ladder_sentence("found", ladder, {"decade": Cost(Step("decade", 0.0, ()), None, None)}) == begin
    paid = ladder_sentence("found", ladder, {"decade": cost("decade", -3.0, -1.0)})
    assert paid == f"{begin} That changes accuracy with new classes by −2.0 points [−3.0, −1.0]."
    assert ladder_sentence("found", {"as it is": hidden(k=5)}, {}) == "found hides every row among at least 5 as it is."
    assert ladder_sentence("found", {"as it is": hidden(k=4)}, {}) == "However found is blurred, some group stays smaller than 5."


def test_each_rung_has_an_example_its_groups_and_its_cost() -> None:
    values = pd.Series([pd.NaT, pd.Timestamp("2003-04-05")])
    ladder = {"as it is": hidden(k=1, unique=49), "year": hidden(k=7, groups=9), "withheld": hidden(k=98, groups=1)}
    costs = {"as it is": cost("as it is", 0, 0), "year": cost("year", -3.0, -1.0)}
    table = ladder_table(values, ladder, costs)
    assert table.index.tolist() == ["as it is", "year", "withheld"]
    assert table["k"].tolist() == ["1", "7", "98"] and table["rows alone"].tolist() == ["50%", "12%", "12%"]
    assert table["cost at 1 example"].tolist() == ["0", "−2.0 points [−3.0, −1.0]", "not computed"]
    assert [text[:10] for text in table["example"]] == ["2003-04-05", "2003-01-01", "nothing"]
    assert table["different"].tolist() == ["20", "9", "1"]
    assert cost_words(None) == "not computed"
