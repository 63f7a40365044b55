"""A class without an example, of which only metadata tell; and the share of members that *none of these* rejects."""

import numpy as np
import pytest

import metadash as md
from metadash.data.dataset import Dataset
from metadash.data.given.given import folder_of, names_in
from metadash.data.given.making_room import make_room
from metadash.front.use import give
from metadash.runs.train import train
from tests.builders import one_sentence, tiny_evaluation, tiny_run

FEW = tiny_evaluation(shots=(0, 1, 2), n_episodes=12, n_query=2)


def trained(tiny: Dataset, sources: tuple[str, ...] = ("place",), **choices) -> md.TrainedRun:
    return md.TrainedRun(train(tiny_run(sources, **{"steps": 3, "evaluation": FEW, **choices}), tiny.workspace), tiny.workspace)


def asked(tiny: Dataset, run: md.TrainedRun):
    test = tiny.split(run.spec.split)["test"][:4]
    names = [str(tiny.classes["class_name"][c]) for c in test]
    rows = [np.flatnonzero(tiny.class_of == c) for c in test]
    told = tiny.classes.set_index("class_name").loc[names, ["corner"]]
    shown = {name: tiny.inputs[row[:2]] for name, row in zip(names[:3], rows[:3], strict=True)}
    return shown, np.concatenate([tiny.inputs[row[4:8]] for row in rows]), told, names[3]


def test_a_class_without_an_example_lies_where_its_metadata_say(tiny: Dataset) -> None:
    run = trained(tiny)
    shown, queries, told, unseen = asked(tiny, run)
    found = run.label(shown, queries, told, zero_shot=[unseen], progress=False)
    assert found.classes == [*shown, unseen] and found.given.shots[unseen] == 0
    moved = told.copy()
    moved.loc[unseen, "corner"] = next(corner for corner in told["corner"] if corner != told.loc[unseen, "corner"])
    other = run.label(shown, queries, moved, zero_shot=[unseen], progress=False)
    assert np.abs(found.logits[0, :, 3] - other.logits[0, :, 3]).max() > 1e-4, "told otherwise, it lies elsewhere"
    assert np.allclose(found.logits[0, :, :3], other.logits[0, :, :3], atol=1e-4), "and the others do not move"


def test_where_nothing_places_it_one_sentence_says_so(tiny: Dataset) -> None:
    shown, queries, told, unseen = asked(tiny, trained(tiny))
    for run, metadata, sentence in (
        (trained(tiny, ()), None, "reads no metadata that could place it"),
        (
            trained(tiny, fusion="film", evaluation=tiny_evaluation(shots=(1,), n_episodes=12, n_query=2)),
            told,
            "does not say where a class lies",
        ),
        (trained(tiny), None, "neither an example nor metadata"),
    ):
        with pytest.raises(md.BadInput, match=sentence) as problem:
            run.label(shown, queries, metadata, zero_shot=[unseen], progress=False)
        one_sentence(problem.value)


def test_no_more_validation_members_are_rejected_than_was_asked_and_strangers_are_found(tiny: Dataset) -> None:
    run = trained(tiny, ())
    shown, queries, _, _ = asked(tiny, run)
    found = run.label(shown, queries, progress=False)
    for false_alarm in (0.02, 0.05, 0.3):
        trust = found.at(false_alarm).trust
        assert trust is not None and trust.rejected is not None and trust.found is not None
        members = trust.of("validation", False)["membership"]
        assert false_alarm - 0.01 <= (members < trust.threshold).mean() <= false_alarm
        assert trust.found.estimate > trust.rejected.estimate
    assert found.at(0.3).none_of_these.sum() >= found.at(0.02).none_of_these.sum()
    with pytest.raises(md.BadInput, match="between 0 and 1"):
        found.at(0)


def test_what_was_given_long_ago_makes_room(tiny: Dataset) -> None:
    support, labels = tiny.inputs[:2], ["a", "b"]
    first, second = (give(tiny, support, labels, tiny.inputs[place : place + 2]) for place in (40, 70))
    size = sum(file.stat().st_size for file in folder_of(tiny.workspace, first.said.inputs).iterdir())
    keep = {second.digest, second.said.inputs}
    assert make_room(tiny.workspace, keep, most=100 * size) == [] and {first.digest, *keep} <= {*names_in(tiny.workspace)}
    assert first.said.inputs in make_room(tiny.workspace, keep, most=1)
    assert {*names_in(tiny.workspace)} == keep and np.array_equal(second.queries, tiny.inputs[70:72])
