"""Groups counted in SQL are the groups one would count by hand."""

import time
from collections import Counter

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.registry import rung_named
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.audit.anonymity import anonymity, count_groups
from tests.builders import one_sentence


def people(n: int, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "zip": generator.integers(10_000, 10_000 + n // 20, n).astype(str),
            "age": generator.integers(18, 90, n).astype(float),
            "sex": generator.choice(["f", "m"], n),
            "illness": generator.choice(["a", "b", "c", None], n),
        }
    )
    table.loc[::11, "age"] = np.nan
    return table


def by_hand(table: pd.DataFrame, quasi: list[str], sensitive: str) -> tuple[int, int, int, int]:
    """(k, l, groups, unique rows), a row at a time."""
    rows = [tuple("missing" if pd.isna(value) else value for value in row) for row in table[quasi].itertuples(index=False)]
    told = ["missing" if pd.isna(value) else value for value in table[sensitive]]
    sizes = Counter(rows)
    different = {row: {value for other, value in zip(rows, told, strict=True) if other == row} for row in sizes}
    return min(sizes.values()), min(map(len, different.values())), len(sizes), sum(n == 1 for n in sizes.values())


@pytest.mark.parametrize("quasi", [["sex"], ["age", "sex"], ["zip", "age", "sex"]], ids="-".join)
def test_k_l_and_uniqueness_are_those_of_a_count_by_hand(quasi: list[str]) -> None:
    table = people(500)
    with duckdb.connect() as connection:
        connection.register("people", table)
        found = count_groups(connection, "people", quasi, "illness")
    assert (found.k, found.l, found.groups, found.unique) == by_hand(table, quasi, "illness")
    assert found.rows == 500 and sum(groups for _, groups, _ in found.sizes) == found.groups
    assert found.share_below(5) == pytest.approx((table.groupby(quasi, dropna=False)["sex"].transform("size") < 5).mean())


def test_a_rung_is_counted_as_if_the_column_had_been_blurred_before() -> None:
    table = people(2000)
    blurred = table.assign(zip=rung_named("first 3 characters").apply(table["zip"]), age=rung_named("5 bins").apply(table["age"]))
    with duckdb.connect() as connection:
        connection.register("people", table)
        connection.register("blurred", blurred)
        rungs = {"zip": "first 3 characters", "age": "5 bins"}
        found = count_groups(connection, "people", ["zip", "age", "sex"], "illness", rungs)
        expected = count_groups(connection, "blurred", ["zip", "age", "sex"], "illness")
    assert found == expected and found.k > count_k(table)


def count_k(table: pd.DataFrame) -> int:
    return int(table.groupby(["zip", "age", "sex"], dropna=False).size().min())


def test_a_million_rows_are_counted_in_one_query() -> None:
    with duckdb.connect() as connection:
        connection.register("frame", people(1_000_000))
        connection.execute("CREATE TABLE people AS SELECT * FROM frame")
        started = time.monotonic()
        found = count_groups(connection, "people", ["zip", "age", "sex"], "illness")
        seconds = time.monotonic() - started
    assert found.rows == 1_000_000 and seconds < 60, f"{seconds:.1f} s: only a hang takes longer"


def test_columns_of_classes_and_of_instances_meet_in_one_table(tiny: Dataset) -> None:
    assert anonymity(tiny, ["corner"]).rows == 40
    assert anonymity(tiny, ["site"]).rows == 1200
    both = anonymity(tiny, ["corner", "site"], "is_round")
    joined = tiny.instances.merge(tiny.classes, on="class_id")
    assert both.rows == 1200 and both.k == joined.groupby(["corner", "site"]).size().min() and both.l in (1, 2)


@pytest.mark.parametrize(
    ("quasi", "sensitive", "words"),
    [
        ([], None, "Choose at least one"),
        (["shoe"], None, "no column 'shoe'"),
        (["site"], "site", "both"),
        (["site", "site"], None, "twice"),
    ],
)
def test_columns_that_cannot_be_counted_are_one_sentence(
    quasi: list[str], sensitive: str | None, words: str, tiny: Dataset
) -> None:
    with pytest.raises(BadInput) as problem:
        anonymity(tiny, quasi, sensitive)
    assert words in one_sentence(problem.value)
