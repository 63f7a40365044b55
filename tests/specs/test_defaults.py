"""Numbers of tasks fit the data set that is there: the usual ones where they fit, the largest that do where they do not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.data.splits import table_of
from metadash.errors import BadInput
from metadash.runs.kinds import check
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.defaults import Fitting, fitting, fitting_folds
from metadash.specs.run import BackboneSpec, Evaluation, RunSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_description, write_tiny


def small(folder, classes: int = 12, each: int = 12, per_group: int = 4, roles: tuple[int, int] = (4, 4)) -> Dataset:
    """A data set of vectors with so many classes and examples; ``roles`` are the numbers of training and validation classes."""
    draw = np.random.default_rng(0)
    of_classes = pd.DataFrame(
        {
            "class_id": range(classes),
            "class_name": [f"c{i}" for i in range(classes)],
            "family": [f"f{i // per_group}" for i in range(classes)],
            "corner": [("a", "b", "c")[i % 3] for i in range(classes)],
        }
    )
    class_of = np.repeat(np.arange(classes), each)
    rows = pd.DataFrame(
        {"instance_id": range(len(class_of)), "class_id": class_of, "site": np.tile(np.arange(each) % 6, classes).astype(str)}
    )
    inputs = (draw.normal(size=(len(rows), 8)) + draw.normal(size=(classes, 8))[class_of]).astype(np.float32)
    role = np.repeat(["train", "validation", "test"], [*roles, classes - sum(roles)])
    sources = tuple(s for s in tiny_description().sources if s.name == "place")
    about = tiny_description("small", modality="vector", sources=sources, questions=(), default_split="one")
    return write_tiny(
        Workspace(folder), classes=of_classes, instances=rows, inputs=inputs, description=about, splits=table_of({"one": role})
    )


def run_of(data: Dataset, found: Fitting, strategy: str = "uniform", column: str | None = None, split: str = "one") -> RunSpec:
    """A run with metadata of these numbers, small enough to be trained."""
    backbone = BackboneSpec("small", split, "mlp", 8, episodes=3, **found.backbone)
    tests = Evaluation(**found.evaluation, strategy=strategy, column=column, n_episodes=60)
    return RunSpec(
        "small", split, backbone=backbone, fusion="pseudo-shots", sources=("place",), steps=2, meta_batch=2, evaluation=tests
    )


def numbers(found: Fitting) -> tuple:
    return found.n_way, found.shots, found.n_query


@pytest.mark.parametrize("strategy", ["uniform", "siblings", "disjoint"])
def test_the_usual_numbers_are_kept_where_they_fit(strategy: str, glyphs_workspace: Workspace) -> None:
    data = Dataset.open(glyphs_workspace, "glyphs")
    column = {"siblings": data.description.sibling_column, "disjoint": data.description.disjoint_column}.get(strategy)
    found = fitting(data, data.description.default_split, strategy, column)
    assert numbers(found) == (5, (1, 2, 5, 10), 15) and found.usual and found.note == ""
    assert found.backbone == {"n_way": 20, "n_shot": 1, "n_query": 5} and found.ways == (2, 3)


EXPECTED = {
    25: ((1, 2, 5, 10), 15),
    24: ((1, 2, 5, 10), 14),
    20: ((1, 2, 5, 10), 10),
    12: ((1, 2, 5), 7),
    6: ((1, 2), 4),
    3: ((1,), 2),
    2: ((1,), 1),
}


@pytest.mark.parametrize("each", EXPECTED)
def test_shots_and_queries_share_the_examples_that_there_are(each: int, tmp_path) -> None:
    found = fitting(small(tmp_path, each=each), "one")
    assert (found.shots, found.n_query) == EXPECTED[each] and found.smallest == each
    assert max(found.shots) + found.n_query <= each and 1 + found.backbone["n_query"] <= each


@pytest.mark.parametrize(
    ("strategy", "column", "classes", "each", "per_group", "roles"),
    [
        ("uniform", None, 12, 12, 4, (4, 4)),
        ("siblings", "family", 12, 12, 4, (4, 4)),
        ("disjoint", "site", 12, 12, 4, (4, 4)),
        ("uniform", None, 8, 6, 4, (4, 2)),
        ("siblings", "family", 8, 6, 2, (4, 2)),
        ("disjoint", "site", 8, 6, 4, (3, 2)),
        ("uniform", None, 6, 2, 4, (2, 2)),
    ],
)
def test_what_is_fitted_is_trained_and_scored_without_a_word(
    strategy: str, column: str | None, classes: int, each: int, per_group: int, roles: tuple[int, int], tmp_path
) -> None:
    data = small(tmp_path, classes, each, per_group, roles)
    found = fitting(data, "one", strategy, column)
    assert not found.usual and one_sentence(found.note)
    run = train(run_of(data, found, strategy, column), Workspace(tmp_path))
    assert len(run.scores()) == 60 * len(found.shots) * (1 + len(found.ways))


def test_the_usual_numbers_would_not_have_been(tmp_path) -> None:
    data = small(tmp_path)
    spec = run_of(data, fitting(data, "one"))
    check(spec, data)
    for usual in (
        replace(spec, evaluation=Evaluation(strategy="uniform", column=None)),
        replace(spec, backbone=BackboneSpec("small", "one", "mlp")),
    ):
        with pytest.raises(BadInput):
            check(usual, data)


def test_all_folds_of_cross_fitting_are_fitted_at_once(tmp_path) -> None:
    data = small(tmp_path, per_group=1)
    folds = [f"fold-{k}-of-5" for k in range(1, 6)]
    found = fitting(data, folds)
    assert found.n_way == min(len(data.split(fold)[role]) for fold in folds for role in ("train", "validation", "test"))
    for fold in folds:
        check(run_of(data, found, split=fold), data)


def test_folds_are_as_many_as_leave_every_role_a_task(tmp_path, glyphs_workspace: Workspace) -> None:
    glyphs = Dataset.open(glyphs_workspace, "glyphs")
    assert fitting_folds(glyphs, "siblings", glyphs.description.sibling_column) == 5
    twelve = small(tmp_path / "twelve", per_group=1)
    assert fitting_folds(twelve) == 5 and fitting_folds(twelve, choices=(3, 5)) == 3
    assert fitting_folds(small(tmp_path / "twenty", 24, 12, 1, (8, 8)), n_way=4) == 5
    assert fitting_folds(small(tmp_path / "six", per_group=2)) == 3, "six groups are too few for five folds"
    assert fitting_folds(small(tmp_path / "few", per_group=4)) == 0, "three groups cannot be dealt to folds and two more roles"
    assert fitting_folds(twelve, "siblings", "family") == 0, "nobody has a sibling"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"n_way": 3}, (3, (1, 2, 5), 7)),
        ({"shots": (1, 8)}, (4, (1, 8), 4)),
        ({"shots": (1, 20)}, (4, (1, 20), 1)),
        ({"n_query": 10}, (4, (1, 2), 10)),
        ({"n_query": 40}, (4, (1,), 40)),
        ({"n_way": 9, "shots": (10,), "n_query": 15}, (9, (10,), 15)),
    ],
)
def test_what_was_chosen_is_kept_and_the_rest_is_fitted_around_it(given: dict[str, Any], expected: tuple, tmp_path) -> None:
    assert numbers(fitting(small(tmp_path), "one", **given)) == expected


def test_more_shots_than_usual_leave_the_usual_queries_where_there_are_examples_enough(tmp_path) -> None:
    assert numbers(fitting(small(tmp_path, each=60), "one", shots=(20,))) == (4, (20,), 15)


def test_a_condition_narrows_the_test_classes_and_the_ways_with_them(tmp_path) -> None:
    data = small(tmp_path)
    assert fitting(data, "one", where="class_id >= 10").n_way == 2 and fitting(data, "one", where="class_id < 11").n_way == 3


def test_classes_that_siblings_cannot_draw_do_not_make_tasks_smaller(tmp_path) -> None:
    data = small(tmp_path)
    rare = data.instances["class_id"].eq(11).to_numpy()
    data.class_of = np.where(rare & (np.cumsum(rare) > 2), 10, data.class_of)  # class 11 keeps two examples
    data.classes.loc[11, "family"] = "alone"
    assert fitting(data, "one", "uniform").smallest == 2
    assert fitting(data, "one", "siblings", "family").smallest == 12


def test_a_column_or_split_that_is_not_there_is_one_sentence(tmp_path) -> None:
    data = small(tmp_path)
    for arguments in (("two",), ("one", "siblings", "kin"), ("one", "disjoint", "place")):
        with pytest.raises(BadInput) as caught:
            fitting(data, *arguments)
        one_sentence(caught.value)


def test_the_note_says_what_was_fitted_and_why(tmp_path) -> None:
    assert fitting(small(tmp_path), "one").note == (
        "Tasks are fitted to this data set (12 examples in the smallest class, 4 classes to choose from where there are fewest): 4-way, "
        "1, 2 or 5 shots, 7 queries a class."
    )


@pytest.mark.parametrize("short", ["train", "validation", "test"])
def test_advice_that_is_followed_fits_every_role(short: str, tmp_path) -> None:
    """Each role has its smallest class; what the smallest of all can serve is what is said."""
    each = {"train": 9, "validation": 8, "test": 7} | {short: 4}
    role = np.repeat(["train", "validation", "test"], 4)
    class_of = np.repeat(np.arange(12), [each[r] for r in role])
    rows = pd.DataFrame({"instance_id": range(len(class_of)), "class_id": class_of, "site": "a"})
    classes = pd.DataFrame({"class_id": range(12), "class_name": [f"c{i}" for i in range(12)], "family": "f", "corner": "a"})
    sources = tuple(s for s in tiny_description().sources if s.name == "place")
    about = tiny_description("uneven", modality="vector", sources=sources, questions=(), default_split="one")
    splits = table_of({"one": role})
    inputs = np.random.default_rng(0).normal(size=(len(rows), 4)).astype(np.float32)
    data = write_tiny(
        Workspace(tmp_path), "uneven", classes=classes, instances=rows, inputs=inputs, splits=splits, description=about
    )
    with pytest.raises(BadInput, match=f"Among the {short} classes") as caught:
        check(run_for(data, shots=(1, 1000), n_way=3, strategy="uniform"), data)
    assert "Lower the shots to 3 or less" in one_sentence(caught.value)
    check(run_for(data, shots=(1, 3), n_way=3, strategy="uniform"), data)
