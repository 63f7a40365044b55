"""Changing metadata changes what was asked for, in the classes asked for, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from metadash.errors import BadInput
from metadash.metadata.changes import Change, Edit, change_table, change_vectors, edit_table
from metadash.metadata.encoded import EncodedSource
from tests.builders import one_sentence, tiny_classes

C, D = 40, 6
MEMBERS, TRAIN = np.arange(20, 40), np.arange(20)
INSTANCES = np.arange(C) + 5
GENERATOR = np.random.default_rng(0)
SOURCE = EncodedSource("place", GENERATOR.standard_normal((C, D)).astype(np.float32), np.ones(C, dtype=bool), tuple("abcdef"))
OTHER = EncodedSource("size", GENERATOR.standard_normal((C, D)).astype(np.float32), np.ones(C, dtype=bool), tuple("abcdef"))


def after(*changes: Change, seed: int = 0) -> EncodedSource:
    changed, untouched = change_vectors([SOURCE, OTHER], changes, MEMBERS, TRAIN, INSTANCES, seed)
    assert untouched is OTHER
    return changed


def touched(source: EncodedSource) -> np.ndarray:
    return np.flatnonzero((source.vectors != SOURCE.vectors).any(axis=1) | (source.present != SOURCE.present))


@pytest.mark.parametrize("kind", ["missing", "swap", "nearest", "noise"])
@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 1.0])
def test_as_many_test_classes_change_as_asked_and_no_others(kind: str, fraction: float) -> None:
    found = touched(after(Change("place", kind, fraction)))
    assert len(found) == round(fraction * len(MEMBERS)) and np.isin(found, MEMBERS).all()


@pytest.mark.parametrize("kind", ["missing", "swap", "nearest", "noise"])
def test_a_smaller_share_of_classes_is_part_of_a_larger_one(kind: str) -> None:
    small, large = touched(after(Change("place", kind, 0.25))), touched(after(Change("place", kind, 0.75)))
    assert set(small) < set(large)
    assert set(small) != set(touched(after(Change("place", kind, 0.25), seed=1)))


def test_missing_is_absent_and_zero() -> None:
    changed = after(Change("place", "missing", 0.5))
    assert not changed.present[touched(changed)].any() and not changed.vectors[touched(changed)].any()


@pytest.mark.parametrize("fraction", [0.1, 0.5, 1.0])
def test_swapped_rows_are_the_same_rows_and_nobody_keeps_its_own(fraction: float) -> None:
    changed = after(Change("place", "swap", fraction))
    rows = touched(changed)
    assert len(rows) == round(fraction * len(MEMBERS))
    assert sorted(map(tuple, changed.vectors[rows])) == sorted(map(tuple, SOURCE.vectors[rows]))


def test_one_class_alone_gets_the_row_of_another() -> None:
    changed = after(Change("place", "swap", 0.05))
    (row,) = touched(changed)
    assert tuple(changed.vectors[row]) in {tuple(v) for v in SOURCE.vectors[MEMBERS[row != MEMBERS]]}


def test_nearest_gives_each_class_the_row_of_the_member_most_like_it() -> None:
    changed = after(Change("place", "nearest"))
    for row in MEMBERS:
        others = MEMBERS[row != MEMBERS]
        closest = others[np.linalg.norm(SOURCE.vectors[others] - SOURCE.vectors[row], axis=1).argmin()]
        assert np.array_equal(changed.vectors[row], SOURCE.vectors[closest])


def test_noise_has_the_mean_and_spread_of_the_training_classes() -> None:
    big = EncodedSource("place", np.tile(SOURCE.vectors * 3 + 1, (50, 1)), np.ones(50 * C, dtype=bool), SOURCE.features)
    members = np.arange(C, 50 * C)
    (changed,) = change_vectors([big], [Change("place", "noise")], members, TRAIN, np.ones(50 * C), 0)
    drawn = changed.vectors[members]
    assert np.allclose(drawn.mean(axis=0), big.vectors[TRAIN].mean(axis=0), atol=0.5)
    assert np.allclose(drawn.std(axis=0), big.vectors[TRAIN].std(axis=0), rtol=0.15)


def test_rare_takes_the_classes_with_the_fewest_instances_and_systematic_those_with_the_largest_values() -> None:
    assert set(touched(after(Change("place", "missing", 0.25, "rare")))) == set(MEMBERS[np.argsort(INSTANCES[MEMBERS])][:5])
    line = EncodedSource("place", np.linspace(0, 1, C, dtype=np.float32)[:, None], np.ones(C, dtype=bool), ("a",))
    (changed,) = change_vectors([line], [Change("place", "missing", 0.25, "systematic")], MEMBERS, TRAIN, INSTANCES, 0)
    assert set(np.flatnonzero(~changed.present)) == set(MEMBERS[-5:])


def test_a_stale_source_is_years_earlier_where_it_was_chosen_and_only_there() -> None:
    table = tiny_classes()
    changed = change_table(table, {"age": ("found",)}, [Change("age", "stale", 0.5, years=2)], MEMBERS, 0)
    moved = (table["found"] - changed["found"]).dt.days
    assert (moved[moved != 0] == 730).all() and (moved != 0).sum() == 10 and not moved[TRAIN].any()


def test_a_blurred_source_is_less_exact_where_it_was_chosen_and_only_there() -> None:
    table = tiny_classes()
    sources = {"words": ("description",), "age": ("found",), "size": ("size", "count")}
    changed = change_table(
        table, sources, [Change("words", "blur", 0.5, to="first word"), Change("age", "blur", to="year")], MEMBERS, 0
    )
    words = changed["description"] != table["description"]
    assert words.sum() == 10 and (changed["description"][words] == "a").all() and not words[TRAIN].any()
    assert (changed["found"][MEMBERS].dt.day_of_year == 1).all() and changed["found"][TRAIN].equals(table["found"][TRAIN])
    numbers = change_table(table, sources, [Change("size", "blur", to="2 bins")], MEMBERS, 0)
    assert numbers["size"][MEMBERS].nunique() == 2 and numbers["size"][TRAIN].equals(table["size"][TRAIN])


def test_an_edit_changes_one_value_of_one_class() -> None:
    table = tiny_classes()
    edited = edit_table(
        table,
        [Edit(25, "size", "3.5"), Edit(26, "corner", "middle"), Edit(27, "is_round", "true"), Edit(28, "weight", "")],
        MEMBERS,
    )
    assert edited.loc[25, "size"] == 3.5 and edited.loc[26, "corner"] == "middle" and edited.loc[27, "is_round"] == True  # noqa: E712
    assert pd.isna(edited.loc[28, "weight"]) and edited["size"].dtype == float and edited["is_round"].dtype == bool
    same = (edited == table) | (edited.isna() & table.isna())
    assert (~same).to_numpy().sum() <= 4


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Change("place", "burnt"),
        lambda: Change("place", "swap", 1.5),
        lambda: Change("place", "swap", 0.5, "by taste"),
        lambda: Change("place", "stale"),
        lambda: Change("place", "blur"),
        lambda: Change("place", "swap", to="year"),
        lambda: change_table(tiny_classes(), {"place": ("corner",)}, [Change("place", "blur", to="year")], MEMBERS, 0),
        lambda: after(Change("colour", "swap")),
        lambda: change_table(tiny_classes(), {"place": ("corner",)}, [Change("place", "stale", years=1)], MEMBERS, 0),
        lambda: edit_table(tiny_classes(), [Edit(25, "size", "big")], MEMBERS),
        lambda: edit_table(tiny_classes(), [Edit(25, "is_round", "perhaps")], MEMBERS),
        lambda: edit_table(tiny_classes(), [Edit(25, "found", "long ago")], MEMBERS),
        lambda: edit_table(tiny_classes(), [Edit(3, "size", "3")], MEMBERS),
        lambda: edit_table(tiny_classes(), [Edit(25, "colour", "red")], MEMBERS),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(wrong) -> None:
    with pytest.raises(BadInput) as problem:
        wrong()
    one_sentence(problem.value)
