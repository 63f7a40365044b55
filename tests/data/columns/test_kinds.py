"""Each kind of column is told alike in Python and in SQL, and each of its parts fits the others."""

import datetime
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.facts import storage_of_type
from metadash.data.columns.kind import ADDED, ColumnKind
from metadash.data.columns.registry import KINDS, kind_in, kind_named, kind_of, rungs
from metadash.data.facets import AnyOf, Between, facet_values, rows
from metadash.data.filter_bar import parse
from metadash.data.literals import identifier
from metadash.data.profile import in_words, profile_table
from metadash.errors import BadInput
from tests.builders import one_sentence

DAYS = pd.to_timedelta([0.5, 3, 30, 3, None], unit="D")

EXAMPLES: dict[str, tuple[str, Any]] = {
    "booleans": ("boolean", [True, False, None, True, True]),
    "numbers": ("numeric", [1.5, 2.0, None, 1e30, -3.0]),
    "whole numbers": ("numeric", [3, 1, 4, 1, 5]),
    "whole numbers as far as doubles tell them apart": ("numeric", [2**53, 2**53 - 1, 7, 8, 9]),
    "whole numbers that doubles confuse": ("categorical", [2**60, 2**60 + 1, 2**61, 2**60, 2**61]),
    "large whole numbers that doubles keep apart": ("numeric", [2**60, 2**61, 2**62, 2**60, 0]),
    "times": ("timestamp", pd.to_datetime(["2001-02-03", "1950-01-01", None, "2030-01-01", "2030-01-01"])),
    "times of a zone": ("timestamp", pd.date_range("2020-03-29", periods=5, freq="h", tz="Europe/Vienna")),
    "lengths of time": ("duration", DAYS),
    "vectors": ("vector", [[1.0, 2.0], [3.0, 4.0], None, [5.0, 6.0], [5.0, 6.0]]),
    "tags": ("tags", [["a", "b"], ["b"], [], None, ["c", "a"]]),
    "records": ("record", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, None, {"a": 1, "b": "x"}, {"a": 1, "b": "x"}]),
    "taxonomy": ("path", ["animal/bird/wren", "animal/bird/tit", None, "plant/tree/oak", "animal/bird/wren"]),
    "labels in a text": ("multilabel", ["red; blue", "red", None, "blue", "red"]),
    "texts": ("text", ["one two", "three four", None, "five six seven", "eight nine"]),
    "categories": ("categorical", ["a", "b", None, "a", "a"]),
    "categories that look like lists": ("categorical", pd.Categorical(["x[1]", "y", "x[1]", "y", "y"])),
    "words apart by a hard space": ("categorical", ["a\u00a0b", "c\u00a0d", "e\u00a0f", "g\u00a0h", "i\u00a0j"]),
    "nothing": ("empty", [None] * 5),
}


@pytest.fixture(scope="module")
def table():
    """The examples as a table of DuckDB, and as the frame that a data set's reader would get of it."""
    frame = pd.DataFrame({name: pd.Series(values) for name, (_, values) in EXAMPLES.items()})
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE made AS SELECT * FROM frame")
        connection.execute("ALTER TABLE made ALTER \"categories that look like lists\" TYPE ENUM('x[1]', 'y')")
        yield connection, connection.execute("SELECT * FROM made").df()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_kind_is_told_alike_in_python_and_in_sql(table, name: str) -> None:
    connection, frame = table
    (type,) = [t for n, t in connection.execute("SELECT column_name, column_type FROM (DESCRIBE made)").fetchall() if n == name]
    expected = EXAMPLES[name][0]
    assert kind_of(frame[name]).name == expected
    assert kind_of(pd.Series(EXAMPLES[name][1])).name == expected, "as it came, too"
    kind, facts, n_rows = kind_in(connection, "made", identifier(name), type)
    assert (kind.name, n_rows, facts.present) == (expected, 5, frame[name].notna().sum())


def test_there_is_an_example_of_every_kind() -> None:
    assert {kind for kind, _ in EXAMPLES.values()} == {kind.name for kind in KINDS}


