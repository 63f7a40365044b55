"""SQL by users: reading works, everything else is refused in one clear sentence, and the next query works."""

import os
import signal
import subprocess
import sys
import time

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.sql import children, query
from metadash.data.sql.query import QueryError, run_query
from metadash.errors import BadInput

ENDLESS = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"
HUGE_JOIN = "SELECT count(*) FROM range(1000000) a(x), range(1000000) b(y) WHERE x * y % 7 = 3"


def refused(database, sql, **limits):
    """The sentence for a query that must fail; checks what holds for each of them."""
    with pytest.raises(QueryError) as caught:
        run_query(database, sql, **limits)
    message = str(caught.value)
    assert isinstance(caught.value, BadInput)
    assert message.endswith(".") and "\n" not in message and len(message) < 400
    assert "secret_place" not in message and str(database.parent) not in message and "/root" not in message
    assert "Traceback" not in message and "exception_type" not in message
    assert run_query(database, "SELECT 1 AS one").frame["one"].tolist() == [1]  # the next plain query works
    return caught.value


# --- reading ---------------------------------------------------------------------------------------------------------------


def test_a_query_gives_a_frame_with_its_types(database):
    result = run_query(database, "SELECT script, count(*) AS n FROM classes GROUP BY script ORDER BY script")
    assert result.frame.to_dict("list") == {"script": ["Greek", "Runic"], "n": [30, 20]}
    assert result.columns == [("script", "VARCHAR"), ("n", "BIGINT")]
    assert not result.cut and 0 < result.seconds < 5


@pytest.mark.parametrize(
    "sql",
    [
        "FROM classes LIMIT 1",
        "VALUES (1)",
        "SUMMARIZE classes",
        "DESCRIBE classes",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "PIVOT classes ON script USING count(*)",
        "-- a comment\nSELECT 1; -- another",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
    ],
)
def test_every_way_of_reading_works(database, sql):
    assert len(run_query(database, sql).frame) > 0


def test_an_empty_answer_keeps_its_columns(database):
    frame = run_query(database, "SELECT class_id, script FROM classes WHERE false").frame
    assert list(frame) == ["class_id", "script"] and len(frame) == 0


def test_too_many_rows_are_cut_and_it_is_said(database):
    result = run_query(database, "SELECT * FROM instances ORDER BY instance_id", rows=100)
    assert result.cut and result.frame["instance_id"].tolist() == list(range(100))
    assert not run_query(database, "SELECT * FROM instances LIMIT 100", rows=100).cut


def test_rows_beyond_the_cap_are_not_computed(database):
    assert run_query(database, "SELECT i, hash(i) AS r FROM range(100000000000) t(i)", seconds=3).cut


def test_a_result_too_large_for_the_pipe_is_cut_and_it_is_said(database):
    result = run_query(database, "SELECT repeat('x', 100000) AS x FROM range(900)")
    assert result.cut and 150 < len(result.frame) <= query.MOST_BYTES / 100_000
    assert "One row" in str(refused(database, "SELECT repeat('x', 30000000)"))


def test_numbers_arrive_as_numbers(database):
    frame = run_query(
        database, "SELECT sum(class_id) AS s, 1.50 AS d, NULL::INT AS n, 18446744073709551615::UBIGINT AS u FROM classes"
    ).frame
    assert frame["s"].dtype == np.float64 and frame["s"][0] == 1225 and frame["d"][0] == 1.5
    assert frame["n"].dtype == pd.Int64Dtype() and frame["u"][0] == 2**64 - 1


def test_columns_of_one_name_are_told_apart(database):
    assert list(run_query(database, "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a").frame) == ["a", "a_3", "a_2", "a_4"]


def test_every_type_arrives_or_is_named(database):
    for name, kind in (
        run_query(database, "SELECT * FROM (DESCRIBE SELECT * FROM test_all_types())")
        .frame[["column_name", "column_type"]]
        .values
    ):
        try:
            run_query(database, f'SELECT "{name}" FROM test_all_types()')
        except QueryError as error:
            assert f"CAST({name} AS VARCHAR)" in str(error), kind
            assert len(run_query(database, f'SELECT CAST("{name}" AS VARCHAR) FROM test_all_types()').frame) == 3


# --- not SQL ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "words", "line", "column"),
    [
        ("selct 1", 'Not SQL: syntax error at or near "selct" (line 1, column 1).', 1, 1),
        ("SELECT\n  nope FROM classes", 'Referenced column "nope" not found', 2, 3),
        ("SELECT 'Ωμέγα', nope FROM classes", 'Referenced column "nope" not found', 1, 17),
        ("SELECT * FROM klasses", 'Table with name klasses does not exist; did you mean "classes"?', 1, 15),
        ("SELECT class_name::INT FROM classes", "Could not convert string 'class 0' to INT32", 1, 18),
        ("SELECT avg(class_name) FROM classes", "No function matches the given name and argument types", 1, 8),
    ],
)
def test_an_error_says_what_and_where(database, sql, words, line, column):
    error = refused(database, sql)
    assert words in str(error) and (error.line, error.column) == (line, column)
    assert sql.splitlines()[line - 1][column - 1 :] == sql[error.position :].splitlines()[0]


