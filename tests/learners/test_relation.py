"""A Relation Network scores pairs of a class and a query."""

import torch
from torch import nn

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.relation import RelationNetwork
from tests.learners.tasks import SOURCE, gaussian_tasks, set_strength, some_metadata


def test_each_logit_is_the_network_on_the_pair_of_class_and_query():
    torch.manual_seed(0)
    learner = RelationNetwork(nn.Identity(), 16, hidden=12)
    support, query, _ = gaussian_tasks(n_tasks=2, queries=2)
    pair = torch.cat([support[1, 3].mean(dim=0), query[1, 4]])
    score = learner.score(learner.hidden(learner.pair(pair).relu()).relu())
    torch.testing.assert_close(learner.classify(TaskBatch.by_class(support, query))[1, 4, 3], score[0])


def test_metadata_enter_as_shots_at_the_anchor_before_the_comparison():
    torch.manual_seed(0)
    learner = RelationNetwork(nn.Identity(), 16, [SOURCE], "pseudo-shots").eval()
    support, query, _ = gaussian_tasks()
    context = some_metadata()
    set_strength(learner, 2.0)
    anchor, _ = learner.anchors(context)
    stacked = torch.cat([support, anchor[:, :, None].expand(-1, -1, 2, -1)], dim=2)
    torch.testing.assert_close(
        learner.classify(TaskBatch.by_class(support, query, context)), learner.classify(TaskBatch.by_class(stacked, query))
    )


def test_one_module_serves_every_number_of_shots_alike():
    learner = RelationNetwork(nn.Identity(), 16)
    support, query, _ = gaussian_tasks(shots=1)
    torch.testing.assert_close(
        learner.classify(TaskBatch.by_class(support, query)),
        learner.classify(TaskBatch.by_class(support.repeat(1, 1, 7, 1), query)),
    )
