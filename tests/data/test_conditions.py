"""Conditions by users: one SQL expression selects ids of a table, anything else is refused in one clear sentence."""

import numpy as np
import pytest

from metadash.data.query import QueryError, select_ids

HUGE_JOIN = "SELECT count(*) FROM range(1000000) a(x), range(1000000) b(y) WHERE x * y % 7 = 3"


def test_a_condition_selects_ids(database):
    assert select_ids(database, "classes", "script = 'Greek'").tolist() == list(range(30))
    assert (
        select_ids(
            database, "instances", "class_id IN (SELECT class_id FROM classes WHERE script = 'Runic') AND width > 700"
        ).min()
        > 4900
    )
    assert select_ids(database, "classes", "class_id < 3; ").tolist() == [0, 1, 2]
    assert select_ids(database, "classes", "class_id < 3 -- the first").tolist() == [0, 1, 2]
    assert len(select_ids(database, "instances", "true")) == 5000


def test_a_condition_that_selects_nothing_is_an_answer(database):
    ids = select_ids(database, "classes", "script = 'Klingon'")
    assert ids.shape == (0,) and ids.dtype == np.int64
    assert select_ids(database, "classes", "NULL").shape == (0,)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("", "The condition is empty"),
        (" ; ", "The condition is empty"),
        ("-- nothing", "The condition must be one expression"),
        ("script = ", "Not SQL"),
        ("scrpt = 'Greek'", 'Referenced column "scrpt" not found in FROM clause'),
        ("script", "Could not convert string 'Greek' to BOOL"),
        ("count(*) > 1", "aggregates"),
        ("1 = 1) UNION SELECT 99 WHERE (1 = 1", "The condition must be one expression"),
        ("1 = 1)) UNION SELECT 99 FROM ((SELECT 1", "The condition must be one expression"),
        ("1 = 1)) ORDER BY 1; SELECT class_id FROM classes WHERE ((1 = 1", "The condition must be one expression"),
        ("true; SELECT 1", "Not SQL"),
        ("true; DROP TABLE classes", "Not SQL"),
        ("true ORDER BY 1", "Not SQL"),
        ("true /*", "Not SQL"),
        ("SELECT 1", "The condition must be one expression"),
        ("class_id IN (FROM '/etc/passwd')", "Queries here may only read the tables of this data set"),
    ],
)
def test_a_condition_that_is_none_is_refused(database, condition, words):
    with pytest.raises(QueryError, match=r"^[^\n]+$") as caught:
        select_ids(database, "classes", condition)
    assert words in str(caught.value)


def test_the_position_is_that_in_the_condition(database):
    with pytest.raises(QueryError) as caught:
        select_ids(database, "classes", "script = 'Ω' AND\n  frob > 3")
    assert (caught.value.line, caught.value.column, caught.value.position) == (2, 3, 19)
    assert "(line 2, column 3)" in str(caught.value)


def test_a_condition_has_a_deadline_too(database):
    with pytest.raises(QueryError, match="took longer than"):
        select_ids(database, "classes", f"class_id < ({HUGE_JOIN})", seconds=0.5)