@pytest.mark.parametrize("sql", ["", "  \n", ";;", "/* nothing */", "-- nothing"])
def test_an_empty_query_is_met_with_an_example(database, sql):
    assert "SELECT * FROM classes" in str(refused(database, sql))


def test_two_statements_are_one_too_many(database):
    assert str(refused(database, "SELECT 1; SELECT 2")) == "These are several statements; run them one at a time."


def test_text_that_is_no_text_or_far_too_long(database):
    assert "no valid text" in str(refused(database, "SELECT '\ud800'"))
    assert "at most" in str(refused(database, "SELECT " + "1," * 100_000))


# --- reading what is not the data set's ------------------------------------------------------------------------------------


HIDDEN = "SELECT * FROM (PIVOT classes ON script USING count(*)), "
"""A query for which DuckDB writes down no tree."""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT path FROM duckdb_databases()",
        "FROM duckdb_databases",
        "FROM system.main.duckdb_databases()",
        "SELECT * FROM duckdb_settings()",
        "FROM pg_catalog.pg_settings",
        "SELECT CURRENT_SETTING('secret_directory')",
        "SUMMARIZE FROM duckdb_settings()",
        "EXPLAIN SELECT current_setting /* a gap */ ('secret_directory')",
        "PIVOT pragma_database_list ON name USING count(*)",
        HIDDEN + "\"read_blob\"('{file}')",
        HIDDEN + "duckdb_databases",
        "SELECT size FROM read_blob('{file}')",
        "SELECT size FROM read_text('{file}')",
        "SELECT * FROM query_table('duckdb_databases')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "SELECT * FROM a_function_of_the_next_duckdb()",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "FROM '/etc/passwd'",
        "FROM 'data.csv'",
        "FROM glob('/*')",
        "FROM parquet_metadata('/tmp/x.parquet')",
        "SELECT * FROM 'https://example.org/a.parquet'",
        "WITH x AS (COPY classes TO '/tmp/stolen.csv') FROM x",
        "SELECT * FROM query('FROM read_csv(''/etc/passwd'')')",
    ],
)
def test_only_the_tables_of_the_data_set_can_be_read(database, sql):
    assert str(refused(database, sql.format(file=database))).startswith("Queries here may only read the tables of this data set")


def test_what_names_tables_and_columns_is_within_reach(database):
    for sql in (
        "SHOW TABLES",
        "SELECT column_name FROM information_schema.columns",
        "FROM duckdb_tables()",
        "FROM sqlite_master",
    ):
        assert len(run_query(database, sql).frame) > 0


@pytest.mark.parametrize(
    ("sql", "word", "column"),
    [
        ("SELECT sleep_ms(3000)", "sleep_ms", 8),
        ("SELECT 'Ω', class_id.sleep_ms() FROM classes", "sleep_ms", 13),
        ("FROM classes ORDER BY Random()", "random", 23),
        (HIDDEN + '(SELECT "sleep_ms"(3000))', "sleep_ms", len(HIDDEN) + 9),
        ("EXPLAIN ANALYZE SELECT uuid()", "uuid", 24),
    ],
)
def test_nobody_waits_or_draws_lots_in_a_query(database, sql, word, column):
    start = time.monotonic()
    error = refused(database, sql, seconds=20)
    assert str(error).startswith(f"'{word}' waits, or is another one whenever it is asked") and error.column == column
    assert time.monotonic() - start < 20


def test_a_defect_of_duckdb_is_one_sentence_without_its_trace(database):
    error = refused(database, "SELECT reservoir_quantile(class_id, 0.5, 2000000000) FROM classes", seconds=20)
    assert "stack_trace" not in str(error) and "_duckdb" not in str(error)
    assert "more memory" in str(error) or str(error) == "DuckDB failed on this query; write it another way."


def test_the_callers_python_variables_are_not_tables(database):
    frame = pd.DataFrame({"password": [1]})
    assert "does not exist" in str(refused(database, "SELECT * FROM frame")) and len(frame)


def test_the_environment_of_the_server_stays_behind(database, monkeypatch):
    children.end_children()
    monkeypatch.setenv("METADASH_SECRET", "swordfish")
    child = children.Child()
    try:
        environment = f"/proc/{child.process.pid}/environ"
        if os.path.exists(environment):
            with open(environment, "rb") as file:
                assert b"swordfish" not in file.read()
    finally:
        child.end()


