"""The pool: which classes may be drawn, by role and by a condition that a user wrote."""

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.pool import pool_table
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from tests.builders import one_sentence


def table_of(tiny: Dataset, where: str | None = None, role: str = "test", **changes: object):
    return pool_table(tiny, EpisodeSpec(Pool("family-0", role, where), **changes))


def test_a_pool_holds_exactly_the_rows_of_its_classes(tiny: Dataset) -> None:
    table = table_of(tiny)
    assert np.array_equal(table.classes, tiny.split("family-0")["test"])
    assert np.array_equal(np.sort(table.rows), np.flatnonzero(np.isin(tiny.class_of, table.classes)))
    for c, start, count in zip(table.classes, table.starts, table.counts, strict=True):
        assert (tiny.class_of[table.rows[start : start + count]] == c).all()


@pytest.mark.parametrize("where", [None, "class_id % 2 = 0"])
def test_instances_need_not_lie_sorted_by_class(where: str | None, tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    order = np.random.default_rng(0).permutation(len(tiny.class_of))
    shuffled = Dataset.__new__(Dataset)
    shuffled.__dict__.update(tiny.__dict__)
    shuffled.__dict__["class_of"] = tiny.class_of[order]
    table = table_of(shuffled, where)
    for c, start, count in zip(table.classes, table.starts, table.counts, strict=True):
        assert np.array_equal(np.sort(order[table.rows[start : start + count]]), np.flatnonzero(tiny.class_of == c))


def test_a_condition_narrows_the_role_and_never_widens_it(tiny: Dataset) -> None:
    narrowed = table_of(tiny, "corner = 'middle' OR class_id < 1000")
    assert np.array_equal(narrowed.classes, table_of(tiny).classes)
    middle = table_of(tiny, "corner = 'middle'").classes
    assert len(middle) == 3 and set(middle) < set(table_of(tiny).classes)


def test_the_groups_are_those_of_the_pool_alone(tiny: Dataset) -> None:
    table = table_of(tiny, strategy="siblings", column="family")
    assert len(table.group_names) == 3
    assert [table.group_names[g] for g in table.group] == tiny.classes["family"].iloc[table.classes].tolist()


def test_a_condition_that_selects_nothing_says_so(tiny: Dataset) -> None:
    with pytest.raises(BadInput, match=r"No test class meets the condition size < 0; widen it\.") as caught:
        table_of(tiny, "size < 0")
    one_sentence(caught.value)


@pytest.mark.parametrize(
    "where",
    [
        "this is not sql",
        "1 = 1; DROP TABLE classes",
        "nowhere = 3",
        "class_name",
        "(SELECT",
        "true) OR (true",
        "  ",
        "read_text('/etc/passwd') IS NULL",
    ],
)
def test_a_condition_that_is_no_condition_is_one_sentence_and_harms_nothing(where: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as caught:
        table_of(tiny, where)
    one_sentence(caught.value)
    assert len(tiny.frame("FROM classes")) == 40


def test_a_condition_may_say_anything_about_a_class(tiny: Dataset) -> None:
    found = table_of(tiny, "description LIKE '%family%' AND weight IS NOT NULL AND found > DATE '2001-01-01'")
    expected = tiny.classes[tiny.classes["weight"].notna()]
    assert set(found.classes) == set(expected["class_id"]) & set(tiny.split("family-0")["test"])
