"""From embeddings to a plane, of one learner and of two."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as of_sklearn

from metadash.specs.views import MapSpec
from metadash.training.mapping.flattening import arranged, flat, onto, trustworthiness
from tests.builders import tiny_run

SPEC = MapSpec(tiny_run(), background=60, perplexity=8.0)
PCA = MapSpec(tiny_run(), background=60, method="pca")


def cloud(n: int = 80, d: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) * np.arange(d, 0, -1)


@pytest.mark.parametrize("neighbours", [3, 12])
def test_trustworthiness_over_all_points_is_scikit_learns(neighbours: int) -> None:
    vectors, layout = cloud(), cloud(d=2, seed=1)
    assert trustworthiness(vectors, layout, neighbours, 80) == pytest.approx(of_sklearn(vectors, layout, n_neighbors=neighbours))
    assert trustworthiness(layout, layout, neighbours) == 1.0


def test_a_sample_of_points_estimates_it_and_repeats_by_seed() -> None:
    vectors, layout = cloud(400), cloud(400, 2, 1)
    assert trustworthiness(vectors, layout, sampled=150, seed=3) == trustworthiness(vectors, layout, sampled=150, seed=3)
    assert trustworthiness(vectors, layout, sampled=150) == pytest.approx(of_sklearn(vectors, layout, n_neighbors=12), abs=0.05)


def test_principal_components_are_those_of_largest_variance() -> None:
    vectors = cloud()
    values = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(flat(PCA, vectors), axis=0), values[:2], rtol=1e-5)


def test_a_layout_that_was_turned_mirrored_scaled_and_shifted_comes_back() -> None:
    layout = cloud(d=2)
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]])
    np.testing.assert_allclose(onto(layout @ turn * 3 + 5, (layout @ turn * 3 + 5)[:50], layout[:50]), layout, atol=1e-4)


@pytest.mark.parametrize("spec", [SPEC, PCA], ids=["tsne", "pca"])
def test_two_learners_that_see_the_same_share_every_instance_and_only_prototypes_part(spec: MapSpec) -> None:
    vectors = cloud()
    other = np.concatenate([vectors[:70], vectors[70:75] + 3])
    own, others = np.arange(80) < 70, np.arange(75) < 70
    first, second = arranged(spec, [vectors, other], [own, others])
    np.testing.assert_array_equal(first[own], second[others])
    assert not np.allclose(second[~others], first[70:75])


@pytest.mark.parametrize("spec", [SPEC, PCA], ids=["tsne", "pca"])
def test_two_learners_that_see_differently_are_laid_onto_each_other(spec: MapSpec) -> None:
    vectors, every = cloud() + 30 * np.repeat(cloud(5, 6, 7), 16, axis=0), np.ones(80, bool)
    turn = np.linalg.qr(cloud(6, 6, 2))[0]
    first, second = arranged(spec, [vectors, vectors @ turn * 2], [every, every])
    far = np.linalg.norm(first - second, axis=1).mean()
    assert far < 0.25 * first.std(), "the same cloud, turned and larger, is the same picture"
