"""Conditions by users: one SQL expression selects ids of a table, anything else is refused in one clear sentence."""

import duckdb
import numpy as np
import pytest

from metadash.data.sql import repeatable
from metadash.data.sql.query import QueryError, select_ids

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


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("random() < 0.5", "'random' answers by chance"),
        ("script = 'Greek' AND RANDOM() < 0.5", "'random' answers by chance"),
        ('"random"() < 0.5', "'random' answers by chance"),
        ("main.random() < 0.5", "'random' answers by chance"),
        ("uuid() < 'a'", "'uuid' answers"),
        ("CAST(gen_random_uuid() AS VARCHAR) < 'a'", "'gen_random_uuid' answers"),
        ("uuidv7() IS NULL", "'uuidv7' answers"),
        ("setseed(0.5) IS NULL", "'setseed' answers"),
        ("nextval('s') > 1", "'nextval' answers"),
        ("now() > '2020-01-01'", "'now' answers"),
        ("today() > '2020-01-01'", "'today' answers"),
        ("current_date > '2020-01-01'", "'current_date' is another one"),
        ("CURRENT_TIMESTAMP > '2020-01-01'", "'CURRENT_TIMESTAMP' is another one"),
        ("localtime IS NULL", "'localtime' is another one"),
        ("get_current_timestamp() IS NULL", "'get_current_timestamp' answers"),
        ("transaction_timestamp() IS NULL", "'transaction_timestamp' answers"),
        ("ago('1 day') IS NULL", "'ago' answers"),
        ("age(TIMESTAMP '2001-01-01') > INTERVAL 1 YEAR", "'age' answers"),
        ("txid_current() > 5", "'txid_current' answers"),
        ("sleep_ms(1) IS NULL", "'sleep_ms' answers"),
        ("pg_sleep(1) IS NULL", "'pg_sleep' answers"),
        ("getvariable('a') IS NULL", "'getvariable' answers"),
        ("current_setting('threads') = '1'", "'current_setting' answers"),
        ("version() = 'v2'", "'version' answers"),
        ("class_id < (SELECT reservoir_quantile(class_id, 0.5) FROM classes)", "'reservoir_quantile' answers"),
        ("class_id IN (SELECT class_id FROM classes USING SAMPLE 5)", "A sample is another one"),
        ("class_id IN (SELECT class_id FROM classes TABLESAMPLE 10%)", "A sample is another one"),
        ("class_id IN (SELECT class_id FROM classes ORDER BY random() LIMIT 5)", "'random' answers"),
        ("class_id IN (SELECT class_id FROM classes LIMIT 5)", "LIMIT without ORDER BY keeps"),
        ("class_id IN (SELECT DISTINCT ON (script) class_id FROM classes)", "DISTINCT ON without ORDER BY keeps"),
        ("class_id IN (WITH x AS (SELECT class_id FROM classes WHERE random() < 1) FROM x)", "'random' answers"),
        ("list_filter([1, 2], lambda x: random() < x) = [1]", "'random' answers"),
        ("class_id IN (FROM query('SELECT class_id FROM classes USING SAMPLE 5'))", "'query' reads more than the tables"),
        ("class_id < (SELECT count(*) FROM duckdb_settings())", "'duckdb_settings' reads more than the tables"),
        ("class_id < (SELECT count(*) FROM information_schema.tables)", "'tables' reads more than the tables"),
        ("class_id < (SELECT count(*) FROM duckdb_tables)", "'duckdb_tables' reads more than the tables"),
    ],
)
def test_a_condition_that_would_not_select_the_same_again_is_refused_in_one_sentence(database, condition, words):
    with pytest.raises(QueryError, match=r"^[^\n]+\.$") as caught:
        select_ids(database, "classes", condition)
    assert words in str(caught.value) and "must always select the same; " in str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        "script = 'random()' OR class_id < 5",
        "class_name = 'now' OR class_id < 5 -- random()",
        "class_id IN (SELECT class_id FROM classes ORDER BY class_id DESC LIMIT 5)",
        "class_id IN (SELECT DISTINCT class_id FROM instances WHERE width > 100)",
        "class_id IN (FROM range(5))",
        "script = (SELECT any_value(script) FROM classes)",
        "year(TIMESTAMPTZ '2001-12-31 23:30:00-05') = 2002 AND class_id < 9",
        "age(TIMESTAMP '2001-01-01', TIMESTAMP '2000-01-01') > INTERVAL 1 DAY AND class_id < 9",
        "upper(script).contains('GREEK')",
        "list_sum(list_transform([class_id], lambda x: x + 1)) > 4",
        "class_id IN (SELECT class_id FROM (SELECT class_id, row_number() OVER (ORDER BY class_id) AS r FROM classes) WHERE r < 5)",
        "CASE WHEN class_id % 2 = 0 THEN true ELSE (SELECT count(*) > 3 FROM instances i WHERE i.class_id = classes.class_id) END",
    ],
)
def test_a_condition_that_selects_the_same_again_is_run(database, condition):
    first = select_ids(database, "classes", condition)
    assert len(first) and first.tolist() == select_ids(database, "classes", condition).tolist()


def test_the_word_that_would_move_is_pointed_at(database):
    with pytest.raises(QueryError) as caught:
        select_ids(database, "classes", "script = 'Ω' AND\n  random() > 3")
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_a_column_of_the_data_set_is_no_clock(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute("ALTER TABLE classes ADD COLUMN current_date DATE DEFAULT '2001-01-01'")
    assert len(select_ids(database, "classes", "current_date = '2001-01-01'")) == 50


def test_macros_and_views_of_the_file_hide_nothing(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE MACRO dice() AS random()")
        connection.execute("CREATE VIEW Few AS SELECT * FROM classes USING SAMPLE 5")
    for condition, word in (("dice() < 0.5", "dice"), ("class_id IN (SELECT class_id FROM few)", "few")):
        with pytest.raises(QueryError, match=f"'{word}' .* must always select the same"):
            select_ids(database, "classes", condition)


def test_a_condition_that_duckdb_cannot_write_down_is_read_by_its_words(monkeypatch):
    monkeypatch.setattr(repeatable, "tree_of", lambda connection, sql: None)
    with duckdb.connect() as connection:
        assert repeatable.trouble(connection, "SELECT 1 WHERE Random () < 1") == ("function", "random", None)
        assert repeatable.trouble(connection, "SELECT 1 USING\n SAMPLE 3") == ("sample", "", None)
        assert repeatable.trouble(connection, "SELECT 'random()' WHERE \"now\" = 3 -- uuid()") is None
