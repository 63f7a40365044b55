"""Right answers are counted right where classes are asked unevenly, whoever counts, and whatever looks at one task sees whose its queries are."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.metadata.changes import Change
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.subsets import MaskedSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.training.heads import plain_count
from metadash.training.rescoring import Rescorer
from metadash.training.trainer import Arm
from metadash.workspace import Workspace
from tests.builders import tiny_evaluation, tiny_run

UNEVEN = tiny_evaluation(n_way=4, shots=(1, 3), n_query=4, n_episodes=60, query_dirichlet=2.0)
PLAIN = tiny_run(evaluation=UNEVEN)
HEAD = tiny_run(("place",), evaluation=UNEVEN, steps=30)
QUERIES = 16


@pytest.fixture(scope="module")
def store(tiny_workspace: Workspace) -> RunStore:
    return RunStore(tiny_workspace)


@pytest.fixture(scope="module")
def head(tiny_workspace: Workspace) -> Run:
    return train(HEAD, tiny_workspace)


def by_hand(run: Run, store: RunStore, arm: Arm) -> np.ndarray:
    """Right answers [shots, E] of plain prototypes, one query at a time."""
    manifest = store.manifest(run)
    found = np.zeros((2, len(manifest)), dtype=int)
    for s, k in enumerate((1, 3)):
        for e in range(len(manifest)):
            prototypes = arm.stored[manifest.support[e, :, :k]].mean(axis=1)
            for n in range(manifest.n_way):
                for row in manifest.query[e, n][manifest.query[e, n] >= 0]:
                    found[s, e] += ((arm.stored[row] - prototypes) ** 2).sum(axis=1).argmin() == n
    return found


def test_a_run_its_heads_and_a_person_count_the_same(tiny_workspace: Workspace, tiny: Dataset, store: RunStore) -> None:
    run = train(PLAIN, tiny_workspace)
    manifest = store.manifest(run)
    assert manifest.query_mask is not None and set(manifest.queries) == {QUERIES}
    arm = Arm(PLAIN, tiny, train(PLAIN.backbone, tiny_workspace))
    expected = by_hand(run, store, arm)
    scores = run.scores().sort_values(["shot", "episode"])
    assert np.array_equal(scores["correct"].to_numpy().reshape(2, -1), expected)
    assert np.array_equal(plain_count(arm, manifest), expected)
    assert set(scores["queries"]) == {QUERIES} and np.array_equal(scores["value"], scores["correct"] / QUERIES)
    assert run.summary["accuracy"]["1"] == pytest.approx(100 * expected[0].mean() / QUERIES)


def test_a_head_rescored_as_it_is_has_its_own_answers(head: Run, tiny: Dataset, store: RunStore) -> None:
    scorer = Rescorer(head, tiny, store)
    stored = head.scores().sort_values(["shot", "episode"])["correct"].to_numpy().reshape(2, -1)
    assert np.array_equal(scorer.correct([scorer.retelling.as_it_is])[0], stored)
    right = []
    for episode in range(60):
        found = scorer.probabilities(episode, 1, scorer.retelling.as_it_is)
        right.append((found.argmax(axis=1) == scorer.task(episode, 1).asked[1][0]).sum())
    assert np.array_equal(right, stored[0])


def whose(frame: pd.DataFrame, data: Dataset) -> None:
    assert len(frame) and (frame["row"] >= 0).all()
    assert np.array_equal(data.class_of[frame["row"].to_numpy()], frame["class_id"].to_numpy())


def test_what_looks_at_one_task_says_whose_its_queries_are(head: Run, tiny_workspace: Workspace, tiny: Dataset) -> None:
    changed = train(WhatIfSpec(HEAD, changes=(Change("place", "missing", 1.0),), episode=3, n_shot=1), tiny_workspace)
    asked = changed.frame("queries")
    whose(asked, tiny)
    assert len(asked) == QUERIES and set(changed.scores()["queries"]) == {QUERIES}
    points = train(MapSpec(HEAD, episode=3, n_shot=1, background=100), tiny_workspace).frame("points")
    points = points[points["kind"] == "query"]
    whose(points, tiny)
    assert len(points) == QUERIES
    adapting = replace(PLAIN, learner="anil", steps=5)
    train(adapting, tiny_workspace)
    seen = train(AdaptationSpec(adapting, episode=3, n_shot=1), tiny_workspace)
    queries = seen.frame("queries")
    whose(queries, tiny)
    assert seen.summary["n_queries"] == QUERIES
    step = queries[queries["step"] == queries["step"].max()]
    right = (step["predicted"] == step["class_id"]).mean()
    assert right == pytest.approx(seen.frame("steps")["query_accuracy"].iloc[-1])


def test_hidden_sources_and_doses_are_counted_over_all_queries(head: Run, tiny_workspace: Workspace) -> None:
    masked = train(MaskedSpec(HEAD), tiny_workspace)
    assert masked.summary["queries"] == QUERIES
    full = masked.array("correct")[1]
    assert np.array_equal(full, head.scores().sort_values(["shot", "episode"])["correct"].to_numpy().reshape(2, -1))
    dosed = train(DoseSpec(HEAD, ("place",), kinds=("missing",), fractions=(0.5,), draws=1), tiny_workspace)
    assert dosed.summary["queries"] == QUERIES and np.array_equal(dosed.array("ends")[0], full)
