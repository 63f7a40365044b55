"""The list of learners is complete, true of the classes it names, and refuses in one sentence what they would not read."""

import dataclasses
import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from metadash.errors import BadInput
from metadash.fields import ranges_of
from metadash.learners.anil import ANIL
from metadash.learners.core.base import Learner
from metadash.learners.core.constructors import parameters_of
from metadash.learners.core.options import OPTION_NAMES, LearnerOptions
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.registry import (
    ENTRIES,
    LEARNERS,
    TRAINER_OPTIONS,
    check_options,
    entry_of,
    load,
    make,
    options_for,
)
from tests.learners.tasks import SOURCE

RANGES = ranges_of(LearnerOptions)
NAMES = (
    "prototypical matching cache relation r2d2 metaoptnet feat bd-cspn laplacian-shot tim maml fomaml anil meta-sgd reptile protomaml meta-lstm baseline baseline-plus "
    "centroid logistic metadata-only chance"
)


def refusal(action, *arguments, **options):
    with pytest.raises(BadInput) as caught:
        action(*arguments, **options)
    return str(caught.value)


def assert_one_sentence(text):
    assert re.fullmatch(r"\S.*[.?]", text) and not re.search(r"[.?] [A-Z]", text), text


def test_every_learner_of_the_field_is_there_once():
    assert [entry.name for entry in ENTRIES] == NAMES.split()
    assert len(LEARNERS) == len(ENTRIES)


def test_reading_the_list_does_not_import_torch():
    code = "import metadash.learners.registry as r, sys; r.options_for('maml'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_says_what_a_reader_needs(entry):
    assert entry.title and entry.paper and entry.cost.endswith(".")
    assert len(re.findall(r"\.(?: [A-Z]|$)", entry.idea)) == 2, "two sentences: the idea, and what to expect"
    assert set(entry.options) | set(entry.defaults) <= set(OPTION_NAMES)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_options_and_defaults_of_the_list_are_the_constructors(name):
    cls, entry, options = load(name), entry_of(name), options_for(name)
    assert issubclass(cls, Learner)
    known = parameters_of(cls)
    if cls is ANIL:  # it hands what its head is made of to MAML
        known = {name: parameters_of(MAML)[name] if one.default is one.empty else one for name, one in known.items()}
    for option in entry.options:
        if option not in TRAINER_OPTIONS:
            assert known[option].default == getattr(options, option), option
    assert set(known) & set(OPTION_NAMES) <= set(entry.options) | set(entry.defaults) | {"first_order"}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_is_made_by_its_name_and_classifies(name):
    torch.manual_seed(0)
    fusion = LEARNERS[name].fusions[0]
    if fusion != "none":
        return  # metadata alone: see test_reference
    learner = make(name, nn.Identity(), 8, 3).eval()
    assert learner(TaskBatch.by_class(torch.randn(2, 3, 2, 8), torch.randn(2, 4, 8))).shape == (2, 4, 3)


@pytest.mark.parametrize("name", [name for name, entry in LEARNERS.items() if "pseudo-shots" in entry.fusions])
def test_a_learner_is_made_with_metadata(name):
    learner = make(name, nn.Identity(), 8, 3, source_dims=[SOURCE], fusion="pseudo-shots")
    assert any("anchors" in parameter for parameter, _ in learner.named_parameters())


def test_a_learner_that_learns_has_something_to_train_and_one_that_does_not_has_not():
    for name, entry in LEARNERS.items():
        if entry.family == "reference" and not entry.needs_metadata:
            trained = [p for p in make(name, nn.Identity(), 8, 3).parameters() if p.requires_grad and p.dim()]
            assert bool(trained) == entry.learns


def test_what_descends_has_a_step_that_it_reads_and_nothing_else_has():
    for entry in ENTRIES:
        assert (entry.optimiser == "descent") == bool(entry.annealed), entry.name
        assert not entry.annealed or entry.annealed in entry.options, entry.name


def test_an_unknown_learner_names_the_nearest():
    assert "did you mean 'prototypical'?" in refusal(load, "prototypcal")
    assert "did you mean 'meta-lstm'?" in refusal(options_for, "metalstm")
    assert "there are prototypical, matching" in refusal(check_options, "xyz", {})


