"""Large images are learned from within the memory and the time that are there, and where they cannot be, a sentence says so beforehand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.networks.conv4 import MOST_PLACES, Conv4, at_most
from metadash.runs import memory
from metadash.runs.estimate import from_scratch
from metadash.runs.kinds import facts_of
from metadash.runs.memory import check_room
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.specs.builder import run_for
from metadash.specs.defaults import TASK_PIXELS, USUAL_BACKBONE, backbone_numbers
from metadash.training.evaluate import EMBED_BATCH, PIXELS_AT_ONCE, embed
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Workspace]:
    workspace = Workspace(tmp_path_factory.mktemp("photos"))
    return write_photos(workspace), workspace


@pytest.mark.parametrize(
    ("shape", "at_once"), [((28, 28), EMBED_BATCH), ((96, 128, 3), 6), ((256, 256, 3), 1), ((12,), EMBED_BATCH)]
)
def test_images_are_embedded_a_few_at_a_time_the_fewer_the_larger(shape: tuple[int, ...], at_once: int) -> None:
    seen: list[torch.Size] = []

    class Mean(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x.shape)
            return x.float().flatten(1).mean(dim=1, keepdim=True)

    inputs = np.random.default_rng(0).integers(0, 255, (at_once + 2, *shape), dtype=np.uint8)
    found = embed(Mean(), inputs, np.arange(len(inputs))[::-1])
    assert np.allclose(found[:, 0], inputs.reshape(len(inputs), -1).mean(axis=1)[::-1], rtol=1e-5)
    assert seen[0][0] == at_once and sum(block[0] for block in seen) == len(inputs)
    assert len(shape) < 2 or all(block[:3].numel() <= PIXELS_AT_ONCE for block in seen)


def test_features_of_large_images_grow_no_further_and_are_means_of_the_textbook_s() -> None:
    network, image = Conv4(4, 3).eval(), torch.randint(0, 255, (1, 160, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert network(image).shape[1] == 4 * MOST_PLACES * 4
        assert Conv4(4, 3).eval()(torch.zeros(1, 256, 256, 3)).shape[1] == 4 * MOST_PLACES**2
    maps = torch.rand(2, 4, 10, 4)
    assert torch.allclose(at_most(5, maps), maps.view(2, 4, 5, 2, 4).mean(3)) and at_most(5, maps[:, :, :5]).shape[-2:] == (5, 4)


@pytest.mark.parametrize("side", [28, 84, 128, 200, 256])
def test_a_backbone_s_training_task_has_fewer_images_where_they_are_large(side: int) -> None:
    splits = [{"train": np.arange(30), "validation": np.arange(30, 40)}]
    found = backbone_numbers(splits, np.full(40, 50), (side, side, 3))
    usual = {name: getattr(USUAL_BACKBONE, name) for name in found}
    assert (found == usual) == (side <= 128)
    assert found["n_way"] * (found["n_shot"] + found["n_query"]) * side**2 <= TASK_PIXELS
    assert found["n_way"] >= 10 and found["n_query"] >= 1
    assert backbone_numbers(splits, np.full(40, 50), (side * side,)) == usual, "a vector has no pixels"


def test_the_estimate_grows_with_pixels_and_not_with_colours() -> None:
    spec = tiny_backbone(episodes=1000)
    small, large, colour = (from_scratch(spec, 0, *shape) for shape in [(28, 28), (280, 28), (28, 280, 3)])
    step = from_scratch(spec, 0, 1, 1)
    assert (large - step) / (small - step) == pytest.approx(10, rel=0.02) and large == colour


def room(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> None:
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes * 1e9))


def test_a_training_step_that_the_machine_cannot_hold_is_refused_before_it_begins(
    photos: tuple[Dataset, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, workspace = photos
    room(monkeypatch, 0.05)
    spec = run_for(data, width=32, n_episodes=30, shots=(1, 2), backbone_episodes=5)
    with pytest.raises(
        BadInput, match=r"reads \d+ images of 96 × 128 pixels and needs about .* scale the images down"
    ) as refusal:
        train(spec, workspace)
    assert "a narrower backbone (width is 32)" in one_sentence(refusal.value)
    check_room(replace(spec, backbone=replace(spec.backbone, width=4)), data)
    check_room(replace(spec.backbone, width=4, n_way=5, n_query=1), data)
    room(monkeypatch, 1000)
    check_room(spec.backbone, data)


def test_gradients_through_inner_steps_hold_every_step_and_frozen_backbones_nothing() -> None:
    tests = tiny_evaluation(shots=(1, 4), n_query=3, ways=())  # 5-way: 20 and 15 images

    def step(spec: Spec) -> tuple[int, int] | None:
        found = facts_of(spec).step(spec)
        return found and (found.inputs, found.held)

    full = {"mode": "full", "evaluation": tests}
    assert step(tiny_run(**full)) == (35, 35)
    assert step(tiny_run(learner="maml", options=(("inner_steps", 3),), **full)) == (35, 75)
    assert step(tiny_run(learner="fomaml", options=(("inner_steps", 3),), **full)) == (35, 20)
    assert step(tiny_run(evaluation=tests)) is None
    assert step(tiny_backbone(n_way=4, n_query=2)) == (12, 12)


def test_gradients_go_through_the_averaging_twice_as_an_inner_loop_needs() -> None:
    maps = torch.rand(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: at_most(2, x).square(), maps)
