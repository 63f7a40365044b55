"""The facts, sliders, bars and words of *Metadata*, from columns made by hand."""

import datetime
import re

import numpy as np
import pytest

from metadash.dashboard.metadata.explore import (
    as_end,
    bar_list,
    ends,
    example_queries,
    facts,
    histogram_bars,
    pool_members,
    shape,
    slides,
    text_end,
)
from metadash.data.columns.summary import ColumnSummary
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, tiny_classes, tiny_description, write_tiny


def column(kind: str = "numeric", sql: str = "DOUBLE", **more: object) -> ColumnSummary:
    return ColumnSummary(**{"name": "it", "type": sql, "kind": kind, "rows": 40, "missing": 0, "distinct": 30, **more})  # type: ignore[arg-type]


def dates(low: str, high: str) -> ColumnSummary:
    return column("timestamp", "DATE", low=low, high=high)


def test_a_slider_goes_from_end_to_end_in_the_columns_own_terms() -> None:
    assert ends(column(low=1, high=5)) == (1.0, 5.0, 4 / 200)
    assert ends(column(sql="BIGINT", low=1.0, high=900.0)) == (1, 900, 1)
    assert ends(column(sql="BIGINT", low=0, high=2999)) == (0, 2999, 2) and ends(column(sql="BIGINT", low=0, high=5000))[2] == 5
    assert ends(dates("2001-02-03", "2020-01-01")) == (datetime.date(2001, 2, 3), datetime.date(2020, 1, 1), None)


@pytest.mark.parametrize(
    ("summary", "fits"),
    [
        (column(low=-(2.0**53) + 2, high=2.0**53 - 2), True),
        (column(low=0, high=2.0**53), False),
        (column(low=-(2.0**53), high=0), False),
        (column(low=None, high=None), True),
        (dates("1700-01-01", "2249-12-31"), True),
        (dates("1699-12-31", "2001-01-01"), False),
        (dates("2001-01-01", "2250-01-01"), False),
        (dates("2001-01-01", "22500-01-01"), False),
    ],
)
def test_what_a_browser_cannot_hold_has_no_slider(summary: ColumnSummary, fits: bool) -> None:
    assert slides(summary) is fits


def test_bounds_of_filters_and_sliders_are_the_same_values_in_either_form() -> None:
    assert as_end("2001-02-03", datetime.date(2000, 1, 1)) == datetime.date(2001, 2, 3)
    assert (as_end(3, 1.5), type(as_end(3, 1.5))) == (3.0, float) and (as_end(3.0, 1), type(as_end(3.0, 1))) == (3, int)
    assert (text_end(3), text_end(1 / 3), text_end(datetime.date(2001, 2, 3))) == (3, 0.333333, "2001-02-03")


def test_bars_are_as_high_as_their_share_of_the_highest_and_none_is_invisible() -> None:
    bars = histogram_bars(column(name='a "b"', low=0, high=1, median=0.5, histogram=(200, 0, 1, 100)))
    assert re.findall(r"height:(\d+)%", bars) == ["100", "0", "2", "50"]
    assert 'aria-label="a &quot;b&quot;: 0 to 1, median 0.5"' in bars
    assert "height:0%" in histogram_bars(column(histogram=(0,)))


def test_a_value_s_bar_is_its_share_of_the_largest_and_the_strong_part_what_the_filters_leave() -> None:
    text = bar_list([("<a>", 10, 40), ("b", 0, 20), ("c", 0, 0)])
    widths = re.findall(r"width:([\d.]+)%", text)
    assert widths == ["100.0", "25.0", "50.0", "0.0", "0.0", "0.0"]
    assert ">10 / 40<" in text and "&lt;a&gt;" in text and "<a>" not in text
    assert LIGHT.helps in text


def test_the_shape_of_a_column_is_its_histogram_or_its_most_frequent_values() -> None:
    assert shape(column(histogram=(1, 2), top=(("a", 9),))) == [1, 2]
    assert shape(column("categorical", top=(("a", 9), ("b", 3)))) == [9, 3]
    assert shape(column("categorical", top=(("a", 1),), distinct=40)) is None and shape(column("text")) is None


def test_a_pool_is_counted_by_role_and_one_is_no_plural(tiny: Dataset) -> None:
    roles = tiny.split("family-0")
    ids = np.array([roles["train"][0], *roles["test"][:2]])
    assert pool_members(tiny, ids, "family-0") == "3 things: 1 train, 0 validation, 2 test in the split family\\-0."
    assert pool_members(tiny, ids[:1], "family-0").startswith("1 thing: 1 train, ")


def test_example_queries_are_about_the_groups_of_this_data_set_if_it_has_some(tiny: Dataset, tmp_path) -> None:
    first = next(iter(example_queries(tiny).items()))
    assert first == ("Largest families", "SELECT family, count(*) AS n\nFROM classes GROUP BY ALL ORDER BY n DESC, family")
    lone = write_tiny(Workspace(tmp_path), "lone", description=tiny_description("lone", sibling_column=None))
    assert list(example_queries(lone)) == ["Instances per class", "Classes per role", "Summarize classes"]
    for sql in example_queries(tiny).values():
        assert len(tiny.frame(sql))


def test_the_facts_count_and_name_what_is_least_complete(tiny: Dataset, tmp_path) -> None:
    assert facts(tiny) == (
        "#### 40 things in 8 families, 1\u202f200 instances.\n\n"
        "Metadata comes from 9 sources: 8 about each class, 1 about each instance. The least complete: nothing (0%), holes (75%)."
    )
    bare = write_tiny(
        Workspace(tmp_path), "bare", description=tiny_description("bare", sources=(), sibling_column=None, questions=())
    )
    assert facts(bare) == "#### 40 things, 1\u202f200 instances.\n\nNothing else is known."
    classes = tiny_classes()
    for share, name in ((1, "size"), (2, "corner"), (3, "traits"), (4, "description")):
        classes[name] = classes[name].astype(object).where(np.arange(40) >= share)
    sources = tuple(source for source in CLASS_SOURCES if source.name in ("place", "traits", "words", "holes"))
    gappy = write_tiny(
        Workspace(tmp_path), "gappy", classes=classes, description=tiny_description("gappy", sources=sources, questions=())
    )
    assert facts(gappy).endswith("The least complete: holes (75%), words (90%), traits (92%)."), "three of four"
