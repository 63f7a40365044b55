"""Filters mean the same as parameters, as SQL text and as a line in the search bar; counts follow the other filters."""

import duckdb
import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.data.facets import (
    AnyOf,
    Between,
    Containing,
    both,
    class_condition,
    count,
    facet_values,
    is_facet,
    is_range,
    rows,
    some_instances,
    where,
    where_text,
)
from metadash.data.filter_bar import parse, to_text
from metadash.data.literals import identifier, literal, marked
from metadash.data.profile import profile
from metadash.data.sql.query import select_ids
from metadash.errors import BadInput
from tests.builders import one_sentence

NASTY = [
    "it's",
    '"',
    "\\",
    "a;b",
    "x -- y",
    "missing",
    "",
    " ",
    "Ж",
    "*",
    ":material/home:",
    "1..2",
    "a,b",
    "line\nbreak",
    "%_",
    "$1",
    "?",
    "\\n",
]
KINDS = {
    "name": "categorical",
    "n": "numeric",
    "day": "timestamp",
    "yes": "boolean",
    "tags": "multilabel",
    "two words": "categorical",
}


@pytest.fixture
def table():
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            'CREATE TABLE made (id INTEGER, name VARCHAR, n DOUBLE, day TIMESTAMP, yes BOOLEAN, tags VARCHAR, "two words" VARCHAR)'
        )
        for index, name in enumerate([*NASTY, None]):
            connection.execute(
                "INSERT INTO made VALUES (?, ?, ?, make_timestamp(2020, 1, ?, 12, 0, 0), ?, ?, ?)",
                [
                    index,
                    name,
                    index / 2,
                    1 + index,
                    index % 2 == 0,
                    "red; blue" if index % 3 == 0 else "red" if index % 3 == 1 else None,
                    "Acute Accent",
                ],
            )
        yield connection


def ids(connection, filters) -> list[int]:
    """By parameters; checks that the written-out SQL and the search bar's line find the same."""
    found = rows(connection, "made", filters, 100)["id"].tolist()
    assert len(found) == count(connection, "made", filters)
    text = where_text(filters) or "TRUE"
    assert [row[0] for row in connection.execute(f"SELECT id FROM made WHERE {text}").fetchall()] == found
    again = parse(to_text(filters), KINDS)
    assert again == list(filters)
    return found


@pytest.mark.parametrize("value", NASTY)
def test_any_text_can_be_a_value(table, value: str) -> None:
    assert ids(table, [AnyOf("name", (value,))]) == [NASTY.index(value)]


@pytest.mark.parametrize("value", [value for value in NASTY if value.strip()])
def test_any_text_can_be_searched_for(table, value: str) -> None:
    searched = ("name", "tags", "two words")
    assert NASTY.index(value) in ids(table, [Containing(searched, value)])


def test_search_does_not_mind_capitals_and_reads_all_text_columns(table) -> None:
    assert len(ids(table, parse("acute", KINDS))) == len(NASTY) + 1
    assert ids(table, parse("acute ж", KINDS)) == [NASTY.index("Ж")]
    assert ids(table, parse('"accent acute"', KINDS)) == []


def test_missing_is_a_value_of_its_own(table) -> None:
    assert ids(table, [AnyOf("name", (None,))]) == [len(NASTY)]
    assert ids(table, [AnyOf("name", (None, "*"))]) == [NASTY.index("*"), len(NASTY)]
    assert ids(table, parse('name:"missing"', KINDS)) == [NASTY.index("missing")]
    assert ids(table, parse("name:missing", KINDS)) == [len(NASTY)]


def test_ranges_hold_both_ends_and_may_be_open(table) -> None:
    assert ids(table, [Between("n", 1, 2)]) == [2, 3, 4]
    assert ids(table, parse("n:8.5..", KINDS)) == [17, 18]
    assert ids(table, parse("n:..0.5", KINDS)) == [0, 1]
    assert ids(table, parse("n:-3..0", KINDS)) == [0]
    assert ids(table, parse("n:0.5,2", KINDS)) == [1, 4]


def test_a_day_ends_at_midnight(table) -> None:
    assert ids(table, parse("day:2020-01-02..2020-01-03", KINDS)) == [1, 2]
    assert ids(table, parse("day:2020-01-05", KINDS)) == [4]


def test_one_of_several_labels_suffices(table) -> None:
    assert ids(table, [AnyOf("tags", ("blue",), "multilabel")]) == [0, 3, 6, 9, 12, 15, 18]
    assert 2 in ids(table, [AnyOf("tags", ("blue", None), "multilabel")])


def test_booleans_and_columns_with_spaces(table) -> None:
    assert ids(table, parse('yes:true n:..1 "two words":"Acute Accent"', KINDS)) == [0, 2]


