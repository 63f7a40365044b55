"""Runs whose metadata was made less exact first: what the learner is told, what the run is called, what is refused."""

import dataclasses
import json

import numpy as np
import pytest

from metadash.answers.stored_arms import knowledge, names_of, stored_arms
from metadash.canonical import plain
from metadash.data.columns.kind import ADDED, REPLACED
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.fields import build
from metadash.runs.kinds import check, run_digest, title_of
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.training.trainer import encode_sources
from metadash.workspace import Workspace
from tests.builders import one_sentence, store_scores, tiny_run


def test_a_learner_is_told_the_blurred_metadata_and_nothing_else(tiny: Dataset) -> None:
    (exact,) = encode_sources(tiny_run(("place",)), tiny)
    (noisy,) = encode_sources(tiny_run(("place",), blur=(("place", "corner", REPLACED, 0.6),)), tiny)
    changed = (exact.vectors != noisy.vectors).any(axis=1)
    assert exact.features == noisy.features and 0.3 < changed.mean() < 1
    again, other = (
        encode_sources(tiny_run(("place",), blur=(("place", "corner", REPLACED, 0.6),), seed=seed), tiny)[0] for seed in (0, 1)
    )
    assert np.array_equal(again.vectors, noisy.vectors) and not np.array_equal(other.vectors, noisy.vectors)


def test_a_year_instead_of_a_date_has_no_season(tiny: Dataset) -> None:
    (exact,) = encode_sources(tiny_run(("age",)), tiny)
    (year,) = encode_sources(tiny_run(("age",), blur=(("age", "found", "year"),)), tiny)
    assert len(np.unique(exact.vectors[:, 1])) > 30 and len(np.unique(year.vectors[:, 0])) <= 20


def test_a_blur_is_part_of_what_a_run_is_and_no_blur_is_the_run_it_always_was(tiny: Dataset) -> None:
    exact, year = tiny_run(("age", "size")), tiny_run(("age", "size"), blur=(("age", "found", "year"),))
    assert run_digest(exact, tiny) != run_digest(year, tiny)
    assert tiny_run(("age", "size"), blur=(("age", "found", "as it is"),)) == exact
    both = (("size", "size", ADDED, 1), ("age", "found", "year"))
    assert tiny_run(("age", "size"), blur=both) == tiny_run(("age", "size"), blur=both[::-1])


def test_a_blurred_spec_survives_json() -> None:
    spec = tiny_run(("size",), blur=(("size", "size", ADDED, 2.0), ("size", "count", "5 bins")))
    assert (
        build(RunSpec, {**json.loads(json.dumps(plain(spec))), "backbone": spec.backbone, "evaluation": spec.evaluation}) == spec
    )


def test_compare_names_what_was_blurred(own_workspace: Workspace) -> None:
    data, store = Dataset.open(own_workspace, "tiny"), RunStore(own_workspace)
    specs = [tiny_run(("age",)), tiny_run(("age",), blur=(("age", "found", "year"),))]
    for spec in specs:
        store_scores(store, spec, data, np.full((3, 120), 0.5))
    assert set(names_of(stored_arms(store.runs())[0]).values()) == {"age", "age (found: year)"}
    assert knowledge(tiny_run(("size",), blur=(("size", "size", ADDED, 2),))) == "size (size: added noise, scale 2)"
    assert "found: year" in title_of(specs[1])


@pytest.mark.parametrize(
    ("sources", "blur", "words"),
    [
        (("place",), (("age", "found", "year"),), "does not read it"),
        (("age",), (("age", "found", "year"), ("age", "found", "day")), "blurred twice"),
        (("age",), (("age", "found"),), "must name a source"),
    ],
)
def test_a_blur_that_makes_no_run_is_refused_at_once(sources: tuple, blur: tuple, words: str) -> None:
    with pytest.raises(BadInput) as problem:
        tiny_run(sources, blur=blur)
    assert words in one_sentence(problem.value)


@pytest.mark.parametrize(
    ("blur", "words"),
    [
        (("age", "size", "5 bins"), "no column 'size' to blur"),
        (("age", "found", "first word"), "cannot be blurred by 'first word'"),
        (("age", "found", "withheld"), "leave the source out"),
    ],
)
def test_a_blur_that_does_not_fit_the_data_is_refused_before_anything_is_computed(blur: tuple, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as problem:
        check(tiny_run(("age",), blur=(blur,)), tiny)
    assert words in one_sentence(problem.value)


def test_a_stored_run_that_promised_an_epsilon_is_left_out_and_said_to_be_of_another_version(own_workspace: Workspace) -> None:
    data, store = Dataset.open(own_workspace, "tiny"), RunStore(own_workspace)
    spec = tiny_run(("size",), blur=(("size", "size", ADDED, 2.0),))
    run = store_scores(store, spec, data, np.full((3, 120), 0.5))
    assert run.is_understood
    old = dataclasses.replace(
        run, about={**run.about, "spec": {**run.about["spec"], "blur": [["size", "size", "Laplace noise", 2.0]]}}
    )
    assert not old.is_understood
