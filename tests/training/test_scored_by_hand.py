"""What is counted, masked and stored of scores, against a loop that anybody can follow."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.learners.prototypical import pseudo_shot_prototype
from metadash.metadata.encoded import EncodedSource
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.training.counting import count_correct, places_of, right_answers, share_of_anchor
from metadash.training.evaluate import context_of, places, scores_frame
from metadash.training.outcome import accuracies
from metadash.training.projection import background_rows, fused_prototypes, gather
from metadash.training.rescoring import hit_words, same_every_draw
from metadash.training.restored import restored
from metadash.training.source_masking import hidden
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run

TESTS = tiny_evaluation(n_way=3, shots=(1, 3), n_query=2, strategy="uniform", column=None, n_episodes=19)


@pytest.fixture(scope="module")
def manifest(tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, TESTS.episodes("family-0", "test"))


def counted(
    table: np.ndarray,
    manifest: EpisodeManifest,
    shots: tuple[int, ...],
    anchor: np.ndarray,
    share: np.ndarray,
    cosine: bool,
    asked: np.ndarray,
) -> np.ndarray:
    """[A, K, E], one task, one query after another; ``anchor`` [A, C, D] and ``share`` [A, K, C] by class id."""
    found = np.zeros((len(anchor), len(shots), len(manifest)), dtype=int)
    for a, k, e in np.ndindex(found.shape):
        classes = manifest.classes[e]
        mean = table[manifest.support[e, :, : shots[k]]].mean(axis=1)
        lam = share[a, k, classes][:, None]
        prototypes = (1 - lam) * mean + lam * anchor[a, classes]
        for place in range(len(classes)):
            for row in manifest.query[e, place]:
                query = asked[row]
                if cosine:
                    near = prototypes @ query / np.linalg.norm(prototypes, axis=1)
                else:
                    near = -((prototypes - query) ** 2).sum(axis=1)
                found[a, k, e] += near.argmax() == place
    return found


@pytest.mark.parametrize("cosine", [False, True], ids=["euclidean", "cosine"])
@pytest.mark.parametrize("block", [1, 400_000], ids=["arm by arm", "all arms at once"])
def test_right_answers_are_those_of_a_plain_loop(
    cosine: bool, block: int, manifest: EpisodeManifest, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metadash.training.counting.BLOCK", block)
    rng = np.random.default_rng(0)
    n_rows, dim, arms = len(tiny.class_of), 4, 3
    centre = rng.normal(size=(40, dim))
    table = centre[tiny.class_of] + rng.normal(size=(n_rows, dim))
    asked = table + rng.normal(size=table.shape) / 2
    anchor, share = centre + rng.normal(size=(arms, 40, dim)), rng.uniform(0, 1, (arms, 2, 40))
    classes, place = places_of(manifest)
    ticks: list[float] = []
    found = count_correct(
        table,
        np.arange(n_rows),
        manifest,
        (1, 3),
        torch.from_numpy(anchor[:, classes]),
        torch.from_numpy(share[:, :, classes]),
        place,
        "cosine" if cosine else "euclidean",
        ticks.append,
        asked,
    )
    expected = counted(table, manifest, (1, 3), anchor, share, cosine, asked)
    assert np.array_equal(found, expected) and 0.4 < found.mean() / 6 < 0.95
    assert ticks == [0, 8 / 19, 16 / 19]
    own = count_correct(
        table, np.arange(n_rows), manifest, (1, 3), torch.from_numpy(anchor[:, classes]), torch.from_numpy(share[:, :, classes]), place,
        "cosine" if cosine else "euclidean",
    )  # fmt: skip
    assert np.array_equal(own, counted(table, manifest, (1, 3), anchor, share, cosine, table)) and not np.array_equal(own, found)


def test_a_query_as_near_to_another_class_as_to_its_own_is_right() -> None:
    """No rounding decides: what is not farther counts."""
    query = torch.zeros(1, 2, 1)  # one query of each of two classes
    prototypes = torch.tensor([[[1.0]], [[-1.0]]]).view(1, 2, 1, 1)
    assert right_answers(query, prototypes, "euclidean").tolist() == [[2]]


def test_rows_and_classes_have_their_places_among_the_different_ones() -> None:
    different, position = places(np.array([7, 3, 7, 5]), 9)
    assert different.tolist() == [3, 5, 7] and position.tolist() == [0, 0, 0, 0, 0, 1, 0, 2, 0]
    some: Any = SimpleNamespace(classes=np.array([[4, 2], [2, 9]]))
    classes, place = places_of(some)
    assert classes.tolist() == [2, 4, 9] and place[[2, 4, 9]].tolist() == [0, 1, 2] and len(place) == 10


def test_the_share_of_an_anchor_falls_with_the_shots() -> None:
    share = share_of_anchor(torch.tensor([[2.0, 0.0]]), (1, 2, 6))
    assert share[0].T.tolist() == pytest.approx(np.array([[2 / 3, 1 / 2, 1 / 4], [0, 0, 0]]))


def test_scores_are_rows_by_shot_and_episode_with_the_share_of_right_answers() -> None:
    each = np.zeros((2, 3, 2), dtype=np.int64)
    tasks = EpisodeManifest(each[..., 0], each, each, np.full(2, -1), (), "")
    frame = scores_frame(np.array([[6, 3], [0, 4]]), (1, 5), tasks)
    assert frame.to_numpy().tolist() == [
        [3, 1, 0, 1.0, 6, 6],
        [3, 1, 1, 0.5, 3, 6],
        [3, 5, 0, 0.0, 0, 6],
        [3, 5, 1, 4 / 6, 4, 6],
    ]
    assert frame.columns.tolist() == ["n_way", "shot", "episode", "value", "correct", "queries"]
    assert accuracies(np.array([[6, 3], [0, 4]]), (1, 5), tasks.queries) == {"1": 75.0, "5": pytest.approx(100 / 3)}


# --- what a learner is told ---------------------------------------------------------------------------------------------------


def source(name: str, present: list[bool]) -> EncodedSource:
    return EncodedSource(
        name, np.arange(len(present), dtype=np.float32)[:, None] * np.ones((1, 2), np.float32), np.array(present), ["a", "b"]
    )


def test_a_context_holds_the_vectors_of_the_classes_asked_for_and_whether_they_are_there() -> None:
    encoded = [source("one", [True, False, True]), source("two", [True, True, False])]
    found = context_of(encoded, np.array([[2, 0]]))
    assert found is not None and [vectors[0, :, 0].tolist() for vectors in found.vectors] == [[2, 0], [2, 0]]
    assert found.present.tolist() == [[[True, False], [True, True]]] and found.support is None
    assert context_of([], np.array([[2, 0]])) is None


def test_a_hidden_source_is_present_nowhere_and_keeps_its_place() -> None:
    encoded = [source("one", [True, False]), source("two", [True, True])]
    found = hidden(encoded, ("two",))
    assert [one.name for one in found] == ["one", "two"] and not found[0].present.any() and found[1] is encoded[1]
    assert encoded[0].present.tolist() == [True, False], "the original stays"


def test_what_is_hit_is_named_and_chance_has_no_say_where_all_are() -> None:
    said = SimpleNamespace(source=lambda name: SimpleNamespace(level="instance" if name.startswith("i") else "class"))
    assert [hit_words(names, said) for names in (["c"], ["i", "i2"], ["i", "c"])] == [
        "classes",
        "instances",
        "classes and instances",
    ]  # type: ignore[arg-type]
    same = {
        (kind, fraction, choice): same_every_draw(kind, fraction, choice)
        for kind in ("missing", "nearest", "swap", "noise")
        for fraction in (0.5, 1)
        for choice in ("random", "frequent")
    }
    assert {key for key, value in same.items() if value} == {
        (kind, fraction, choice)
        for kind in ("missing", "nearest")
        for fraction, choice in ((1, "random"), (1, "frequent"), (0.5, "frequent"))
    }


# --- the points of a map ------------------------------------------------------------------------------------------------------


def test_the_background_is_as_even_over_the_test_classes_as_its_number_allows(tiny: Dataset) -> None:
    spec = MapSpec(tiny_run(), background=55, perplexity=5.0)
    tested = tiny.split("family-0")["test"]
    taken = np.flatnonzero(tiny.class_of == tested[0])[:29]
    rows = background_rows(spec, tiny, taken)
    counts = np.bincount(tiny.class_of[rows], minlength=40)[tested]
    assert len(rows) == 55 == len(set(rows)) and not set(rows) & set(taken) and (np.diff(rows) > 0).all()
    assert counts[0] == 1 and set(counts[1:]) == {3, 4} and not set(tiny.class_of[rows]) - set(tested)
    every = background_rows(MapSpec(tiny_run(), background=5000), tiny, taken)
    assert len(every) == len(tested) * 30 - 29


@pytest.mark.parametrize("learner", ["prototypical", "r2d2"])
def test_any_learner_s_prototypes_are_pulled_by_the_metadata_as_pseudo_shots_say(
    learner: str, tiny: Dataset, tiny_workspace: Workspace
) -> None:
    run = tiny_run(("place",), learner=learner, steps=20, evaluation=tiny_evaluation(n_episodes=10))
    stored, store = train(run, tiny_workspace), RunStore(tiny_workspace)
    arm = restored(run, tiny, stored, store)
    spec = MapSpec(run, episode=3, n_shot=2, background=50, perplexity=5.0)
    points, vectors = gather(spec, tiny, stored, store)
    of = {kind: vectors[(points["kind"] == kind).to_numpy()] for kind in points["kind"].unique()}
    assert {kind: len(found) for kind, found in of.items()} == {
        **{"instance": 50, "support": 10, "query": 25, "plain prototype": 5, "prototype": 5, "anchor": 5}
    }
    task = store.manifest(stored)[3:4].at_shot(2)
    with torch.no_grad():
        anchor, strength = arm.learner.anchors(arm.context(task))
    mean = torch.from_numpy(of["support"].reshape(5, 2, -1).mean(axis=1))
    pulled = pseudo_shot_prototype(mean, 2, anchor[0], strength[0])
    assert of["plain prototype"] == pytest.approx(mean.numpy(), abs=1e-5) and of["anchor"] == pytest.approx(anchor[0].numpy())
    assert of["prototype"] == pytest.approx(pulled.numpy(), abs=1e-5) and not np.allclose(of["prototype"], mean)
    support = torch.from_numpy(of["support"].reshape(5, 2, -1))
    assert fused_prototypes(arm, support, None)[1].shape == (0, vectors.shape[1])
    query = points[points["kind"] == "query"]
    assert (
        query["class_id"].tolist() == np.repeat(task.classes[0], 5).tolist()
        and query["row"].tolist() == task.query.ravel().tolist()
    )
    assert (points.loc[points["kind"] != "query", ["predicted", "plainly_predicted"]] == -1).all(axis=None)
    assert set(query["predicted"]) <= set(task.classes[0]) and set(query["plainly_predicted"]) <= set(task.classes[0])
