import pytest
import torch

from metadash.errors import BadInput
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.protomaml import ProtoMAML
from metadash.learners.prototypical import PrototypicalNetwork
from tests.learners.adapting_tasks import Inputs, accuracy_after_training, context_of, make, vector_network

FORMS = pytest.mark.parametrize("vectorised", [False, True], ids=["loop", "vectorised"])


@FORMS
@pytest.mark.parametrize("metadata", [False, True], ids=["plain", "metadata"])
def test_no_inner_step_gives_the_prototypical_probabilities(vectorised, metadata):
    sources = {"source_dims": [4], "dropout": 0.0} if metadata else {}
    learner = make(ProtoMAML, vector_network(norm=False), inner_steps=0, vectorised=vectorised, **sources)
    fusion = {"fusion": "pseudo-shots"} if metadata else {}
    prototypical = PrototypicalNetwork(learner.backbone, 4, **sources, **fusion).double()
    if metadata:
        prototypical.anchors.load_state_dict(learner.anchors.state_dict())
    tasks, context = Inputs(), context_of() if metadata else None
    logits, expected = (
        learner(TaskBatch.by_class(tasks.support, tasks.query, context)),
        prototypical(TaskBatch.by_class(tasks.support, tasks.query, context)),
    )
    torch.testing.assert_close(logits.softmax(-1), expected.softmax(-1))
    difference = logits - expected  # ‖q‖², the same for all classes
    torch.testing.assert_close(difference, difference[..., :1].expand_as(difference))


@FORMS
def test_inner_gradient_takes_head_and_backbone_for_independent(vectorised):
    """One step by hand: the head is a leaf, although it was made from the backbone."""
    learner, tasks = make(ProtoMAML, vector_network(norm=False), inner_steps=1, inner_lr=0.1, vectorised=vectorised), Inputs(1)
    support, target = tasks.support[0].flatten(0, 1), torch.arange(3).repeat_interleave(2)
    prototypes = learner.backbone(support).detach().view(3, 2, -1).mean(1)
    weight, bias = (2 * prototypes).requires_grad_(), (-prototypes.square().sum(-1)).requires_grad_()
    loss = torch.nn.functional.cross_entropy(learner.backbone(support) @ weight.T + bias, target)
    parameters = [*learner.backbone.parameters(), weight, bias]
    moved = [p - 0.1 * g for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True)]
    names = [name for name, _ in learner.backbone.named_parameters()]
    features = torch.func.functional_call(learner.backbone, dict(zip(names, moved, strict=False)), (tasks.query[0],))
    torch.testing.assert_close(learner(TaskBatch.by_class(tasks.support, tasks.query))[0], features @ moved[-2].T + moved[-1])


def test_any_number_of_ways_will_do():
    learner, tasks = make(ProtoMAML), Inputs()
    assert learner(TaskBatch.by_class(tasks.support[:, :2], tasks.query)).shape == (2, 12, 2)


def test_neither_shots_nor_metadata_is_refused():
    with pytest.raises(BadInput, match="neither"):
        make(ProtoMAML)(TaskBatch.by_class(Inputs(shots=0).support, Inputs().query))


def test_beats_chance_by_20_points():
    accuracy, chance = accuracy_after_training(ProtoMAML, inner_lr=0.05)
    assert accuracy > chance + 20