def test_values_never_become_sql() -> None:
    sql, values = where([AnyOf("name", ("' OR 1=1 --",)), Between("n", 1, None), Containing(("name",), "x'; DROP TABLE made")])
    assert "OR 1=1" not in sql and "DROP" not in sql and len(values) == sql.count("?") == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nome:x", "no column 'nome'"),
        ("http://x.org", "put it in quotation marks"),
        ("n:abc", "'n' holds numbers; 'abc' is not one"),
        ("n:1..b", "'b' is not one"),
        ("n:nan", "'nan' is not one"),
        ("day:yesterday", "dates such as"),
        ("day:2020-01-01,2020-01-02", "one range"),
        ("yes:maybe", "true or false"),
        ("name:", "value is missing after 'name:'"),
        ('name:"open', "quotation mark is left open"),
    ],
)
def test_a_line_that_cannot_be_read_is_one_sentence(line: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(line, KINDS)
    assert said in one_sentence(caught.value)


def test_an_empty_line_is_no_filter() -> None:
    assert parse("", KINDS) == parse("   ", KINDS) == [] and where([]) == ("TRUE", []) and where_text([]) == ""


def test_counts_follow_the_other_filters_but_not_their_own(table) -> None:
    filters = [AnyOf("yes", (True,)), Between("n", 0, 1)]
    by_value = {row.value: (row.n, row.total) for row in facet_values(table, "made", "yes", filters, "boolean")}
    assert by_value == {True: (2, 10), False: (1, 9)}
    found = facet_values(table, "made", "tags", filters, "multilabel")
    assert [row.value for row in found] == ["red", "blue", None], "the most frequent first"
    labels = {row.value: (row.n, row.total) for row in found}
    assert labels == {"red": (1, 13), "blue": (1, 7), None: (1, 6)}


def test_a_chosen_value_is_listed_however_rare(table) -> None:
    found = facet_values(table, "made", "name", [AnyOf("name", ("x -- y", None))], "categorical", limit=2)
    assert {row.value for row in found} == {"x -- y", None}


def test_a_column_of_nulls_has_one_facet_value_and_no_slider(tiny: Dataset) -> None:
    remark = {summary.name: summary for summary in profile(tiny, "classes")}["remark"]
    assert not is_facet(remark) and not is_range(remark)
    with tiny.connect() as connection:
        assert [(row.value, row.total) for row in facet_values(connection, "classes", "remark", [], "empty")] == [(None, 40)]


def test_identifiers_are_no_facets(tiny: Dataset) -> None:
    facets = {summary.name for summary in profile(tiny, "classes") if is_facet(summary)}
    assert facets >= {"family", "count", "is_round", "corner"} and not facets & {
        "class_id",
        "class_name",
        "description",
        "remark",
    }


def test_any_filter_becomes_a_condition_on_classes(tiny: Dataset) -> None:
    kinds = {summary.name: summary.kind for summary in profile(tiny, "classes")}
    condition = class_condition("classes", parse('corner:middle,"upper left" is_round:true', kinds))
    expected = tiny.classes.query("corner in ('middle', 'upper left') and is_round")["class_id"]
    assert select_ids(tiny.database, "classes", condition).tolist() == expected.tolist()
    on_instances = class_condition("instances", [AnyOf("instance_id", (0, 31, 65))])
    assert select_ids(tiny.database, "classes", on_instances).tolist() == [0, 1, 2]
    assert class_condition("instances", []) == ""


def test_two_conditions_hold_together_whatever_they_contain(tiny: Dataset) -> None:
    joined = both("class_id < 9 OR class_id = 20", "class_id > 5 -- a remark", " ")
    assert select_ids(tiny.database, "classes", joined).tolist() == [6, 7, 8, 20]
    assert both("a = 1;", "") == "a = 1" and both("", "  ") == ""


@pytest.mark.parametrize(
    ("name", "filters"), [("instances", [AnyOf("class_id", (3,))]), ("classes", []), ("splits", [AnyOf("role", ("test",))])]
)
def test_a_few_matching_instances_are_the_same_each_time(tiny: Dataset, name: str, filters: list) -> None:
    with tiny.connect() as connection:
        found = some_instances(connection, name, filters, 6)
        assert found == some_instances(connection, name, filters, 6) and len(found) == 6
    assert all(tiny.class_of[row] == int(label.removeprefix("thing ")) for row, label in found)


def test_an_empty_result_is_an_answer(tiny: Dataset) -> None:
    nothing = [AnyOf("corner", ("nowhere",))]
    with tiny.connect() as connection:
        assert count(connection, "classes", nothing) == 0 and some_instances(connection, "classes", nothing, 5) == []
        assert rows(connection, "classes", nothing, 5).empty


def test_names_and_values_are_quoted_only_where_needed() -> None:
    assert [identifier(name) for name in ("script", "case", 'a"b', "Name", "two words")] == [
        "script",
        '"case"',
        '"a""b"',
        '"Name"',
        '"two words"',
    ]
    assert [literal(value) for value in ("it's", True, 3, 0.5, None)] == ["'it''s'", "TRUE", "3", "0.5", "NULL"]
    with duckdb.connect(":memory:") as connection:
        assert connection.execute(f"SELECT {literal(float('inf'))}, {literal(1e300)}, {literal(-5)}").fetchone() == (
            np.inf,
            1e300,
            -5,
        )


def test_the_place_of_a_mistake_is_marked() -> None:
    assert marked("SELECT a\nFROM nope", 14) == "FROM nope\n     ^"
    assert marked("a = = 1", 4) == "a = = 1\n    ^"
    line, caret = marked("x" * 200 + "!" + "y" * 200, 200).split("\n")
    assert line[caret.index("^")] == "!" and len(line) < 130
