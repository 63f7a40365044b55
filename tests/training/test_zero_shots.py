"""Without a labelled example metadata alone say where a class lies; without either a learner guesses, and is scored as guessing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.learners.registry import ENTRIES, LEARNERS, make
from metadash.metadata.encoded import EncodedSource
from metadash.networks.anchors import MetadataContext
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec, SourceArm
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.training.counting import count_correct, places_of
from metadash.training.evaluate import score
from metadash.training.modulated import anchors_of
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_evaluation, tiny_run
from tests.learners.tasks import SOURCE, TellingTasks, accuracy

PLACED = [entry.name for entry in ENTRIES if "pseudo-shots" in entry.fusions]


def zero_run(name: str = "prototypical", sources: tuple[str, ...] = ("place", "traits"), **changes) -> RunSpec:
    tests = tiny_evaluation(n_episodes=40, shots=changes.pop("shots", (0, 1)), n_query=3)
    rate = LEARNERS[name].outer_rate("quick")
    return tiny_run(
        sources, **{"learner": name, "steps": 30, "meta_batch": 4, "learning_rate": rate, "evaluation": tests, **changes}
    )


@pytest.mark.parametrize("name", PLACED)
def test_the_anchors_alone_teach_and_classify_in_every_learner_that_has_them(name: str) -> None:
    torch.manual_seed(0)
    tasks = TellingTasks()
    learner = make(name, nn.Identity(), 8, 5, source_dims=[SOURCE], fusion="pseudo-shots", dropout=0.0, mode="quick")
    for steps in ("finetune_epochs", "logistic_steps"):  # of the references; their many steps only cost time here
        if hasattr(learner, steps):
            setattr(learner, steps, 10)
    optimiser = torch.optim.Adam(learner.parameters(), 0.03)
    for _ in range(80):
        support, query, target, context = tasks.draw(8, shots=0)
        loss = learner.loss(TaskBatch.by_class(support, query, context, target))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    support, query, target, context = tasks.draw(50, shots=0)
    found = accuracy(learner.eval()(TaskBatch.by_class(support, query, context)), target)
    assert found > 70, f"{name} is right in {found:.1f} % where chance is 20"


@pytest.mark.parametrize("name", PLACED)
def test_a_task_of_which_nothing_is_known_leaves_every_gradient_a_number(name: str) -> None:
    torch.manual_seed(0)
    learner = make(name, nn.Identity(), 8, 5, source_dims=[SOURCE], fusion="pseudo-shots", mode="quick")
    support, query, target, context = TellingTasks().draw(3, shots=0)
    context.present[0] = False  # nothing of this task
    context.present[1, 2] = False  # and not of this class
    loss = learner.loss(TaskBatch.by_class(support, query, context, target))
    loss.backward()
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in learner.parameters())


@pytest.mark.parametrize("name", [name for name in LEARNERS if not LEARNERS[name].needs_metadata])
def test_without_metadata_every_learner_is_at_chance_exactly(name: str, own_workspace: Workspace) -> None:
    found = train(zero_run(name, (), steps=2), own_workspace).summary["accuracy"]
    assert found["0"] == 20.0 and (name == "chance" or found["1"] != 20.0)


@pytest.mark.parametrize("name", ["prototypical", "r2d2", "anil", "matching"])
def test_metadata_buy_something_before_the_first_label(name: str, own_workspace: Workspace) -> None:
    assert train(zero_run(name, ("place",), steps=150, meta_batch=8), own_workspace).summary["accuracy"]["0"] > 30


def test_a_class_of_which_nothing_is_known_lies_where_the_mean_class_does() -> None:
    torch.manual_seed(0)
    for fusion in ("pseudo-shots", "am3"):
        learner = PrototypicalNetwork(nn.Identity(), 8, [SOURCE], fusion).eval()
        learner.anchors.anchor.bias.data.normal_()
        support, query, _, context = TellingTasks().draw(2, shots=0)
        context.present[:, 1] = False
        anchor, _ = learner.anchors(context)
        prototypes = learner.prototypes(TaskBatch.by_class(support, query, context))
        torch.testing.assert_close(prototypes, anchor)
        torch.testing.assert_close(prototypes[0, 1], learner.anchors.anchor.bias)
        context.present[:] = False  # then it is its plain self
        assert not learner.prototypes(TaskBatch.by_class(support, query, context)).any()


@pytest.mark.parametrize("fusion", ["pseudo-shots", "am3"])
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_counting_many_arms_at_once_agrees_with_scoring_one(tiny: Dataset, fusion: str, distance: str) -> None:
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    run = zero_run(shots=(0, 1, 2))
    manifest = draw(tiny, run.evaluation.episodes(run.split, "test"))
    table, vectors = (
        generator.normal(size=(len(tiny.class_of), 6)).astype(np.float32),
        generator.normal(size=(40, 4)).astype(np.float32),
    )
    learner = PrototypicalNetwork(nn.Identity(), 6, [4], fusion, distance=distance).eval()
    learner.anchors.anchor.bias.data.normal_()
    one_unknown = np.arange(40) != manifest.classes[0, 0]  # more of them in a task would be ties, which rounding decides
    for present in (one_unknown, np.zeros(40, dtype=bool)):
        encoded, position = [EncodedSource("any", vectors, present, [])], np.arange(len(table))
        one = score(learner, table, position, manifest, (0, 1, 2), encoded)
        classes, place = places_of(manifest)
        anchor, part = anchors_of(learner, encoded, classes, (0, 1, 2))
        many = count_correct(table, position, manifest, (0, 1, 2), anchor[None], part[None], place, distance)[0]
        np.testing.assert_array_equal(one, many)
        assert (one[0] == manifest.n_query).all() == (not present.any())


def test_hiding_every_source_is_chance_before_the_first_example(own_workspace: Workspace) -> None:
    for name in ("prototypical", "r2d2"):
        run = zero_run(name, source_dropout=0.5)
        correct = train(MaskedSpec(run), own_workspace).array("correct")  # [A, shots, E], the first arm with all hidden
        assert (correct[0, 0] == 3).all() and (correct[-1, 0] != 3).any()


def test_heads_in_one_loop_are_the_runs_that_they_are_alone(own_workspace: Workspace) -> None:
    """And the plain arm, which none of them is, is at chance."""
    runs = tuple(zero_run(sources=sources, seed=seed) for sources in (("place",), ("holes",)) for seed in (0, 1))
    train(LoopSpec(runs), own_workspace)
    found = train(HeadsSpec(zero_run(sources=("place", "holes"))), own_workspace)
    arms, correct = found.spec.arms, found.array("correct")
    assert (correct[arms.index(SourceArm(0)), 0] == 3).all()
    alone = train(runs[0], own_workspace).summary["accuracy"]["0"]
    assert correct[arms.index(SourceArm(1)), 0].mean() / 15 * 100 == pytest.approx(alone)


def test_a_plain_learner_does_not_train_on_tasks_of_which_it_knows_nothing() -> None:
    assert zero_run("r2d2", ()).training_shots == (1,) and zero_run("r2d2").training_shots == (0, 1)
    assert not zero_run("r2d2", (), shots=(0,)).trains


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: zero_run(sources=("site",), fusion="film"), "'film' does not say where a class lies before its first example"),
        (lambda: zero_run(fusion="auxiliary", mode="full"), "'auxiliary' does not say where"),
        (lambda: zero_run("meta-lstm", mode="full"), "batch_norm=running"),
        (lambda: MapSpec(zero_run(), n_shot=0), "one shot or more"),
        (lambda: AdaptationSpec(zero_run("anil"), n_shot=0), "Steps are taken on labelled examples"),
        (lambda: zero_run(shots=(-1, 1)), "from 0 on"),
    ],
)
def test_what_means_nothing_without_an_example_is_refused_in_a_sentence(ask, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        ask()
    assert words in one_sentence(refused.value)


def test_zero_shots_alone_without_metadata_are_refused_where_they_are_asked_for(tiny: Dataset) -> None:
    with pytest.raises(BadInput, match="name sources, or add a number of shots"):
        run_for(tiny, shots=(0,))
    assert run_for(tiny, shots=(0, 1)).guesses and not run_for(tiny, ["place"], shots=(0, 1)).guesses
    assert run_for(tiny, ["place"], shots=(0,)).evaluation.episodes("family-0", "test").n_shot == 0


def test_the_context_of_no_example_is_empty_where_metadata_describe_instances(own_workspace: Workspace) -> None:
    run = zero_run(sources=("place", "site"), fusion="pseudo-shots+film", modulating=("site",))
    assert train(replace(run, steps=3), own_workspace).summary["accuracy"].keys() == {"0", "1"}


def test_a_fully_hidden_context_is_the_plain_learner_to_the_last_bit() -> None:
    support, query, _, context = TellingTasks().draw(2, shots=0)
    hidden = MetadataContext(context.vectors, torch.zeros_like(context.present))
    for name in ("prototypical", "relation", "r2d2", "baseline", "logistic"):
        torch.manual_seed(0)
        learner = make(name, nn.Identity(), 8, 5, source_dims=[SOURCE], fusion="pseudo-shots", mode="quick").eval()
        assert torch.equal(learner(TaskBatch.by_class(support, query, hidden)), learner(TaskBatch.by_class(support, query))), name
