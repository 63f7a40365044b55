"""The values behind each kind of column, to the number: what is claimed, read, encoded, made less exact; and which page asks what of it."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.facts import Facts, facts_of
from metadash.data.columns.kind import ADDED, MOST_LISTED, REPLACED
from metadash.data.columns.kinds.duration import from_days, in_days
from metadash.data.columns.kinds.numeric import FEW, as_floats
from metadash.data.columns.kinds.tags import first_tag, lists
from metadash.data.columns.kinds.timestamp import calendar, time_features
from metadash.data.columns.registry import KINDS, kind_in, kind_named, kind_of, rung_named
from metadash.data.columns.rungs import RARE, binned
from metadash.data.columns.summary import ColumnSummary
from metadash.errors import BadInput

ASKED = {
    "searched": {"multilabel", "path", "tags", "text", "categorical"},
    "several": {"multilabel", "path", "tags"},
    "ranged": {"numeric", "duration", "timestamp"},
    "dated": {"timestamp"},
    "vocabulary": {"multilabel", "path", "tags", "text", "categorical"},
    "embeds": {"vector"},
    "counts": {"numeric"},
    "ages": {"timestamp"},
    "groups": {kind.name for kind in KINDS} - {"vector"},
    "typed": {kind.name for kind in KINDS} - {"vector", "record"},
}


@pytest.mark.parametrize("asked", ASKED)
def test_which_kinds_are_searched_chosen_from_slid_over_and_grouped_by(asked: str) -> None:
    assert {kind.name for kind in KINDS if getattr(kind, asked)} == ASKED[asked]


def test_which_kinds_bear_which_noise() -> None:
    assert {kind.name: kind.noise for kind in KINDS if kind.noise} == {
        **dict.fromkeys(("numeric", "duration", "timestamp"), ADDED),
        **dict.fromkeys(("boolean", "multilabel", "categorical"), REPLACED),
    }
    assert (kind_named("timestamp").unit, kind_named("timestamp").per_unit) == ("days", 86400)
    assert (kind_named("duration").unit, kind_named("duration").per_unit) == ("days", 1)


def summary(kind: str, distinct: int) -> ColumnSummary:
    return ColumnSummary("it", "VARCHAR", kind, 10_000, 0, distinct)


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("categorical", MOST_LISTED),
        ("multilabel", MOST_LISTED),
        ("tags", MOST_LISTED),
        ("boolean", MOST_LISTED),
        ("numeric", FEW),
    ],
)
def test_values_are_listed_as_long_as_there_are_few(kind: str, most: int) -> None:
    assert kind_named(kind).listed(summary(kind, most)) and not kind_named(kind).listed(summary(kind, most + 1))


def test_most_listed_is_a_thousand_and_few_a_dozen() -> None:
    """As the guide says; nobody scrolls further."""
    assert (MOST_LISTED, FEW, RARE) == (1000, 12, 5)
    for kind in ("duration", "timestamp", "text", "vector", "record", "empty"):
        assert not kind_named(kind).listed(summary(kind, 2))


# --- claimed -----------------------------------------------------------------------------------------------------------------


def facts(storage: Any, present: int = 10, distinct: int = 10, doubles: int = 10, matching: int = 0) -> Facts:
    return Facts(storage, present, lambda: distinct, lambda: doubles, lambda pattern: matching)


def test_a_text_is_of_several_words_and_differs_in_more_than_half_of_the_rows() -> None:
    text = kind_named("text")
    assert text.claims(facts("text", matching=6, distinct=6))
    assert not text.claims(facts("text", matching=5, distinct=10)) and not text.claims(facts("text", matching=10, distinct=5))
    assert facts("text", present=0, matching=3).share("x") == 0 and facts("number", matching=3).share("x") == 0
    assert facts("text", present=4, matching=3).share("x") == 0.75


def test_a_vertical_tab_parts_no_words_neither_in_pandas_nor_in_sql() -> None:
    frame = pd.DataFrame({"said": [f"a\vb{place}" for place in range(6)]})
    connection = duckdb.connect()
    connection.register("told", frame)
    assert kind_of(frame["said"]).name == kind_in(connection, "told", "said", "VARCHAR")[0].name == "categorical"


def test_sentences_of_which_some_part_clauses_are_no_labels() -> None:
    """FewRel describes 8 of its 80 relations so."""
    sentences = [
        "a person who plays for a team or a club in any sport",
        "a place where a person lives or has lived; not of birth, but of stay",
    ]
    for texts, name in (
        (sentences * 3, "text"),
        (["red; pale blue", "red", "a very pale and rather greyish blue; red"], "multilabel"),
    ):
        frame = pd.DataFrame({"said": [f"{text} {place}" if name == "text" else text for place, text in enumerate(texts)]})
        assert kind_of(frame["said"]).name == name
        connection = duckdb.connect()
        connection.register("told", frame)
        assert kind_in(connection, "told", "said", "VARCHAR")[0].name == name


def test_numbers_that_doubles_confuse_are_names_and_one_row_with_labels_is_enough() -> None:
    assert kind_named("numeric").claims(facts("number")) and not kind_named("numeric").claims(facts("number", doubles=9))
    assert kind_of(pd.Series(["red; blue", *["red"] * 9])).name == "multilabel" and not kind_named("multilabel").claims(
        facts("text")
    )
    assert kind_of(pd.Series([2**53, -(2**53)])).name == "numeric"
    assert (
        facts_of(pd.Series([2**53 + 1, 2**53, -5])).as_doubles == 2
        and facts_of(pd.Series([-(2**53) - 1, -(2**53)])).as_doubles == 1
    )


def test_postal_codes_have_a_ladder_of_their_own_where_nearly_all_are_some() -> None:
    def first(codes: int) -> str:
        return (
            kind_named("categorical")
            .ladder(pd.Series([f"{n:05}" for n in range(codes)] + ["x"] * (100 - codes) + [None]))[0]
            .name
        )

    assert [first(n) for n in (100, 96, 95)] == ["first 3 characters", "first 3 characters", "rare to other"]
    assert kind_named("categorical").ladder(pd.Series(["123456"] * 9))[0].name == "rare to other"


# --- read --------------------------------------------------------------------------------------------------------------------


def test_lengths_of_time_are_days_and_a_missing_one_stays_missing() -> None:
    spans = pd.Series(pd.to_timedelta(["36h", None, "-90s"]), index=[3, 1, 2], name="spell")
    assert in_days(spans) == pytest.approx([1.5, np.nan, -90 / 86400], nan_ok=True)
    again = from_days(np.array([1.5, np.nan, np.inf]), spans)
    assert again.iloc[0] == pd.Timedelta(hours=36) and again.isna().tolist() == [False, True, True]
    assert again.index.tolist() == [3, 1, 2] and again.name == "spell"
    prepared = kind_named("duration").prepared(spans)
    assert prepared.values[:, 0] == pytest.approx([1.5, np.nan, -90 / 86400], nan_ok=True) and prepared.names == ["days"]


def test_times_give_their_years_since_2000_and_the_phase_of_the_year() -> None:
    start = pd.Timestamp("2000-01-01")
    times = pd.Series([start, start + pd.Timedelta(days=365.25 / 4), start - pd.Timedelta(days=365.25)])
    assert time_features(times) == pytest.approx(np.array([[0, 0, 1], [0.25, 1, 0], [-1, 0, 1]]), abs=1e-9)


@pytest.mark.parametrize(("unit", "day"), [("day", "2004-12-31"), ("month", "2004-12-01"), ("year", "2004-01-01")])
def test_a_time_is_told_by_the_beginning_of_its_day_month_or_year(unit: str, day: str) -> None:
    found = calendar(pd.Series([pd.Timestamp("2004-12-31 23:59:58"), pd.NaT]), unit)
    assert found.iloc[0] == pd.Timestamp(day) and found.isna().tolist() == [False, True]
    vienna = calendar(pd.Series([pd.Timestamp("2005-01-01 00:30", tz="Europe/Vienna")]), unit)
    assert vienna.iloc[0] == pd.Timestamp(day, tz="UTC"), "told in UTC, where it was still the old year"


def test_a_time_leads_back_to_the_microsecond_and_no_number_to_no_time() -> None:
    kind, column = kind_named("timestamp"), pd.Series([pd.Timestamp("2001-02-03 04:05:06.000007"), pd.NaT])
    numbers = kind.numbers(column)
    assert np.isnan(numbers[1]) and kind.from_numbers(numbers, column).iloc[0] == column.iloc[0]
    assert kind.from_numbers(np.array([np.inf, 86400.0]), column).tolist() == [pd.NaT, pd.Timestamp("1970-01-02")]
    assert kind.older(column, 2.5).iloc[0] == pd.Timestamp("2001-01-31 16:05:06.000007")


def test_vectors_of_one_length_are_rows_and_of_several_have_nothing_in_common() -> None:
    kind = kind_named("vector")
    found = kind.vectors(pd.Series([[1.0, 2.0], None, [3.0, 4.0]]))
    assert found == pytest.approx(np.array([[1, 2], [np.nan, np.nan], [3, 4]]), nan_ok=True)
    mixed = kind.vectors(pd.Series([[1.0, 2.0], [3.0]]))
    assert mixed.shape == (2, 1) and np.isnan(mixed).all() and np.isnan(kind.vectors(pd.Series([None, None]))).all()
    with pytest.raises(BadInput, match=r"different lengths \(1 and 3\)"):
        kind.prepared(pd.Series([[1.0, 2.0, 3.0], [3.0], [1.0, 2.0]], name="v"))


def test_tags_are_lists_of_texts_and_the_first_may_be_missing() -> None:
    column = pd.Series([["a", "b"], [], None, "whole; text", ["", "c"]])
    assert lists(column).tolist() == [["a", "b"], [], [], ["whole; text"], ["c"]]
    assert first_tag(column).fillna("none").tolist() == ["a", "none", "none", "whole; text", "c"]
    assert kind_named("tags").words(column).tolist()[0] == {"a", "b"}
    assert kind_named("tags").read("a;b;  c").tolist() == ["a", "b", "c"]


def test_what_is_no_text_in_a_list_is_no_label() -> None:
    """Training rows with empty lists alone are told as labels, whatever the lists of later rows hold."""
    nested = np.empty(2, dtype=object)
    nested[:] = [np.array([]), np.array([0, 2])]
    nothing = np.empty(0, dtype=object)
    column = pd.Series([nothing, nested, [1.5, None], ["a"]], dtype=object)
    assert kind_of(column.iloc[:1]).name == "tags" and kind_of(column.iloc[:1]).words(column).tolist() == [
        set(),
        set(),
        set(),
        {"a"},
    ]


def test_words_are_told_without_capitals_and_labels_with_them() -> None:
    assert kind_named("text").words(pd.Series(["The the END", None])).tolist() == [{"the", "end"}, set()]
    assert kind_named("multilabel").words(pd.Series(["Red; blue; Red", None])).tolist() == [{"Red", "blue"}, set()]


@pytest.mark.parametrize("text", ["nan", "", "1,5", "tru"])
def test_what_is_no_value_of_the_kind_is_refused(text: str) -> None:
    for kind in ("numeric", "boolean", "duration"):
        with pytest.raises(ValueError):
            kind_named(kind).read(text)


def test_whole_numbers_stay_whole_as_far_as_doubles_tell_them_apart() -> None:
    read = kind_named("numeric").read
    assert [(read(text), type(read(text))) for text in ("3.0", "−2", f"{2**53}", "0.5")] == [
        (3, int),
        (-2, int),
        (float(2**53), float),
        (0.5, float),
    ]
    assert as_floats(pd.Series([1.0, np.inf, -np.inf, None])) == pytest.approx([1, np.nan, np.nan, np.nan], nan_ok=True)


# --- less exact --------------------------------------------------------------------------------------------------------------


def test_a_number_is_told_as_the_least_of_its_bin() -> None:
    values = np.array([5.0, 1.0, 2.0, 4.0, 3.0, np.nan, np.inf])
    assert binned(values, 5) == pytest.approx([4, 1, 2, 4, 3, np.nan, np.nan], nan_ok=True)
    assert binned(values, 2) == pytest.approx([3, 1, 1, 3, 3, np.nan, np.nan], nan_ok=True)
    assert np.isnan(binned(np.array([np.nan, np.inf]), 2)[0])


def test_values_of_fewer_than_five_rows_are_others_and_what_is_missing_stays_so() -> None:
    column = pd.Series(["a"] * 5 + ["b"] * 4 + [None])
    found = rung_named("rare to other").apply(column)
    assert found.tolist()[:9] == ["a"] * 5 + ["other"] * 4 and found.isna().tolist() == [False] * 9 + [True]
    assert rung_named("withheld").apply(column).isna().all() and rung_named("as it is").apply(column) is column
    labels = pd.Series(["a; b"] * 5 + ["b; a"] * 4)
    assert rung_named("first label").apply(labels).tolist() == ["a"] * 5 + ["b"] * 4
    assert rung_named("first label, rare to other").apply(labels).tolist() == ["a"] * 5 + ["other"] * 4


def test_ladders_go_from_the_most_exact_down_and_end_with_nothing() -> None:
    assert [rung.name for rung in kind_named("numeric").ladder(pd.Series([1.0]))] == ["20 bins", "5 bins", "2 bins", "withheld"]
    assert [rung.name for rung in kind_named("timestamp").ladder(pd.Series([1.0]))] == ["day", "month", "year", "withheld"]
    assert kind_named("empty").ladder(pd.Series([None])) == ()