@pytest.mark.parametrize(
    ("type", "storage"),
    [
        ("DECIMAL(9,2)", "number"),
        ("UHUGEINT", "number"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("TIMESTAMP_NS", "time"),
        ("INTERVAL", "duration"),
        ("ENUM('DOUBLE[2]', 'b')", "text"),
        ("UUID", "text"),
        ("TIME", "text"),
        ("DOUBLE[3]", "vector"),
        ("VARCHAR[]", "labels"),
        ("VARCHAR[][]", "record"),
        ('STRUCT("a[1]" INTEGER)', "record"),
        ("STRUCT(a INTEGER)[]", "record"),
        ("BLOB", "record"),
    ],
)
def test_how_a_type_of_duckdb_holds_its_values(type: str, storage: str) -> None:
    assert storage_of_type(type) == storage


def test_every_column_is_summarised_in_words_without_a_type_of_duckdb_in_the_way(table) -> None:
    words = {summary.name: in_words(summary) for summary in profile_table(table[0], "made")}
    assert words["lengths of time"] == "0.5 to 30 days, median 3"
    assert words["times of a zone"].startswith("2020-03-28 to 2020-03-29"), "told in UTC"
    assert words["tags"] == "a (2), b (2), c (1)"
    assert words["whole numbers that doubles confuse"].startswith("1152921504606846976 (2), 2305843009213693952 (2), 1")
    assert all(words.values())


def test_the_values_of_a_list_are_offered_one_by_one_and_found(table) -> None:
    connection, _ = table
    offered = {row.value: row.total for row in facet_values(connection, "made", "tags", [], "tags")}
    assert offered == {"a": 2, "b": 2, "c": 1, None: 1}
    kinds = {"tags": "tags"}
    found = rows(connection, "made", parse("tags:a,c", kinds), 10)
    assert len(found) == 2 and parse("tags:a,c", kinds) == [AnyOf("tags", ("a", "c"), "tags")]


def test_lengths_and_times_of_a_zone_are_asked_for_by_a_range(table) -> None:
    connection, _ = table
    assert len(rows(connection, "made", parse('"lengths of time":1..5', {"lengths of time": "duration"}), 10)) == 2
    assert len(rows(connection, "made", [Between("times of a zone", "2020-03-29", None, "timestamp")], 10)) == 4, "a day of UTC"


@pytest.mark.parametrize("name", [name for name, (kind, _) in EXAMPLES.items() if kind not in ("empty",)])
def test_every_rung_groups_rows_alike_in_sql_and_in_pandas(table, name: str) -> None:
    connection, frame = table
    for rung in kind_of(frame[name]).ladder(frame[name]):
        counted = connection.execute(
            f"SELECT count(*) FROM (SELECT {rung.sql(identifier(name), 'made')} AS x FROM made) GROUP BY x"
        ).fetchall()
        expected = rung.apply(frame[name]).astype(object).value_counts(dropna=False)
        assert sorted(n for (n,) in counted) == sorted(expected[expected > 0]), rung.name


def test_a_rung_of_one_name_is_one_rung() -> None:
    """Specs and links hold names; two kinds that mean different things by one would be told apart by nobody."""
    named = [rung for kind in KINDS for rung in kind.rungs]
    assert all(rungs()[rung.name] is rung for rung in named)
    for kind in KINDS:
        assert not kind.guessed_as or kind.guessed_as in {rung.name for rung in kind.rungs}, kind.name


@pytest.mark.parametrize("name", [name for name, (kind, _) in EXAMPLES.items() if kind_named(kind).noise == ADDED])
def test_numbers_lead_back_to_the_column_they_came_from(table, name: str) -> None:
    column = table[1][name]
    kind = kind_of(column)
    again = kind.from_numbers(kind.numbers(column), column)
    assert again.isna().equals(column.isna())
    assert np.array_equal(kind.numbers(again), kind.numbers(column), equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "True", True),
        ("numeric", "−3", -3),
        ("numeric", "2.5", 2.5),
        ("duration", "1.5", pd.Timedelta(hours=36)),
        ("timestamp", "2024-05-31", pd.Timestamp("2024-05-31")),
        ("categorical", "a", "a"),
    ],
)
def test_what_a_person_writes_is_a_value_of_the_kind(kind: str, text: str, value: Any) -> None:
    found = kind_named(kind).read(text)
    assert found == value and type(found) is type(value)


def test_tags_are_written_like_labels_and_times_take_the_zone_of_their_column(table) -> None:
    assert kind_named("tags").read("a; b").tolist() == ["a", "b"]
    column = table[1]["times of a zone"]
    assert kind_named("timestamp").read("2020-01-01", column).tzinfo is not None
    assert kind_named("timestamp").read("2020-01-01 00:00+02:00") == pd.Timestamp("2019-12-31 22:00")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("v:x", "holds vectors, which cannot be asked for by a value"),
        ("d:1,2", "ask for one range of them, for example d:1..7.5"),
    ],
)
def test_what_a_kind_cannot_be_asked_is_one_sentence(line: str, words: str) -> None:
    with pytest.raises(BadInput) as problem:
        parse(line, {"v": "vector", "d": "duration"})
    assert words in one_sentence(problem.value)


def test_nobody_but_the_kinds_asks_for_a_kind_by_its_name() -> None:
    """A question that depends on the kind of a column is an attribute of ``ColumnKind``, or a new kind is forgotten where it is asked."""
    package = Path(__file__).resolve().parents[3] / "metadash"
    names = "|".join(
        kind.name for kind in KINDS if kind.name not in ("text", "vector", "empty", "path")
    )  # those mean other things as well
    compared = re.compile(rf"""(==|!=|\bin [(\[{{]).*["']({names})["']|\bkind[^\n]* == ["'](text|vector|empty)["']""")
    found = [
        f"{file.relative_to(package)}: {line.strip()}"
        for file in [*package.rglob("*.py"), *(package.parent / "pages").glob("*.py")]
        if "data/columns" not in file.as_posix()
        for line in file.read_text(encoding="utf-8").splitlines()
        if compared.search(line)
    ]
    assert not found


def test_dates_of_python_are_told_as_what_duckdb_makes_of_them() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE made (day DATE)")
        connection.execute("INSERT INTO made VALUES (?)", [datetime.date(2020, 1, 1)])
        assert kind_of(connection.execute("FROM made").df()["day"]).name == "timestamp"
        assert kind_in(connection, "made", "day", "DATE")[0].name == "timestamp"


def test_a_kind_that_lacks_what_it_says_of_itself_cannot_be_defined() -> None:
    """Found when the kind is written, not when a page first asks a column of it."""
    for said in ({"reads_as": "words"}, {"reads_as": "numbers"}, {"reads_as": "vectors"}, {"ages": True}):
        with pytest.raises(TypeError, match="needs the method"):
            type("Half", (ColumnKind,), {"name": "half", **said})
    with pytest.raises(TypeError, match=r"claims|prepared"):
        type("Silent", (ColumnKind,), {"name": "silent"})()