def test_an_unknown_option_names_the_nearest():
    text = refusal(check_options, "maml", {"inner_step": 3})
    assert_one_sentence(text)
    assert "did you mean 'inner_steps'?" in text


def test_an_option_that_the_learner_would_ignore_is_refused():
    text = refusal(check_options, "r2d2", {"fce": True})
    assert_one_sentence(text)
    assert "would ignore the option fce; it reads ridge_lambda" in text
    assert "it has no options" in refusal(check_options, "chance", {"inner_lr": 0.1})
    assert "would ignore the option hidden" in refusal(check_options, "matching", LearnerOptions(hidden=32))


def test_options_left_alone_are_the_papers():
    for name in LEARNERS:
        assert check_options(name, {}) == check_options(name, options_for(name)) == options_for(name)
    assert check_options("reptile", {"inner_batch": 4}) == dataclasses.replace(options_for("reptile"), inner_batch=4)


BAD = {
    **{name: (low - 1, high + 1) for name, (low, high) in RANGES.items()},
    "first_order": (1, "yes"),
    "fce": (None,),
    "learned_rates": (0,),
    "per_step_norm": ("no",),
    "multi_step_loss": (1.0,),
    "batch_norm": ("episode", None),
    "inner_optimiser": ("adamw",),
    "matching_scale": (3.0,),
    "feat_start": ("anywhere",),
    "alpha": ((0.1,), (0.2, 0.1), (0.1, 2.0), (-0.1, 0.1), 0.1, ("a", "b")),
}


@pytest.mark.parametrize("option", OPTION_NAMES)
def test_each_option_out_of_range_is_one_sentence_that_names_it(option):
    for value in BAD[option]:
        text = refusal(LearnerOptions, **{option: value})
        assert_one_sentence(text)
        assert text.startswith(f"{option} is ") and "it must be" in text


@pytest.mark.parametrize("option", RANGES)
def test_a_number_must_be_a_number(option):
    for value in ("5", True, float("nan")):
        assert_one_sentence(refusal(LearnerOptions, **{option: value}))


def test_steps_are_whole_numbers():
    assert refusal(LearnerOptions, inner_steps=2.5) == "inner_steps is 2.5; it must be a whole number."


def test_a_fusion_that_a_learner_does_not_have_is_refused():
    text = refusal(make, "r2d2", nn.Identity(), 8, 5, source_dims=[SOURCE], fusion="am3")
    assert_one_sentence(text)
    assert "'am3'; it takes them in by pseudo-shots, film" in text


@pytest.mark.parametrize("name", LEARNERS)
def test_what_a_learner_costs_is_said_by_comparison(name: str) -> None:
    """Minutes and hours depend on data and machine: the estimate beside the button says them."""
    assert not re.search(r"\b(hour|minute|day)s?\b", LEARNERS[name].cost)


def test_an_option_that_another_learner_has_always_names_that_learner():
    assert refusal(check_options, "maml", {"first_order": True}).endswith("choose the learner 'fomaml', which is that.")
    assert refusal(check_options, "fomaml", {"first_order": False}).endswith("choose the learner 'maml', which is that.")
    assert refusal(check_options, "fomaml", {"first_order": True}).endswith("it has that always, so leave it out.")


@pytest.mark.parametrize(("name", "option"), [(entry.name, option) for entry in ENTRIES for option in entry.least])
def test_a_learner_that_learns_by_steps_takes_one_at_least(name, option):
    least = LEARNERS[name].least[option]
    assert_one_sentence(refusal(check_options, name, {option: least - 1}))
    assert getattr(check_options(name, {option: least}), option) == least
    assert least > RANGES[option][0], "what LearnerOptions refuses anyway is not said twice"


def test_of_a_learner_that_reads_no_metadata_nobody_is_told_of_fusions():
    text = refusal(make, "chance", nn.Identity(), 8, 5, source_dims=[SOURCE], fusion="film")
    assert_one_sentence(text)
    assert "reads no metadata; leave the sources out" in text and "none" not in text
