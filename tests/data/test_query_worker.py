"""The process in which a person's SQL runs, its parts asked by themselves: what it hands back, where it cuts, why it refuses."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from metadash.data.sql import query_worker
from metadash.data.sql.query_worker import Refused, explained, first_rows, receive, send, unique


def size_of(n: int) -> int:
    """Bytes of n rows of one BIGINT: eight each, and a bit that says whether it is there."""
    return 8 * n + (n + 7) // 8


@pytest.fixture
def numbers() -> Iterator[Callable[[int], duckdb.DuckDBPyRelation]]:
    with duckdb.connect() as connection:
        yield lambda n: connection.sql(f"FROM range({n})")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("asked") / "some.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE classes AS SELECT range AS class_id, 'name ' || range AS name FROM range(10)")
    return file


def ask(database: Path, sql: str, **more: Any) -> tuple[dict[str, Any], Any]:
    question = {"database": str(database), "sql": sql, "condition": "", "bytes": 10_000, "rows": 5, "memory_mb": 200, **more}
    head, body = query_worker.run(question)
    return head, pa.ipc.open_stream(body).read_all()


@pytest.mark.parametrize(
    ("rows", "most_bytes", "kept", "cut"),
    [
        (None, 10_000, 10, False),
        (11, 10_000, 10, False),
        (10, 10_000, 10, False),
        (9, 10_000, 9, True),
        (0, 10_000, 0, True),
        (None, size_of(10), 10, False),
        (None, size_of(10) - 1, 9, True),
        (None, size_of(5), 5, True),
        (3, size_of(2), 2, True),
        (None, size_of(1), 1, True),
    ],
)
def test_the_first_rows_that_fit_are_kept(numbers: Any, rows: int | None, most_bytes: int, kept: int, cut: bool) -> None:
    table, left_out = first_rows(numbers(10), rows, most_bytes)
    assert (table.column(0).to_pylist(), left_out) == (list(range(kept)), cut)


def test_a_row_that_is_too_wide_by_itself_is_refused(numbers: Any) -> None:
    with pytest.raises(Refused) as refusal:
        first_rows(numbers(10), None, size_of(1) - 1)
    assert refusal.value.kind == "wide"


def test_no_more_is_read_than_is_kept(numbers: Any) -> None:
    assert first_rows(numbers(10**12), None, size_of(100))[0].num_rows == 100
    assert first_rows(numbers(10**12), 5000, 10**6)[0].num_rows == 5000


def test_an_answer_has_its_columns_with_types_and_names_of_their_own(database: Path) -> None:
    head, table = ask(database, "SELECT class_id, class_id, name FROM classes ORDER BY class_id")
    assert head == {"columns": [("class_id", "BIGINT"), ("class_id_2", "BIGINT"), ("name", "VARCHAR")], "cut": True}
    assert table.column_names == ["class_id", "class_id_2", "name"] and table.column("name").to_pylist()[0] == "name 0"
    assert not ask(database, "FROM classes", rows=10)[0]["cut"]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("", "empty"),
        ("SELECT 1; SELECT 2", "several"),
        ("INSERT INTO classes VALUES (1, 'x')", "statement"),
        ("COPY classes TO 'out.csv'", "statement"),
        ("SET threads = 4", "statement"),
    ],
)
def test_what_is_no_single_reading_statement_is_refused_before_it_runs(sql: str, kind: str, database: Path) -> None:
    with pytest.raises(Refused) as refusal:
        ask(database, sql)
    assert refusal.value.kind == kind
    assert refusal.value.detail == (sql.split()[0] if kind == "statement" else "")


def test_reading_statements_of_every_form_are_answered(database: Path) -> None:
    for sql in (
        "FROM classes",
        "EXPLAIN SELECT 1",
        "PIVOT classes ON name USING count(*)",
        "SUMMARIZE classes",
        "DESCRIBE classes",
    ):
        assert ask(database, sql)[1].num_rows


def test_a_condition_is_one_expression_that_always_selects_the_same(database: Path) -> None:
    def select(condition: str) -> Any:
        sql = f"SELECT class_id FROM classes WHERE class_id IN (SELECT class_id FROM classes WHERE (\n{condition}\n)) ORDER BY class_id"
        return ask(database, sql, condition=condition)[1].column(0).to_pylist()

    assert select("class_id % 4 = 1") == [1, 5, 9]
    for condition, kind in (("TRUE)) OR ((TRUE", "expression"), ("random() < 0.5", "function")):
        with pytest.raises(Refused) as refusal:
            select(condition)
        assert refusal.value.kind == kind
    assert ask(database, "SELECT now() AS r")[1].num_rows == 1, "only conditions must always say the same"


def test_an_error_names_its_place_also_where_the_first_try_does_not(database: Path) -> None:
    with pytest.raises(duckdb.Error) as problem:
        ask(database, "SELECT nope FROM classes")
    found = explained(problem.value)
    assert found["kind"] == "Binder" and found["position"] == 7 and "nope" in found["message"]


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.duckdb").write_text("nothing of the kind" * 100)
    with pytest.raises(Refused) as refusal:
        ask(tmp_path / "broken.duckdb", "SELECT 1")
    assert refusal.value.kind == "open" and refusal.value.detail


DETAIL = {"exception_type": "Catalog", "exception_message": "no such table", "position": "7", "name": "nope"}


@pytest.mark.parametrize(
    ("error", "kind", "message", "position"),
    [
        (MemoryError("much"), "Out of Memory", "much", None),
        (Exception("Parser Error: odd"), "Parser", "odd", None),
        (Exception(f"Catalog Error: {json.dumps(DETAIL)}"), "Catalog", "no such table", 7),
        (
            Exception("Catalog Error: " + json.dumps({**DETAIL, "position": "x"})),
            "Catalog",
            json.dumps({**DETAIL, "position": "x"}),
            None,
        ),
        (Exception('Catalog Error: {"name": "it"}'), "Catalog", '{"name": "it"}', None),
        (Exception("nothing of the kind"), "", "nothing of the kind", None),
        (Exception(f"{'x' * 40} Error: odd"), "x" * 40, "odd", None),
        (Exception(f"{'x' * 41} Error: odd"), "", f"{'x' * 41} Error: odd", None),
        (Exception("a\nb Error: odd"), "", "a\nb Error: odd", None),
    ],
)
def test_an_error_is_taken_apart(error: Exception, kind: str, message: str, position: int | None) -> None:
    found = explained(error)
    assert (found["kind"], found["message"], found["position"]) == (kind, message, position)
    assert found.get("name", "") == ("nope" if position == 7 else "")


def test_columns_of_one_name_are_numbered_around_those_that_have_such_a_name() -> None:
    assert unique(["a", "a", "b", "a"]) == ["a", "a_2", "b", "a_3"]
    assert unique(["a", "a", "a_2"]) == ["a", "a_3", "a_2"] and unique([]) == []


def test_what_is_sent_is_read_again_and_an_end_is_no_question() -> None:
    pipe = io.BytesIO()
    send(pipe, {"sql": "ä"}, b"body")
    raw = pipe.getvalue()
    assert receive(io.BytesIO(raw)) == {"sql": "ä", "size": 4} and raw.endswith(b"}body")
    assert receive(io.BytesIO(b"")) is None and receive(io.BytesIO(raw[:3])) is None
