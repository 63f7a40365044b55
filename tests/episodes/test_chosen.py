"""A task of instances that a person pointed at."""

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.data.sql.query import select_ids
from metadash.episodes.chosen import MOST_QUERIES, classes_of, condition_of, episode_of_rows
from metadash.errors import BadInput
from tests.builders import one_sentence

# of *tiny*, instances 30 c to 30 c + 29 are of class c


def test_the_first_of_each_class_are_its_support_and_the_next_its_queries(tiny: Dataset) -> None:
    manifest, spec = episode_of_rows(tiny, [95, 31, 90, 92, 33, 32], 1, "by family")
    assert manifest.classes.tolist() == [[3, 1]] and manifest.support.tolist() == [[[95], [31]]]
    assert manifest.query.tolist() == [[[90, 92], [33, 32]]] and manifest.fingerprint == tiny.fingerprint
    assert (spec.n_way, spec.n_shot, spec.n_query, spec.pool.where) == (2, 1, 2, "class_id IN (1, 3)")


def test_a_class_with_fewer_is_filled_up_with_its_own_by_seed_and_with_nothing_twice(tiny: Dataset) -> None:
    rows = [0, 1, 2, 3, 4, 60]
    manifest, spec = episode_of_rows(tiny, rows, 2, "by family", seed=4)
    assert spec.n_query == 3 and manifest.support[0, 1, 0] == 60
    assert len(np.unique(manifest.rows)) == 10 and (tiny.class_of[manifest.query[0, 1]] == 2).all()
    assert episode_of_rows(tiny, rows, 2, "by family", seed=4)[0].hash == manifest.hash
    assert episode_of_rows(tiny, rows, 2, "by family", seed=5)[0].hash != manifest.hash


def test_a_whole_class_asks_no_more_than_a_task_by_hand_may(tiny: Dataset) -> None:
    assert episode_of_rows(tiny, [*range(30), 30], 1, "by family")[0].n_query == MOST_QUERIES


def test_one_class_is_no_task_and_a_class_that_is_used_up_is_named(tiny: Dataset) -> None:
    with pytest.raises(BadInput, match="2 to 100 classes") as problem:
        episode_of_rows(tiny, [1, 2], 1, "by family")
    one_sentence(str(problem.value))
    few = int((tiny.class_of == 0).sum())
    with pytest.raises(BadInput, match="'thing 0' has") as problem:
        episode_of_rows(tiny, [1, 31], few, "by family")
    one_sentence(str(problem.value))


def test_the_condition_of_classes_finds_them_in_the_tables(tiny: Dataset) -> None:
    assert select_ids(tiny.database, "classes", condition_of([7, 3, 7])).tolist() == [3, 7]
    assert classes_of(tiny, [95, 31, 94]) == [3, 1]
