"""A score of what is not a number is an error, never a fact: 20.0 % [20.0, 20.0] of five ways is what argmax makes of NaN."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.runs.train import train
from metadash.training.backbone import make_backbone
from metadash.training.counting import count_correct, places_of
from metadash.training.evaluate import score
from metadash.training.scorable import scorable, spread_of
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_evaluation, tiny_run, tiny_vectors, write_vectors


@pytest.fixture(scope="module")
def manifest(tiny: Dataset):
    return draw(tiny, replace(tiny_evaluation(), n_episodes=20).episodes("family-0", "test"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_embeddings_that_are_no_numbers_are_not_counted(value: float, tiny: Dataset, manifest) -> None:
    rows = len(tiny.class_of)
    table = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    classes, place = places_of(manifest)
    shots = (1,)

    def count() -> np.ndarray:
        nowhere, share = torch.zeros(1, len(classes), 4), torch.zeros(1, len(shots), len(classes))
        return count_correct(table, np.arange(rows), manifest, shots, nowhere, share, place, "euclidean")

    assert count().shape == (1, 1, len(manifest))
    table[manifest.query[3, 0, 0]] = value
    with pytest.raises(BadInput, match="Some embeddings are not numbers, or too large") as caught:
        count()
    one_sentence(caught.value)


def test_anchors_that_are_no_numbers_are_not_counted(tiny: Dataset, manifest) -> None:
    table = np.ones((len(tiny.class_of), 4), np.float32)
    classes, place = places_of(manifest)
    anchor, share = torch.full((1, len(classes), 4), torch.nan), torch.zeros(1, 1, len(classes))
    with pytest.raises(BadInput, match="What the metadata say of some classes"):
        count_correct(table, np.arange(len(table)), manifest, (1,), anchor, share, place, "euclidean")
    with pytest.raises(BadInput, match="What the metadata say of some classes"):
        count_correct(table, np.arange(len(table)), manifest, (1,), torch.zeros_like(anchor), share / 0, place, "euclidean")


def test_any_learner_s_answers_are_looked_at_before_they_are_counted(tiny: Dataset, manifest) -> None:
    table = np.ones((len(tiny.class_of), 4), np.float32)
    table[manifest.support[0, 0, 0]] = np.nan
    with pytest.raises(BadInput, match="answers to some tasks are not numbers") as caught:
        score(PrototypicalNetwork(nn.Identity(), 4), table, np.arange(len(table)), manifest, (1,), [])
    one_sentence(caught.value)


def test_numbers_pass_as_they_are() -> None:
    logits = torch.tensor([[1.0, -1e30]])
    assert scorable(logits) is logits


def test_inputs_that_are_all_the_same_give_no_embedding_to_count() -> None:
    with pytest.raises(BadInput, match="are all the same; see whether the inputs differ"):
        spread_of(np.ones((5, 3), np.float32))
    with pytest.raises(BadInput, match="are not numbers"):
        spread_of(np.full((5, 3), np.nan, np.float32))


def test_a_backbone_whose_embeddings_are_no_numbers_is_refused_and_nothing_is_stored(tmp_path, monkeypatch) -> None:
    workspace = Workspace(tmp_path / "w")
    write_vectors(workspace, inputs=tiny_vectors())

    class Broken(nn.Module):
        def __init__(self, network: nn.Module):
            super().__init__()
            self.network = network

        def forward(self, inputs: Tensor) -> Tensor:
            found = self.network(inputs)
            return found if self.training else found * torch.nan

    def broken(*arguments):
        network, dim = make_backbone(*arguments)
        return Broken(network), dim

    monkeypatch.setattr("metadash.training.backbone.make_backbone", broken)
    spec = tiny_run(dataset="vectors", backbone=tiny_backbone(dataset="vectors", backbone="mlp", episodes=3))
    with pytest.raises(BadInput, match="not numbers"):
        train(spec, workspace)
    assert not [path for path in workspace.runs.iterdir() if not path.name.startswith(".")]
