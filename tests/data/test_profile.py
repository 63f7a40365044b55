"""Column summaries are right, follow the kinds of the encoder, and cost no memory for the rows."""

import time

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data import profile as profiles
from metadash.data.columns import facts
from metadash.data.columns.registry import kind_of
from metadash.data.columns.summary import BINS
from metadash.data.dataset import Dataset
from metadash.data.profile import coverage, in_words, profile, profile_table

THIN = "\u202f"


def summaries(frame: pd.DataFrame) -> dict:
    with duckdb.connect(":memory:") as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE made AS SELECT * FROM frame")
        return {summary.name: summary for summary in profile_table(connection, "made")}


@pytest.mark.parametrize("table", ["classes", "instances", "splits"])
def test_every_column_has_the_kind_that_the_encoder_would_give_it(tiny: Dataset, table: str) -> None:
    frame = tiny.frame(f"SELECT * FROM {table}")
    assert {s.name: s.kind for s in profile(tiny, table)} == {name: kind_of(frame[name]).name for name in frame.columns}


def test_numbers_have_range_median_and_histogram() -> None:
    found = summaries(pd.DataFrame({"x": [1.0, 2.0, 3.0, 10.0, np.nan]}))["x"]
    assert (found.rows, found.missing, found.distinct) == (5, 1, 4)
    assert (found.low, found.median, found.high) == (1, 2.5, 10)
    assert len(found.histogram) == BINS and sum(found.histogram) == 4 and found.histogram[0] == 1 and found.histogram[-1] == 1
    assert in_words(found) == "1 to 10, median 2.5"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([7, 7, 7], "always 7"),
        ([-1e308, 1e308, 0.0], "−1e+308 to 1e+308, median 0; different in every row"),
        ([np.inf, -np.inf], "no finite value"),
        ([1.0, np.inf, 2.0], "1 to 2, median 1.5; different in every row"),
    ],
)
def test_odd_numbers_do_not_break_a_summary(values: list, words: str) -> None:
    assert in_words(summaries(pd.DataFrame({"x": values}))["x"]) == words


def test_of_a_large_table_some_rows_say_what_need_not_be_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rows in (("LARGE", 20_000), ("SOME", 8_000)):
        monkeypatch.setattr(profiles, name, rows)
    monkeypatch.setattr(facts, "EXACT_UP_TO", 5_000)
    n = 80_000
    generator = np.random.default_rng(0)
    x = generator.normal(size=n)
    x[[7, 9]] = 100.0, np.nan
    frame = pd.DataFrame(
        {
            "x": x,
            "number": np.arange(n),
            "often": generator.integers(0, 40_000, n),
            "place": np.where(np.arange(n) % 4, "oslo", "rome"),
            "labels": np.where(np.arange(n) % 4, "a; b", "b"),
        }
    )
    found = summaries(frame)
    assert (found["x"].rows, found["x"].missing, found["x"].high) == (n, 1, 100.0), "rows, gaps and ends are exact"
    assert abs(found["x"].median) < 0.1 and found["x"].low == np.nanmin(x)
    assert sum(found["x"].histogram) < n / 4, "told from some rows"
    assert found["number"].identifies and not found["often"].identifies
    assert found["often"].distinct == pytest.approx(frame["often"].nunique(), rel=0.15)
    assert found["place"].distinct == 2, "few values are counted one by one"
    assert dict(found["place"].top)["rome"] == pytest.approx(n / 4, rel=0.1)
    assert {name: summary.kind for name, summary in found.items()} == {name: kind_of(frame[name]).name for name in frame}


def test_not_a_number_counts_as_missing() -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE made AS SELECT CAST(unnest(['nan', '1', NULL]) AS DOUBLE) AS x")
        (found,) = profile_table(connection, "made")
    assert (found.missing, found.distinct, found.low) == (2, 1, 1)


def test_categories_have_their_most_frequent_values() -> None:
    found = summaries(pd.DataFrame({"c": ["b", "b", "a", None, "c", "d", "e", "f"]}))["c"]
    assert found.top[0] == ("b", 2) and len(found.top) == 5
    assert found.missing_share == 1 / 8
    assert in_words(found) == "b (2), a (1), c (1), d (1), e (1) and 1 more"


def test_a_category_s_own_commas_stay() -> None:
    found = summaries(pd.DataFrame({"c": ["one, two"] * 2000 + ["x"]}))["c"]
    assert in_words(found) == f"one, two (2{THIN}000), x (1)"


def test_several_labels_a_row_are_counted_one_by_one() -> None:
    found = summaries(pd.DataFrame({"c": ["acute; hook", "acute", None]}))["c"]
    assert found.kind == "multilabel" and found.top == (("acute", 2), ("hook", 1))


def test_text_has_its_different_words_and_examples() -> None:
    found = summaries(pd.DataFrame({"c": ["small letter A", "small letter b", "CAPITAL letter a"]}))["c"]
    assert found.kind == "text" and found.words == 5 and len(found.examples) == 3
    assert in_words(found).startswith("5 different words, such as “")


def test_timestamps_have_dates() -> None:
    found = summaries(pd.DataFrame({"t": pd.to_datetime(["2001-02-03 23:59", "1950-01-01 00:00", "2030-12-31 12:00", None])}))[
        "t"
    ]
    assert (found.low, found.median, found.high, found.missing) == ("1950-01-01", "2001-02-03", "2030-12-31", 1)
    assert sum(found.histogram) == 3


def test_a_column_with_nothing_in_it_says_so(tiny: Dataset) -> None:
    found = {summary.name: summary for summary in profile(tiny, "classes")}["remark"]
    assert found.kind == "empty" and found.missing_share == 1 and in_words(found) == "nothing at all"


def test_a_table_without_rows_has_summaries_too() -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE made (a INTEGER, b VARCHAR, c TIMESTAMP, d DOUBLE[])")
        assert [summary.kind for summary in profile_table(connection, "made")] == ["empty"] * 4


def test_columns_named_like_sql_are_only_names() -> None:
    frame = pd.DataFrame({'a"b': [1, 2], "select": ["x", "y"], "Größe; DROP TABLE made": [True, False]})
    assert [s.kind for s in summaries(frame).values()] == ["numeric", "categorical", "boolean"]


def test_coverage_is_the_share_of_rows_with_any_column_of_the_source(tiny: Dataset) -> None:
    found = coverage(tiny)
    assert found["holes"] == 0.75 and found["nothing"] == 0 and found["size"] == 1 and found["site"] == 1
    assert set(found) == {source.name for source in tiny.sources}


def test_a_million_rows_take_seconds_not_minutes() -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "CREATE TABLE made AS SELECT i AS id, hash(i) % 50 AS n, 'value ' || (i % 40) AS c, random() AS x, "
            "'word ' || (i % 999) || ' and ' || i AS t FROM range(1000000) r(i)"
        )
        start = time.process_time()
        kinds = [summary.kind for summary in profile_table(connection, "made")]
        assert time.process_time() - start < 20
    assert kinds == ["numeric", "numeric", "categorical", "numeric", "text"]
