"""One place decides where networks are computed; what it decides is in every digest and environment. No card is needed to test it:
torch's *meta* device, which computes nothing but refuses to mix with the processor, and the processor itself stand in for one."""

import numpy as np
import pytest
import torch

from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.learners import reptile
from metadash.learners.core import inner_loop
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import LEARNERS, make
from metadash.networks.conv4 import Conv4
from metadash.runs import device, machine
from metadash.runs.kinds import run_digest
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run
from tests.learners.tasks import SOURCE, some_metadata

TRAINED = [name for name, entry in LEARNERS.items() if not entry.reads_inputs and name != "chance"]


@pytest.fixture(autouse=True)
def looked_up_anew():
    device.found.cache_clear()
    yield
    device.found.cache_clear()


@pytest.mark.parametrize(
    ("asked", "card", "torch_version", "expected"),
    [
        ("", True, "2.13.0", "cuda"),
        ("auto", True, "2.13.0+cu130", "cuda"),
        ("auto", True, "2.13.0+cpu", "cpu"),
        ("auto", False, "2.13.0", "cpu"),
        ("cpu", True, "2.13.0", "cpu"),
        ("cuda", False, "2.13.0+cpu", "cuda"),
    ],
)
def test_auto_is_a_card_where_torch_can_use_one_and_the_setting_goes_first(
    asked: str, card: bool, torch_version: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("METADASH_DEVICE", asked)
    monkeypatch.setattr(device, "CARD", tmp_path if card else tmp_path / "none")
    monkeypatch.setattr(device, "version", lambda name: torch_version)
    assert device.chosen() == expected


def test_another_value_and_a_card_that_torch_does_not_see_are_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METADASH_DEVICE", "tpu")
    with pytest.raises(BadInput) as problem:
        device.chosen()
    one_sentence(str(problem.value))
    monkeypatch.setenv("METADASH_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="METADASH_DEVICE=cpu"):
        device.torch_device()


def test_a_run_on_a_card_is_another_run_and_says_so(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the processor in the place of the card the numbers are the same, and nothing of the one passes for the other's."""
    spec = tiny_run(("place",), mode="full", steps=4, evaluation=tiny_evaluation(n_episodes=8))
    here = train(spec, own_workspace)
    monkeypatch.setenv("METADASH_DEVICE", "cuda")
    monkeypatch.setattr(device, "torch_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(machine, "device_name", lambda: "A Card 100")
    monkeypatch.setattr("metadash.training.backbone.torch_device", lambda: torch.device("cpu"))
    there = train(spec, own_workspace)
    assert there.digest == run_digest(spec, open_dataset(own_workspace, "tiny")) != here.digest
    assert (here.about["environment"]["device"], there.about["environment"]["device"]) == ("cpu", "A Card 100")
    assert here.frame("scores").equals(there.frame("scores"))
    np.testing.assert_array_equal(here.array("embeddings"), there.array("embeddings"))


def test_on_a_processor_the_digest_says_nothing_of_it(own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset(own_workspace, "tiny")
    monkeypatch.setenv("METADASH_DEVICE", "cpu")
    assert device.marked("a version") == "a version"
    plain = run_digest(tiny_backbone(), dataset)
    monkeypatch.setenv("METADASH_DEVICE", "cuda")
    assert run_digest(tiny_backbone(), dataset) != plain


OFFERED = [(name, True) for name in TRAINED if "pseudo-shots" in LEARNERS[name].fusions or LEARNERS[name].needs_metadata]
OFFERED += [(name, False) for name in TRAINED if not LEARNERS[name].needs_metadata]


@pytest.mark.parametrize(("name", "metadata"), OFFERED)
def test_a_learner_makes_nothing_of_its_own_elsewhere_than_it_lies(
    name: str, metadata: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (inner_loop, reptile):
        monkeypatch.setattr(module, "check", lambda *values: None)  # looks at numbers, of which there are none
    sources = {"source_dims": [SOURCE], "fusion": "pseudo-shots"} if metadata else {}
    made = make(name, Conv4(8), 8, 3, mode="full", **sources).to("meta")
    context = some_metadata(2, 3).to(torch.device("meta")) if metadata else None
    support, query = torch.zeros(2, 3, 2, 16, 16, device="meta"), torch.zeros(2, 6, 16, 16, device="meta")
    target = torch.zeros(2, 6, dtype=torch.long, device="meta")
    batch = TaskBatch.by_class(support, query, context, target)
    loss = made.loss(batch)
    loss.backward()
    assert loss.device.type == "meta"
    with torch.no_grad():
        assert made.eval()(batch).device.type == "meta"


def test_a_module_comes_back_whatever_happens_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "torch_device", lambda: torch.device("cpu"))
    module, moves = torch.nn.Linear(2, 2), []
    monkeypatch.setattr(module, "to", moves.append)
    with pytest.raises(KeyError), device.on_the_device(module):
        raise KeyError
    assert moves == [torch.device("cpu"), "cpu"]
