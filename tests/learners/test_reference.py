"""The references: scikit-learn must agree with one, and the others are what they are called."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression as ScikitLogisticRegression
from torch import nn
from torch.nn import functional as F

from metadash.errors import BadInput
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.reference import Chance, LogisticRegression, MetadataOnly, NearestCentroid
from tests.learners.tasks import SOURCE, TellingTasks, accuracy, gaussian_tasks, some_metadata


def scikit_probabilities(rows, labels, query, c=1.0, weights=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ScikitLogisticRegression(C=c, tol=1e-8, max_iter=3000).fit(rows.double().numpy(), labels, weights)
    return model.predict_proba(query.double().numpy())


@pytest.mark.parametrize(
    ("ways", "shots", "dim", "apart"), [(5, 1, 64, 1.0), (5, 5, 64, 0.5), (5, 10, 16, 0.3), (20, 5, 64, 0.5), (3, 40, 4, 0.5)]
)
def test_logistic_regression_gives_scikit_learns_probabilities(ways, shots, dim, apart):
    support, query, _ = gaussian_tasks(2, ways, shots, 3, dim, apart)
    support, query = support + 1, query + 1  # embeddings are rarely centred
    found = LogisticRegression(nn.Identity(), dim).classify(TaskBatch.by_class(support, query)).softmax(dim=-1).numpy()
    for b in range(2):
        expected = scikit_probabilities(support[b].flatten(0, 1), np.repeat(np.arange(ways), shots), query[b])
        np.testing.assert_allclose(found[b], expected, atol=1e-3)


def test_two_classes_are_multinomial_too_where_scikit_learn_fits_one_vector_with_twice_the_penalty():
    support, query, _ = gaussian_tasks(1, 2, 20, dim=4, apart=0.5)
    found = LogisticRegression(nn.Identity(), 4).classify(TaskBatch.by_class(support, query)).softmax(dim=-1).numpy()
    expected = scikit_probabilities(support[0].flatten(0, 1), np.repeat(np.arange(2), 20), query[0], c=2.0)
    np.testing.assert_allclose(found[0], expected, atol=1e-3)


@pytest.mark.parametrize("c", [0.01, 10.0])
def test_logistic_regression_follows_its_penalty(c):
    support, query, _ = gaussian_tasks(1, 5, 3)
    found = (
        LogisticRegression(nn.Identity(), 16, logistic_c=c).classify(TaskBatch.by_class(support, query)).softmax(dim=-1).numpy()
    )
    expected = scikit_probabilities(support[0].flatten(0, 1), np.repeat(np.arange(5), 3), query[0], c)
    np.testing.assert_allclose(found[0], expected, atol=1e-3)


def test_an_anchor_of_logistic_regression_is_an_example_with_a_sample_weight():
    torch.manual_seed(0)
    support, query, _ = gaussian_tasks(2, 5, 3)
    learner, context = LogisticRegression(nn.Identity(), 16, [SOURCE], "pseudo-shots").eval(), some_metadata(2)
    anchor, strength = (found.detach() for found in learner.anchors(context))
    found = learner.classify(TaskBatch.by_class(support, query, context)).softmax(dim=-1).detach().numpy()
    for b in range(2):
        rows, labels = torch.cat([support[b].flatten(0, 1), anchor[b]]), np.r_[np.repeat(np.arange(5), 3), np.arange(5)]
        weights = np.r_[np.ones(15), strength[b].numpy()]
        np.testing.assert_allclose(found[b], scikit_probabilities(rows, labels, query[b], weights=weights), atol=1e-3)


def test_nearest_centroid_reads_pixels_and_ignores_the_backbone():
    images = torch.randint(0, 256, (2, 3, 4, 6, 6), dtype=torch.uint8)
    learner = NearestCentroid(nn.Linear(1, 1), 36)
    logits = learner(TaskBatch.by_class(images, images[:, :, 0]))
    pixels = images.flatten(3).float() / 255
    expected = -(pixels[:, :, None, 0] - pixels.mean(dim=2)[:, None]).square().sum(dim=-1)
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


def test_metadata_alone_learns_a_task_whose_metadata_tell_the_class():
    torch.manual_seed(0)
    tasks = TellingTasks()
    learner = MetadataOnly(nn.Identity(), 8, [SOURCE], dropout=0.0)
    optimiser = torch.optim.Adam(learner.parameters(), lr=1e-2)
    for _ in range(200):
        support, query, target, context = tasks.draw(16)
        loss = F.cross_entropy(learner(TaskBatch.by_class(support, query, context)).flatten(0, 1), target.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    support, query, target, context = tasks.draw(50)
    assert accuracy(learner(TaskBatch.by_class(support, query, context)), target) > 75


def test_metadata_alone_never_looks_at_the_support():
    learner, context = MetadataOnly(nn.Identity(), 16, [SOURCE]).eval(), some_metadata()
    support, query, _ = gaussian_tasks()
    assert torch.equal(
        learner(TaskBatch.by_class(support, query, context)),
        learner(TaskBatch.by_class(torch.zeros_like(support), query, context)),
    )


def test_metadata_alone_without_metadata_is_refused():
    with pytest.raises(BadInput, match="at least one metadata source"):
        MetadataOnly(nn.Identity(), 16)
    support, query, _ = gaussian_tasks()
    with pytest.raises(BadInput, match="comes without metadata"):
        MetadataOnly(nn.Identity(), 16, [SOURCE])(TaskBatch.by_class(support, query))


def test_chance_is_uniform_has_no_parameters_and_scores_one_in_n_exactly():
    learner = Chance(nn.Linear(16, 16), 16)
    support, query, target = gaussian_tasks()
    assert not list(learner.parameters())
    assert torch.equal(learner(TaskBatch.by_class(support, query)).softmax(dim=-1), torch.full((8, 50, 5), 0.2))
    assert accuracy(learner(TaskBatch.by_class(support, query)), target) == 20
