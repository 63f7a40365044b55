"""Metadata made less exact: the ladder in SQL and in pandas is one ladder, and noise keeps what its epsilon promises."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.errors import BadInput
from metadash.metadata.blur import (
    LAPLACE,
    RESPONSE,
    RUNGS,
    Blur,
    blur_table,
    budget,
    check_fits,
    keep_probability,
    ladder_of,
    laplace_noise,
    laplace_scale,
    mechanisms_of,
    randomised_response,
    read_blur,
    rung_sql,
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
            expected = RUNGS[rung].apply(table[column]).value_counts(dropna=False)
            assert sorted(n for (n,) in counted) == sorted(expected[expected > 0]), rung


def test_each_rung_tells_no_more_than_the_one_above_it() -> None:
    table = frame()
    for column in table:
        levels = [RUNGS[rung].apply(table[column]).nunique() for rung in ladder_of(table[column])]
        assert levels == sorted(levels, reverse=True) and levels[-1] == 0, column


def test_what_a_blurred_value_looks_like() -> None:
    when = pd.Series(pd.to_datetime(["2021-05-17 13:14:15", None]))
    assert [RUNGS[rung].apply(when)[0].isoformat() for rung in ("day", "month", "year")] == [
        "2021-05-17T00:00:00",
        "2021-05-01T00:00:00",
        "2021-01-01T00:00:00",
    ]
    assert RUNGS["month"].apply(when).isna().tolist() == [False, True]
    assert RUNGS["first word"].apply(pd.Series([" LATIN SMALL", None]))[0] == "LATIN"
    assert RUNGS["first 3 characters"].apply(pd.Series(["90210"])).tolist() == ["902"]
    assert RUNGS["2 bins"].apply(pd.Series([4.0, 1.0, 3.0, 0.0, 0.0, np.nan])).tolist()[:5] == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert RUNGS["rare to other"].apply(pd.Series(["a"] * 5 + ["b"] * 4)).tolist() == ["a"] * 5 + ["other"] * 4


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_randomised_response_tells_the_truth_as_often_as_its_epsilon_says(epsilon: float) -> None:
    column = pd.Series(np.random.default_rng(0).choice(list("abcdef"), 40_000))
    told = randomised_response(column, epsilon, np.random.default_rng(1))
    share = keep_probability(epsilon, 6)
    assert share == pytest.approx(np.exp(epsilon) / (np.exp(epsilon) + 5))
    assert (told == column).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(column)))
    lies = told[told != column].value_counts(normalize=True)
    assert set(lies.index) == set("abcdef") and lies.max() < 0.2, "the lies favour a value"


def test_the_odds_of_any_two_truths_differ_by_at_most_e_to_the_epsilon() -> None:
    for epsilon, levels in ((0.5, 2), (4.0, 9)):
        truth = keep_probability(epsilon, levels)
        assert truth / ((1 - truth) / (levels - 1)) == pytest.approx(np.exp(epsilon))


def test_laplace_noise_has_the_scale_of_range_over_epsilon_and_stays_in_the_range() -> None:
    column = pd.Series(np.r_[0.0, 1000.0, np.full(50_000, 500.0)])
    moved = (laplace_noise(column, 20.0, np.random.default_rng(2)) - column)[2:]
    assert moved.abs().mean() == pytest.approx(laplace_scale(1000.0, 20.0), rel=0.02)
    strong = laplace_noise(column, 0.5, np.random.default_rng(2))
    assert strong.between(0, 1000).all() and strong.std() > 5 * moved.std()


def test_noise_leaves_what_is_missing_missing_and_times_times() -> None:
    table = frame()
    for column, noise in (("when", laplace_noise), ("height", laplace_noise), ("colour", randomised_response)):
        told = noise(table[column], 1.0, np.random.default_rng(0))
        assert told.isna().equals(table[column].isna()), column
        assert (told != table[column])[table[column].notna()].any(), column
    assert pd.api.types.is_datetime64_any_dtype(laplace_noise(table["when"], 1.0, np.random.default_rng(0)))


def test_a_blurred_table_is_the_same_each_time_and_only_the_source_that_was_named_is_blurred() -> None:
    table, noise = frame(), Blur("looks", "colour", RESPONSE, 1.0)
    once = blur_table(table, "looks", [noise], seed=5)
    pd.testing.assert_frame_equal(once, blur_table(table, "looks", [noise], seed=5))
    assert not once["colour"].equals(blur_table(table, "looks", [noise], seed=6)["colour"])
    assert blur_table(table, "others", [noise], seed=5) is table
    both = blur_table(table, "looks", [Blur("looks", "height", LAPLACE, 1.0), noise], seed=5)
    pd.testing.assert_series_equal(both["colour"], once["colour"])


def test_the_budget_adds_over_columns_and_rungs_cost_none() -> None:
    assert budget([Blur("s", "a", RESPONSE, 0.5), Blur("s", "b", LAPLACE, 2.0), Blur("s", "c", "withheld")]) == 2.5


def test_the_mechanism_follows_the_kind_of_column() -> None:
    table = frame()
    assert mechanisms_of(table["colour"]) == (RESPONSE,) and mechanisms_of(table["when"]) == (LAPLACE,)
    assert mechanisms_of(table["remark"]) == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("s", "a"), "must name a source"),
        (("s", "a", "year", "much"), "must name a source"),
        (("s", "a", "decade"), "choose one of"),
        (("s", "a", RESPONSE), "needs an epsilon"),
        (("s", "a", "year", 2.0), "takes no epsilon"),
    ],
)
def test_a_blur_that_cannot_be_is_one_sentence(entry: tuple, words: str) -> None:
    with pytest.raises(BadInput) as problem:
        read_blur(entry)
    assert words in one_sentence(problem.value)


def test_a_rung_of_another_kind_of_column_is_refused() -> None:
    with pytest.raises(BadInput, match="is categorical and cannot be blurred by 'year'"):
        check_fits(Blur("s", "colour", "year"), frame()["colour"])
    check_fits(read_blur(("s", "colour", RESPONSE, 1)), frame()["colour"])
