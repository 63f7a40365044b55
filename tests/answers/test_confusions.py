"""Pairs of classes that are taken for each other, and what is known that tells them apart."""

import pandas as pd

from metadash.answers.mapping.confusions import Confused, count_words, metadata_words, most_confused, of_task, told_apart
from metadash.data.dataset import Dataset
from tests.dashboard.prototypes.test_map_figure import POINTS

COLUMNS = ["class_id", "other_id", "asked", "taken", "plainly_taken"]


def test_a_pair_is_counted_both_ways_and_the_most_taken_stands_first() -> None:
    pairs = pd.DataFrame(
        [(1, 2, 10, 3, 4), (2, 1, 10, 1, 0), (3, 1, 10, 5, 9), (1, 3, 10, 0, 0), (2, 3, 10, 0, 0)], columns=COLUMNS
    )
    assert most_confused(pairs, 9) == [Confused(1, 3, 20, 5, 9), Confused(1, 2, 20, 4, 4)]
    assert most_confused(pairs, 1) == [Confused(1, 3, 20, 5, 9)]


def test_what_only_plain_prototypes_confuse_is_listed_after_what_is_confused_and_nothing_is_no_pair() -> None:
    pairs = pd.DataFrame([(1, 2, 5, 0, 4), (1, 3, 5, 1, 0), (2, 3, 5, 0, 0)], columns=COLUMNS)
    assert [(one.first, one.second) for one in most_confused(pairs, 9)] == [(1, 3), (1, 2)]
    assert most_confused(pairs.iloc[2:], 9) == [] and most_confused(pairs.iloc[:0], 9) == []


def test_the_pairs_of_a_task_are_read_off_its_queries() -> None:
    found = of_task(POINTS).set_index(["class_id", "other_id"])
    assert found.loc[(0, 1)].tolist() == [2, 1, 1] and found.loc[(1, 0)].tolist() == [1, 0, 1] and len(found) == 2


def test_sources_tell_apart_where_any_of_their_columns_differs_and_what_is_missing_says_nothing(tiny: Dataset) -> None:
    classes = tiny.classes
    sources = [source.name for source in tiny.class_sources()]
    differ, same, unknown = told_apart(tiny, 3, 4, sources)
    assert sorted([*differ, *same, *unknown]) == sorted(sources)
    for name in sources:
        columns = list(tiny.source(name).columns)
        one, other = (classes[columns].iloc[c].astype(str).tolist() for c in (3, 4))
        if classes[columns].iloc[[3, 4]].notna().all(axis=None):
            assert (name in differ) == (one != other), name
    assert told_apart(tiny, 3, 3, sources)[0] == []


def test_the_sentences_say_counts_and_name_sources() -> None:
    pair = Confused(1, 2, 30, 9, 14)
    assert count_words(pair, True) == "Taken for each other in 9 of 30 queries; without metadata in 14."
    assert count_words(pair, False) == "Taken for each other in 9 of 30 queries."
    assert metadata_words(["base_name", "script"], ["case"], True) == "Of what it reads, base name and script differ."
    assert metadata_words(["script"], [], False) == "Of what is known, script differs."
    assert metadata_words([], ["a", "b"], True) == "Nothing that it reads tells them apart: a and b are the same."