# --- writing ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("INSERT INTO classes VALUES (99, 'x', 'y')", "INSERT"),
        ("DELETE FROM classes", "DELETE"),
        ("UPDATE classes SET script = 'x'", "UPDATE"),
        ("DROP TABLE classes", "DROP"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE TEMP TABLE t AS SELECT 1", "CREATE"),
        ("MERGE INTO classes USING classes c ON true WHEN MATCHED THEN DELETE", "MERGE"),
        ("COPY classes TO '/tmp/stolen.csv'", "COPY"),
        ("EXPORT DATABASE '/tmp/stolen'", "EXPORT"),
        ("ATTACH '/tmp/other.duckdb'", "ATTACH"),
        ("SET threads = 16", "SET"),
        ("SET enable_external_access = true", "SET"),
        ("RESET memory_limit", "SET"),
        ("PRAGMA database_list", "PRAGMA"),
        ("INSTALL httpfs", "INSTALL or LOAD"),
        ("LOAD httpfs", "INSTALL or LOAD"),
        ("CALL pragma_version()", "CALL"),
        ("BEGIN", "TRANSACTION"),
    ],
)
def test_what_does_not_read_is_named(database, sql, verb):
    before = database.read_bytes()
    assert str(refused(database, sql)) == (
        f"Queries here may only read, not change anything (SELECT, FROM, PIVOT, SUMMARIZE, DESCRIBE, SHOW); this is {verb}."
    )
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (INSERT INTO classes VALUES (99, 'x', 'y') RETURNING *) SELECT * FROM x",
        "WITH x AS (DELETE FROM classes RETURNING *) SELECT * FROM x",
        "EXPLAIN ANALYZE INSERT INTO classes VALUES (99, 'x', 'y')",
    ],
)
def test_a_write_inside_a_query_is_refused(database, sql):
    before = database.read_bytes()
    assert str(refused(database, sql)) == "Queries here may only read, not change anything."
    assert database.read_bytes() == before and [path.name for path in database.parent.iterdir()] == ["metadata.duckdb"]


# --- bombs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 2000000000)",
        "SELECT length(repeat('x', 2000000000))",
        "SELECT list(i) FROM range(300000000) t(i)",
        "SELECT string_agg(repeat('x', 1000000), '') FROM range(2000)",
        "SELECT * FROM range(100000000) a(i) ORDER BY hash(i)",
    ],
)
def test_a_memory_bomb_is_stopped_by_its_limit(database, sql):
    start = time.monotonic()
    message = str(refused(database, sql, memory_mb=128, seconds=20))
    assert message == "This query needs more memory than the 128 MB it may use; read fewer rows or columns, or aggregate first."
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("sql", [ENDLESS, HUGE_JOIN])
def test_a_time_bomb_is_stopped_at_the_deadline(database, sql):
    start = time.monotonic()
    message = str(refused(database, sql, seconds=0.5))
    assert message == "This query took longer than 0.5 s and was stopped; narrow it or aggregate earlier."
    assert time.monotonic() - start < 10  # the deadline, and the start of another child on a busy machine


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_a_child_without_a_parent_ends_itself(database):
    """A server killed hard leaves no query running: the alarm in the child is two seconds behind the deadline."""
    script = (
        "import sys, threading, time; from pathlib import Path; from metadash.data.sql import children, query\n"
        "child = children.Child(); print(child.process.pid, flush=True)\n"
        "question = query._question(Path(sys.argv[1]), sys.argv[2], rows=1, bytes=1000, seconds=0.5, memory_mb=128)\n"
        "child._limited = lambda seconds, exchange: exchange()\n"  # a parent whose timer never comes
        "child.ask(question)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(database), ENDLESS], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(60):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{pid}/stat") as file:  # dead but not yet collected by init
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the child outlived its parent and its deadline")


def test_a_child_that_dies_is_replaced(database):
    run_query(database, "SELECT 1")
    for child in list(children._waiting):
        child.process.kill()
        child.process.wait()
    assert run_query(database, "SELECT 1 AS one").frame["one"].tolist() == [1]


# --- the file --------------------------------------------------------------------------------------------------------------


def file_error(path, content=None):
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(QueryError) as caught:
        run_query(path, "SELECT count(DISTINCT class_name) FROM classes")
    assert str(path.parent) not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    message = file_error(tmp_path / "metadata.duckdb")
    assert message == "The data set's table file 'metadata.duckdb' is missing; import the data set again."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["random", "empty", "flipped"])
def test_a_damaged_file_is_named(database, damage):
    content = database.read_bytes()
    random = np.random.default_rng(0).bytes(20_000)
    damaged = {"random": random, "empty": b"", "flipped": content[:12288] + bytes(255 - b for b in content[12288:])}[damage]
    message = file_error(database, damaged)
    assert message == "The data set's table file 'metadata.duckdb' is damaged; import the data set again."
    database.write_bytes(content)
    assert len(run_query(database, "FROM classes").frame) == 50


def test_a_file_being_written_is_worth_another_try(database):
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        writer.stdout.readline()
        assert (
            file_error(database)
            == "The data set's table file 'metadata.duckdb' is being written just now; try again in a moment."
        )
    finally:
        writer.communicate()


def test_a_data_set_imported_again_is_seen_at_once(database):
    assert run_query(database, "SELECT count(*) AS n FROM classes").frame["n"][0] == 50
    with duckdb.connect(str(database)) as connection:
        connection.execute("DELETE FROM classes WHERE class_id >= 10")
    assert run_query(database, "SELECT count(*) AS n FROM classes").frame["n"][0] == 10
