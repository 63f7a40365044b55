"""What is true of every learner that classifies embeddings, whatever its paper."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.learners.anil import ANIL
from metadash.learners.core.base import EmbeddingLearner
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.meta_lstm import MetaLSTM
from metadash.learners.meta_sgd import MetaSGD
from metadash.learners.protomaml import ProtoMAML
from metadash.learners.registry import LEARNERS, load, make
from metadash.learners.reptile import Reptile
from metadash.networks.anchors import MetadataContext
from metadash.networks.conv4 import Conv4
from tests.learners.tasks import SOURCE, TellingTasks, accuracy, gaussian_tasks, set_strength, some_metadata

TRANSDUCTIVE = ("bd-cspn", "laplacian-shot", "tim")
CLASSIFIERS = (
    "prototypical",
    "matching",
    "cache",
    "relation",
    "r2d2",
    "metaoptnet",
    "feat",
    *TRANSDUCTIVE,
    "baseline",
    "baseline-plus",
    "centroid",
    "logistic",
)
"""Over embeddings, with and without metadata, for any number of ways."""

WITHOUT = (*CLASSIFIERS, "chance")
WITH = (*CLASSIFIERS, "metadata-only")
COSINE = [("prototypical", "cosine"), ("feat", "cosine"), ("centroid", "cosine")]


def learner(name, metadata=False, ways=5, dim=16, fusion="pseudo-shots", seed=0, **more):
    torch.manual_seed(seed)
    sources = {"source_dims": [SOURCE], "fusion": fusion} if metadata else {}
    made = make(name, nn.Identity(), dim, ways, **sources, **more).eval()
    assert isinstance(made, EmbeddingLearner)
    return made


def hidden(context):
    return MetadataContext(context.vectors, torch.zeros_like(context.present))


def plain_twin(anchored, name, **more):
    """The learner without metadata that has the same weights."""
    twin = learner(name, **more)
    found = twin.load_state_dict(anchored.state_dict(), strict=False)
    assert not found.missing_keys and all(key.startswith(("anchors.", "gate.")) for key in found.unexpected_keys)
    return twin


@pytest.mark.parametrize("shots", [1, 5])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_zero_strength_is_the_plain_learner_bit_for_bit(name, shots):
    support, query, _ = gaussian_tasks(shots=shots)
    anchored, context = learner(name, metadata=True), some_metadata()
    plain = plain_twin(anchored, name).classify(TaskBatch.by_class(support, query))
    with_metadata = anchored.classify(TaskBatch.by_class(support, query, context))
    set_strength(anchored, 0)
    assert torch.equal(anchored.classify(TaskBatch.by_class(support, query, context)), plain)
    assert not torch.equal(with_metadata, plain)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_context_is_the_plain_learner_bit_for_bit(name):
    support, query, _ = gaussian_tasks()
    anchored = learner(name, metadata=True)
    assert torch.equal(
        anchored.classify(TaskBatch.by_class(support, query)),
        plain_twin(anchored, name).classify(TaskBatch.by_class(support, query)),
    )


@pytest.mark.parametrize(
    ("name", "fusion"),
    [*((n, "pseudo-shots") for n in CLASSIFIERS), ("prototypical", "am3"), ("relation", "am3"), ("feat", "am3")],
)
def test_a_task_whose_metadata_are_hidden_is_the_plain_learners_bit_for_bit_beside_tasks_that_have_some(name, fusion):
    support, query, _ = gaussian_tasks()
    anchored, context = learner(name, metadata=True, fusion=fusion), some_metadata()
    plain = plain_twin(anchored, name).classify(TaskBatch.by_class(support, query))
    context.present[:4] = False
    found = anchored.classify(TaskBatch.by_class(support, query, context))
    assert torch.equal(found[:4], plain[:4])
    assert not torch.equal(found[4:], plain[4:])


@pytest.mark.parametrize("metadata", [False, True])
@pytest.mark.parametrize("name", [*WITHOUT, "metadata-only"])
def test_reordering_the_classes_reorders_the_logits(name, metadata):
    metadata = metadata or name == "metadata-only"
    if metadata and name == "chance":
        return
    support, query, _ = gaussian_tasks()
    made, context = learner(name, metadata).double(), some_metadata() if metadata else None
    order = torch.tensor([3, 0, 4, 1, 2])
    moved = MetadataContext([context.vectors[0][:, order].double()], context.present[:, order]) if context else None
    context = MetadataContext([context.vectors[0].double()], context.present) if context else None
    straight = made.classify(TaskBatch.by_class(support.double(), query.double(), context))
    torch.testing.assert_close(
        made.classify(TaskBatch.by_class(support[:, order].double(), query.double(), moved)), straight[..., order]
    )


def test_every_learner_of_the_list_is_tested_here_or_among_those_that_adapt():
    adapting = {load(name) for name, entry in LEARNERS.items() if "inner_steps" in entry.options}
    assert adapting == {MAML, MetaSGD, ProtoMAML, MetaLSTM, Reptile, ANIL}, "see test_inner_loop"
    others = {name for name, entry in LEARNERS.items() if "inner_steps" not in entry.options}
    assert others == {*WITHOUT, *WITH}


@pytest.mark.parametrize(("name", "metadata"), [*((n, False) for n in WITHOUT), *((n, True) for n in WITH)])
def test_tasks_of_a_batch_do_not_see_one_another(name, metadata):
    support, query, _ = gaussian_tasks()
    made, context = learner(name, metadata), some_metadata() if metadata else None
    together = made.classify(TaskBatch.by_class(support, query, context))
    order = torch.tensor([5, 2, 7, 0])
    part = MetadataContext([context.vectors[0][order]], context.present[order]) if context else None
    torch.testing.assert_close(
        made.classify(TaskBatch.by_class(support[order], query[order], part)), together[order], atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("name", WITHOUT)
def test_queries_see_one_another_where_the_list_says_that_a_learner_is_transductive_and_nowhere_else(name):
    support, query, _ = gaussian_tasks()
    made = learner(name)
    few = made.classify(TaskBatch.by_class(support, query[:, 7:9]))
    many = made.classify(TaskBatch.by_class(support, query))[:, 7:9]
    assert torch.allclose(few, many, atol=1e-4, rtol=1e-4) != LEARNERS[name].transductive


@pytest.mark.parametrize("name", TRANSDUCTIVE)
def test_the_order_of_the_queries_reorders_the_answers_and_what_fills_up_changes_none(name):
    support, query, _ = gaussian_tasks()
    made, order = learner(name).double(), torch.randperm(50, generator=torch.Generator().manual_seed(0))
    alone = made.classify(TaskBatch.by_class(support.double(), query.double()))
    moved = made.classify(TaskBatch.by_class(support.double(), query[:, order].double()))
    torch.testing.assert_close(moved, alone[:, order])
    filled = torch.cat([query, 100 + torch.randn(8, 7, 16)], dim=1).double()
    there = (torch.arange(57) < 50).expand(8, -1)
    found = made.classify(TaskBatch.by_class(support.double(), filled, query_mask=there))
    torch.testing.assert_close(found[:, :50], alone)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_order_of_a_classs_examples_does_not_matter(name):
    support, query = (rows.double() for rows in gaussian_tasks()[:2])  # what differs is the order of sums, and nothing else
    made = learner(name).double()
    torch.testing.assert_close(
        made.classify(TaskBatch.by_class(support.flip(2), query)),
        made.classify(TaskBatch.by_class(support, query)),
        atol=1e-4,
        rtol=1e-4,
    )


@pytest.mark.parametrize("shots", [0, 1, 3])
@pytest.mark.parametrize("name", WITH)
def test_gradients_by_embeddings_and_by_every_parameter_are_the_finite_differences(name, shots):
    options = {"finetune_epochs": 6} if name.startswith("baseline") else {"tim_steps": 6} if name == "tim" else {}
    made = learner(name, metadata=True, ways=3, dim=4, options=options).double()
    if name == "logistic":
        made.logistic_steps = 12  # wherever descent is stopped, it can be differentiated
    support, query, _ = gaussian_tasks(2, 3, shots, 2, 4)
    context = some_metadata(2, 3)
    context.vectors[0] = context.vectors[0].double()
    names = [n for n, p in made.named_parameters() if p.requires_grad]
    start = [made.get_parameter(n).detach().clone().requires_grad_() for n in names]

    def logits(support, query, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(
            Classify(made), {f"learner.{n}": p for n, p in given.items()}, (TaskBatch.by_class(support, query, context),)
        )

    inputs = (support.double().requires_grad_(shots > 0), query.double().requires_grad_(), *start)
    assert torch.autograd.gradcheck(logits, inputs, atol=1e-6, fast_mode=True)


class Classify(nn.Module):
    """functional_call calls ``forward``."""

    def __init__(self, made):
        super().__init__()
        self.learner = made

    def forward(self, *arguments):
        return self.learner.classify(*arguments)


def train(made, draw, steps, rate=1e-2):
    optimiser = torch.optim.Adam([p for p in made.parameters() if p.requires_grad], lr=rate)
    made.train()
    for step in range(steps):
        support, query, target, context = draw(step)
        loss = F.cross_entropy(made.classify(TaskBatch.by_class(support, query, context)).flatten(0, 1), target.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return made.eval()


@pytest.mark.parametrize(("name", "distance"), [*((n, "euclidean") for n in CLASSIFIERS), *COSINE])
def test_beats_chance_by_twenty_points_on_an_easy_task(name, distance):
    made = learner(name, distance=distance)
    if LEARNERS[name].learns:
        train(made, lambda step: (*gaussian_tasks(16, shots=1, seed=step), None), 150)
    support, query, target = gaussian_tasks(100, shots=1, seed=10_000)
    assert accuracy(made.classify(TaskBatch.by_class(support, query)), target) > 40


@pytest.mark.parametrize(
    ("name", "fusion"),
    [*((n, "pseudo-shots") for n in CLASSIFIERS), ("prototypical", "am3"), ("relation", "am3"), ("feat", "am3")],
)
def test_metadata_that_tell_the_class_help_at_one_shot(name, fusion):
    tasks, more = TellingTasks(apart=1.0), {"dim": 8, "dropout": 0.0}
    if name.startswith("baseline"):
        more["options"] = {"finetune_epochs": 10, "finetune_lr": 0.1}
    plain, anchored = learner(name, **more), learner(name, metadata=True, fusion=fusion, **more)
    if name == "logistic":
        anchored.logistic_steps = 15  # in training only: each step is differentiated through
    if LEARNERS[name].learns:
        train(plain, lambda step: (*tasks.draw(16)[:3], None), 100)
    train(anchored, lambda step: tasks.draw(16), 60 if name in ("logistic", "baseline", "baseline-plus") else 120)
    if name == "logistic":
        anchored.logistic_steps = plain.logistic_steps
    support, query, target, context = tasks.draw(100)
    assert (
        accuracy(anchored.classify(TaskBatch.by_class(support, query, context)), target)
        > accuracy(plain.classify(TaskBatch.by_class(support, query)), target) + 3
    )


@pytest.mark.parametrize("name", WITHOUT)
def test_any_backbone_will_do(name):
    torch.manual_seed(0)
    images = torch.randint(0, 256, (2, 5, 3, 28, 28), dtype=torch.uint8)
    made = make(name, Conv4(8), 784 if LEARNERS[name].reads_inputs else 8, 5)
    logits = made(TaskBatch.by_class(images[:, :, :2], images[:, :, 2]))
    assert logits.shape == (2, 5, 5) and logits.isfinite().all() and logits.dtype == torch.float32


@pytest.mark.parametrize("name", WITH)
def test_without_any_example_the_metadata_classify(name):
    query, context = gaussian_tasks()[1], some_metadata()
    logits = learner(name, metadata=True).classify(TaskBatch.by_class(torch.zeros(8, 5, 0, 16), query, context))
    assert logits.isfinite().all() and logits.std(dim=-1).min() > 0
    nothing = learner(name, metadata=True).classify(TaskBatch.by_class(torch.zeros(8, 5, 0, 16), query, hidden(context)))
    assert nothing.isfinite().all()
