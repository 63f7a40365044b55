"""Unbalanced queries: as many in all, dealt by a Dirichlet, from classes that can serve them; balanced draws stay what they were."""

import numpy as np
import pytest

from metadash.canonical import canonical_json
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.episodes.unbalanced import OFTEN, dealt, serves
from metadash.errors import BadInput
from metadash.specs.run import Evaluation
from tests.builders import one_sentence


def spec(**changes) -> EpisodeSpec:
    return EpisodeSpec(
        **{
            "pool": Pool("family-0", "test"),
            "n_way": 3,
            "n_shot": 1,
            "n_query": 2,
            "n_episodes": 300,
            "query_dirichlet": 2.0,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def drawn(tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, spec())


def test_every_task_asks_as_many_queries_in_all(drawn):
    assert set(drawn.queries) == {6} and drawn.queries_each == 6
    each = (drawn.query >= 0).sum(axis=2)
    assert each.min() == 0 and each.max() > 2, "uneven, and a class may be asked none"


def test_support_and_queries_are_different_rows_of_their_class(drawn, tiny):
    for e in range(len(drawn)):
        for n, identity in enumerate(drawn.classes[e]):
            rows = [*drawn.support[e, n], *drawn.query[e, n][drawn.query[e, n] >= 0]]
            assert len(set(rows)) == len(rows) and set(tiny.class_of[rows]) == {identity}


def test_disjoint_tasks_are_dealt_too_and_stay_disjoint(tiny):
    found = draw(tiny, spec(strategy="disjoint", column="site", n_query=1, n_episodes=50))
    sites = tiny.instances["site"].to_numpy()
    assert set(found.queries) == {3}
    for e in range(50):
        assert not set(sites[found.support[e].ravel()]) & set(sites[found.query[e][found.query[e] >= 0]])


def test_the_counts_have_the_dirichlets_mean_and_variance():
    """A share of a Dirichlet(α, …, α) over N classes has the mean 1/N and the variance (N − 1)/(N²(Nα + 1)); rounding adds under 1/12."""
    for alpha in (0.5, 2.0, 20.0):
        counts = dealt(EpisodeSpec(Pool("any"), 5, 1, 15, query_dirichlet=alpha), 20_000, np.random.default_rng(0))
        assert (counts.sum(axis=1) == 75).all() and counts.min() >= 0
        assert counts.mean(axis=0) == pytest.approx(np.full(5, 15), rel=0.03)
        assert counts.var(axis=0) == pytest.approx(np.full(5, 75**2 * 4 / (25 * (5 * alpha + 1))), rel=0.05)


def test_the_same_spec_draws_the_same_and_another_concentration_another(drawn, tiny):
    assert draw(tiny, spec()).hash == drawn.hash != draw(tiny, spec(query_dirichlet=1.0)).hash


def test_asked_gives_each_query_its_label_and_no_filling(drawn):
    rows, label = drawn.asked
    assert rows.shape == label.shape == (300, 6) and rows.min() >= 0
    for e in (0, 7, 299):
        expected = [(row, n) for n in range(3) for row in drawn.query[e, n] if row >= 0]
        assert list(zip(rows[e], label[e], strict=True)) == expected


def test_classes_too_small_are_refused_with_numbers_that_would_do(tiny):
    with pytest.raises(BadInput) as caught:
        draw(tiny, spec(n_shot=5, n_query=15, query_dirichlet=0.05))
    text = str(caught.value)
    one_sentence(text)
    assert "query_dirichlet 0.05" in text and "query_dirichlet out" in text
    smallest = np.sort(pool_table(tiny, spec()).counts)[:3]
    assert not serves(smallest, spec(n_shot=5, n_query=15, query_dirichlet=0.05)) and OFTEN > 0


def test_a_balanced_spec_is_spelled_as_before_there_were_others():
    assert "dirichlet" not in canonical_json(spec(query_dirichlet=None)) + canonical_json(Evaluation())
    assert '"query_dirichlet":2.0' in canonical_json(spec()) and '"query_dirichlet":2.0' in canonical_json(
        Evaluation(query_dirichlet=2)
    )


def test_only_test_tasks_are_unbalanced():
    tests = Evaluation(query_dirichlet=2.0)
    assert [tests.episodes("s", role).query_dirichlet for role in ("train", "validation", "test")] == [None, None, 2.0]


def test_fewer_ways_are_refused():
    with pytest.raises(BadInput, match="leave ways out"):
        Evaluation(ways=(2,), query_dirichlet=2.0)


def test_folds_of_different_widths_are_joined(tiny):
    parts = [draw(tiny, spec(seed=seed, n_episodes=20)) for seed in range(4)]
    joined = EpisodeManifest.joined(parts)
    assert len({part.n_query for part in parts}) > 1
    assert np.array_equal(joined.asked[0], np.concatenate([part.asked[0] for part in parts]))
