"""Parts that several pages share, by their values: curves of training, pictures in rows, texts that are cut, values in an address."""

from types import SimpleNamespace
from typing import Any

import pytest

from metadash.dashboard.links.address import means, text_of, wire
from metadash.dashboard.links.history import said_once
from metadash.dashboard.parts.curves import curve, series
from metadash.dashboard.parts.escape import plain, spoken, unbroken
from metadash.dashboard.parts.instances import columns_of, known_sources, level_label, possible_changes
from metadash.dashboard.parts.pictures import input_row
from metadash.dashboard.parts.pool_chip import LONGEST, short
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT


def test_a_curve_is_of_the_last_phase_that_was_measured() -> None:
    rows: list[dict[str, Any]] = [
        {"step": 10, "phase": "backbone", "loss": 3.0},
        {"step": 20, "phase": "backbone", "loss": 2.0, "validation_accuracy": 40.0},
        {"step": 0, "phase": "heads", "loss": None, "validation_accuracy": float("nan")},
        {"step": 5, "phase": "heads", "loss": 1.0},
    ]
    assert series(rows, "loss") == ([5], [1.0]) and series(rows, "validation_accuracy") == ([20], [40.0])
    assert series(rows, "nothing") == ([], [])


@pytest.mark.parametrize(("n", "mode"), [(39, "lines+markers"), (40, "lines")])
def test_a_curve_of_many_steps_has_no_markers(n: int, mode: str) -> None:
    (line,) = curve(range(n), range(n), "loss", "#123456", LIGHT, (0, None)).data
    assert line.mode == mode and line.line.color == "#123456" and list(line.x) == list(range(n))


def test_inputs_stand_with_their_captions_and_texts(tiny: Dataset) -> None:
    text = input_row(tiny, [3, 4], ["<one>", ""], size=40)
    assert text.count('class="md-cell"') == 2 and "<span>&lt;one&gt;</span>" in text and text.count("<span>") == 1
    assert "--md-size:40px" in text and 'alt="&lt;one&gt;"' in text
    assert 'alt="first"' in input_row(tiny, [3], ["caption"], alts=["first"]) and "<span>" not in input_row(tiny, [3])


def test_a_condition_is_one_line_and_cut_where_it_is_long() -> None:
    assert short("a =\n  1") == "a = 1" and short("x" * LONGEST) == "x" * LONGEST
    assert short("x" * (LONGEST + 1)) == "x" * LONGEST + "…"


def test_text_of_the_data_is_never_markdown_and_quantities_stay_on_a_line() -> None:
    assert plain("a*b_[c]\n$1") == r"a\*b\_\[c\] \$1" and unbroken("80.4 %") == "80.4\u00a0%"
    assert plain("one \u202etwo\u2069") == "one two", "and turns no words round"


# --- sources that describe instances -----------------------------------------------------------------------------------------


def test_a_hidden_label_is_its_words_alone() -> None:
    assert spoken("wing_span_cm") == "wing span cm" and spoken("![x](y)") == "x y" and spoken("***") == "values"


def test_a_source_is_labelled_by_what_it_describes_and_known_where_it_has_a_value(tiny: Dataset) -> None:
    label = level_label(tiny)
    assert (label("site"), label("place")) == ("site (of instances)", "place")
    assert known_sources(tiny) == [source.name for source in tiny.sources if source.name != "nothing"]
    assert columns_of("site", tiny).equals(tiny.instances[["site", "taken"]]) and len(columns_of("place", tiny)) == 40


def test_only_what_ages_can_be_stale_and_only_what_has_rungs_less_exact(tiny: Dataset) -> None:
    found = {name: possible_changes(name, tiny) for name in ("age", "flag", "site", "place")}
    assert "stale" in found["age"][0] and "stale" not in found["place"][0] and "stale" in found["site"][0]
    assert found["age"][1] == ["day", "month", "year"] and "blur" in found["age"][0]
    assert found["flag"][1] == [] and "blur" not in found["flag"][0] and {"missing", "swap"} <= set(found["flag"][0])
    assert found["place"][1] == ["rare to other"] and "nearest" in found["place"][0] and "nearest" not in found["site"][0]


# --- values in an address ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (3.0, "3"), (2.5, "2.5"), (7, "7"), ("a b", "a b")])
def test_a_value_stands_in_an_address_as_streamlit_writes_it(value: object, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("text", "other", "kind", "same"),
    [
        ("3", "3.0", "double_value", True),
        ("3", "3.0", "int_value", False),
        ("x", "3.0", "double_array_value", False),
        ("TRUE", "true", "bool_value", True),
        ("TRUE", "true", "string_value", False),
        ("a", "a", "string_value", True),
    ],
)
def test_two_texts_of_an_address_may_say_the_same(text: str, other: str, kind: str, same: bool) -> None:
    assert means(text, other, kind) is same


def test_a_widget_s_value_is_as_many_texts_as_it_has_parts() -> None:
    def of(value: object) -> list[str]:
        return wire(SimpleNamespace(serializer=lambda held: held), value)

    assert (of(None), of([1.0, "b"]), of((2,)), of("a")) == ([], ["1", "b"], ["2"], ["a"])


def test_what_stands_twice_in_an_address_is_read_once_if_every_page_has_it() -> None:
    assert said_once("dataset=a&dataset=b&q=c&q=d") == "dataset=b&q=c&q=d" and said_once("q=c&q=d") == "q=c&q=d"
