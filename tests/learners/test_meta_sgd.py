import pytest
import torch

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.meta_sgd import MetaSGD
from tests.learners.adapting_tasks import Inputs, accuracy_after_training, make, meta_gradient, query_loss


@pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])
@pytest.mark.parametrize("first_order", [False, True], ids=["second", "first"])
def test_constant_alpha_is_maml(vectorised, first_order):
    tasks, options = Inputs(), {"inner_steps": 3, "first_order": first_order, "vectorised": vectorised}
    maml, sgd = make(MAML, inner_lr=0.25, **options), make(MetaSGD, alpha=(0.25, 0.25), **options)
    torch.testing.assert_close(
        sgd(TaskBatch.by_class(tasks.support, tasks.query)), maml(TaskBatch.by_class(tasks.support, tasks.query))
    )
    expected = meta_gradient(maml, lambda: query_loss(maml, tasks))
    found = meta_gradient(sgd, lambda: query_loss(sgd, tasks))
    torch.testing.assert_close({name: found[name] for name in expected}, expected)


def test_one_rate_for_each_parameter_drawn_from_the_papers_range():
    learner = make(MetaSGD)
    assert [alpha.shape for alpha in learner.alpha] == [value.shape for value in learner.adapted().values()]
    rates = torch.cat([alpha.flatten() for alpha in learner.alpha])
    assert 0.005 <= rates.min() < 0.03 and 0.08 < rates.max() <= 0.1


def test_a_rate_of_zero_keeps_its_parameter():
    learner, tasks = make(MetaSGD, inner_steps=1), Inputs(1)
    for alpha in learner.alpha:
        alpha.data.zero_()
    still = make(MAML, inner_steps=0)
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support, tasks.query)), still(TaskBatch.by_class(tasks.support, tasks.query))
    )


@pytest.mark.parametrize("first_order", [False, True], ids=["second", "first"])
def test_alpha_is_learned(first_order):
    learner, tasks = make(MetaSGD, first_order=first_order), Inputs()
    gradient = meta_gradient(learner, lambda: query_loss(learner, tasks))
    assert all(value.abs().max() > 0 for name, value in gradient.items() if name.startswith("alpha"))


def test_beats_chance_by_20_points():
    accuracy, chance = accuracy_after_training(MetaSGD, inner_steps=2, alpha=(0.2, 0.5))
    assert accuracy > chance + 20
