"""Metadata made less exact: the ladder in SQL and in pandas is one ladder, and noise is as strong as it is said to be."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.kind import ADDED, REPLACED
from metadash.data.columns.registry import rung_named
from metadash.errors import BadInput
from metadash.metadata.blur import (
    SHARES,
    Blur,
    blur_table,
    check_fits,
    ladder_of,
    moved,
    noise_of,
    read_blur,
    replaced,
    rung_sql,
    strengths,
)
from tests.builders import one_sentence


def frame(n: int = 400) -> pd.DataFrame:
    """One column of each kind that has a ladder, with holes, ties and rare values."""
    generator = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "when": pd.Timestamp("1999-12-20 22:10:05") + pd.to_timedelta(generator.integers(0, 10**8, n), unit="s"),
            "height": generator.normal(170, 10, n).round(1),
            "visits": generator.geometric(0.4, n),
            "remark": [f" {'abcd'[i % 4]}{i // 300} word {i}" for i in range(n)],
            "colour": generator.choice(["red", "green", "blue", "mauve"], n, p=[0.5, 0.3, 0.195, 0.005]),
            "labels": [f"{'xyz'[i % 3]}; {i % 7}" for i in range(n)],
            "zip": [f"{generator.integers(10000, 10900):05d}" for _ in range(n)],
            "yes": generator.random(n) < 0.5,
        }
    )
    for i, name in enumerate(["when", "height", "remark", "colour", "labels", "zip"]):
        table.loc[table.index[i::17], name] = None
    return table


@pytest.mark.parametrize("column", frame(4).columns)
def test_a_rung_groups_rows_alike_in_sql_and_in_pandas(column: str) -> None:
    table = frame()
    with duckdb.connect() as connection:
        connection.register("people", table)
        for rung in ladder_of(table[column]):
            expression = rung_sql(rung, column, "people")
            counted = connection.execute(f"SELECT count(*) FROM (SELECT {expression} AS x FROM people) GROUP BY x").fetchall()
            expected = rung_named(rung).apply(table[column]).value_counts(dropna=False)
            assert sorted(n for (n,) in counted) == sorted(expected[expected > 0]), rung


def test_each_rung_tells_no_more_than_the_one_above_it() -> None:
    table = frame()
    for column in table:
        levels = [rung_named(rung).apply(table[column]).nunique() for rung in ladder_of(table[column])]
        assert levels == sorted(levels, reverse=True) and levels[-1] == 0, column


def test_what_a_blurred_value_looks_like() -> None:
    when = pd.Series(pd.to_datetime(["2021-05-17 13:14:15", None]))
    assert [rung_named(rung).apply(when)[0].isoformat() for rung in ("day", "month", "year")] == [
        "2021-05-17T00:00:00",
        "2021-05-01T00:00:00",
        "2021-01-01T00:00:00",
    ]
    assert rung_named("month").apply(when).isna().tolist() == [False, True]
    assert rung_named("first word").apply(pd.Series([" LATIN SMALL", None]))[0] == "LATIN"
    assert rung_named("first 3 characters").apply(pd.Series(["90210"])).tolist() == ["902"]
    assert rung_named("2 bins").apply(pd.Series([4.0, 1.0, 3.0, 0.0, 0.0, np.nan])).tolist()[:5] == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert rung_named("rare to other").apply(pd.Series(["a"] * 5 + ["b"] * 4)).tolist() == ["a"] * 5 + ["other"] * 4


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_stated_share_of_values_is_replaced_by_any_of_the_others(share: float) -> None:
    column = pd.Series(np.random.default_rng(0).choice(list("abcdef"), 40_000))
    told = replaced(column, share, np.random.default_rng(1))
    assert (told != column).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(column)))
    lies = told[told != column].value_counts(normalize=True)
    assert set(lies.index) == set("abcdef") and lies.max() < 0.2, "the lies favour a value"


def test_added_noise_moves_a_number_by_its_scale_on_average_whatever_the_range_of_the_data() -> None:
    for column in (pd.Series(np.full(50_000, 500.0)), pd.Series(np.r_[np.full(50_000, 500.0), 1e9])):
        gone = (moved(column, 20.0, np.random.default_rng(2)) - column)[:50_000]
        assert gone.abs().mean() == pytest.approx(20, rel=0.02) and gone.mean() == pytest.approx(0, abs=1)


def test_times_move_by_days_and_keep_their_zone() -> None:
    for zone in (None, "Europe/Vienna"):
        column = pd.Series(pd.date_range("2020", periods=20_000, freq="h", tz=zone))
        told = moved(column, 30.0, np.random.default_rng(2))
        away = told - column
        assert told.dt.tz == column.dt.tz
        assert (away.dt.total_seconds().abs().mean() / 86400) == pytest.approx(30, rel=0.03), zone


def test_noise_beyond_any_date_of_nanoseconds_is_still_a_time() -> None:
    told = moved(pd.Series(pd.to_datetime(["1700-01-01", "2200-01-01"] * 500)), 1e5, np.random.default_rng(0))
    assert told.notna().all()


def test_noise_leaves_what_is_missing_missing_and_times_times() -> None:
    table = frame()
    for column, noise, strength in (("when", moved, 30.0), ("height", moved, 1.0), ("colour", replaced, 0.5)):
        told = noise(table[column], strength, np.random.default_rng(0))
        assert told.isna().equals(table[column].isna()), column
        assert (told != table[column])[table[column].notna()].any(), column
    assert pd.api.types.is_datetime64_any_dtype(moved(table["when"], 1.0, np.random.default_rng(0)))


def test_scales_are_suggested_from_the_spread_and_stated_as_plain_numbers() -> None:
    table = frame()
    scales = strengths(table["height"], ADDED)
    assert list(scales) == sorted(scales) and scales[3] == float(f"{table['height'].std(ddof=0):.2g}")
    assert strengths(table["colour"], REPLACED) == SHARES and strengths(pd.Series([3.0, 3.0]), ADDED) == ()
    days = table["when"].dropna().astype("int64").std(ddof=0) / 1e6 / 86400
    assert strengths(table["when"], ADDED)[3] == pytest.approx(days, rel=0.05), "of times in days"


def test_a_blurred_table_is_the_same_each_time_and_only_the_source_that_was_named_is_blurred() -> None:
    table, noise = frame(), Blur("looks", "colour", REPLACED, 0.4)
    once = blur_table(table, "looks", [noise], seed=5)
    pd.testing.assert_frame_equal(once, blur_table(table, "looks", [noise], seed=5))
    assert not once["colour"].equals(blur_table(table, "looks", [noise], seed=6)["colour"])
    assert blur_table(table, "others", [noise], seed=5) is table
    both = blur_table(table, "looks", [Blur("looks", "height", ADDED, 1.0), noise], seed=5)
    pd.testing.assert_series_equal(both["colour"], once["colour"])


def test_the_noise_follows_the_kind_of_column() -> None:
    table = frame()
    assert noise_of(table["colour"]) == (REPLACED,) and noise_of(table["when"]) == (ADDED,)
    assert noise_of(table["remark"]) == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("s", "a"), "must name a source"),
        (("s", "a", "year", "much"), "must name a source"),
        (("s", "a", "decade"), "choose one of"),
        (("s", "a", ADDED), "needs a scale above 0"),
        (("s", "a", REPLACED, 1.5), "needs a share above 0 (and at most 1)"),
        (("s", "a", "year", 2.0), "takes no number"),
        (("s", "a", "Laplace noise", 2.0), "promised an ε that it could not keep"),
        (("s", "a", "randomised response", 0.5), "choose 'random replacement' with its share"),
    ],
)
def test_a_blur_that_cannot_be_is_one_sentence(entry: tuple, words: str) -> None:
    with pytest.raises(BadInput) as problem:
        read_blur(entry)
    assert words in one_sentence(problem.value)


def test_a_rung_of_another_kind_of_column_is_refused() -> None:
    with pytest.raises(BadInput, match="is categorical and cannot be blurred by 'year'"):
        check_fits(Blur("s", "colour", "year"), frame()["colour"])
    check_fits(read_blur(("s", "colour", REPLACED, 1)), frame()["colour"])
