"""A backbone learns from episodes, or from all training classes at once by cross-entropy; either is kept by how well it tells validation classes apart."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from metadash.answers.stored_arms import names_of, stored_arms
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.kinds import from_plain, run_digest
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.training.lessons.classes import SHIFT, Classes, CosineHead, shifted
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_backbone, tiny_run, write_sentences, write_vectors


class Seen(nn.Module):
    """A network that keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.batches = nn.Linear(1, 4), []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.batches.append(x.clone())
        return self.network(x.flatten(1).float().mean(dim=1, keepdim=True))


def lessons(data: Dataset, **changes) -> tuple[Classes, Seen]:
    network, spec = Seen(), tiny_backbone(trained_on="classes", **changes)
    torch.manual_seed(0)
    return Classes(spec, network, 4, data, np.asarray(data.inputs)), network


def test_every_example_of_the_training_classes_comes_once_before_any_comes_again_and_no_other_comes(tiny: Dataset) -> None:
    made, network = lessons(tiny)
    made.images = False
    made.inputs = np.arange(len(tiny.class_of))[:, None]
    rows = np.flatnonzero(np.isin(tiny.class_of, tiny.split("family-0")["train"]))
    steps = len(rows) // made.spec.batch + 1
    for step in range(1, steps + 1):
        made.loss(step)
    came = torch.cat(network.batches).flatten().numpy()
    assert len(came) == steps * made.spec.batch > len(rows)
    assert sorted(came[: len(rows)]) == sorted(rows)


def test_the_loss_is_the_cross_entropy_over_all_training_classes(tiny: Dataset) -> None:
    made, network = lessons(tiny)
    made.images = False
    chosen = made.rows[made.order[: made.spec.batch]]
    loss, members = made.loss(1), sorted(tiny.split("family-0")["train"])
    scores = made.head(network.network(network.batches[0].flatten(1).float().mean(dim=1, keepdim=True)))
    target = torch.tensor([members.index(c) for c in tiny.class_of[chosen]])
    torch.testing.assert_close(loss, F.cross_entropy(scores, target))
    assert scores.shape == (10 * 4, len(members))


def test_images_are_shifted_each_by_itself_by_up_to_a_fourteenth_of_their_side_and_edges_repeat() -> None:
    image = np.arange(28 * 28, dtype=np.int64).reshape(1, 28, 28).repeat(400, axis=0)
    moved = shifted(image, np.random.default_rng(0))
    down, across = moved[:, 14, 14] // 28 - 14, moved[:, 14, 14] % 28 - 14
    assert set(down) == set(across) == {-2, -1, 0, 1, 2} and 28 // SHIFT == 2 and abs(np.corrcoef(down, across)[0, 1]) < 0.2
    far = moved[(down == 2) & (across == 0)][0]
    assert (
        np.array_equal(far[:26], image[0, 2:]) and np.array_equal(far[26], image[0, 27]) and np.array_equal(far[27], image[0, 27])
    )
    colour = np.stack([image[:5]] * 3, axis=-1)
    assert np.array_equal(shifted(colour, np.random.default_rng(1))[..., 2], shifted(image[:5], np.random.default_rng(1)))


def test_only_images_are_shifted(tiny: Dataset, tmp_path) -> None:
    assert lessons(tiny)[0].images
    vectors = write_vectors(Workspace(tmp_path / "w"))
    spec = run_for(vectors, backbone="mlp", backbone_training="classes").backbone
    assert not Classes(spec, Seen(), 4, vectors, np.asarray(vectors.inputs)).images


def test_the_cosine_head_starts_as_its_authors_layer_and_leaves_scale_to_the_number_of_classes() -> None:
    head, x = CosineHead(6, 5), torch.randn(3, 6)
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 5, bias=False), dim=0)
    layer.parametrizations.weight.original1.data = head.direction.data
    layer.parametrizations.weight.original0.data = head.length.data[:, None]
    torch.testing.assert_close(head(x), 2 * layer(F.normalize(x, dim=1)))
    assert (CosineHead(6, 200).scale, CosineHead(6, 201).scale) == (2.0, 10.0)


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_a_backbone_trained_on_classes_tells_new_classes_apart(tiny_workspace: Workspace, distance: str) -> None:
    run = train(tiny_backbone(trained_on="classes", distance=distance, episodes=120), tiny_workspace)
    untrained = train(tiny_backbone(trained_on="classes", distance=distance, episodes=1, learning_rate=1e-7), tiny_workspace)
    assert run.summary["validation_accuracy"] > untrained.summary["validation_accuracy"] + 10
    assert run.history()["loss"].dropna().iloc[-1] < run.history()["loss"].dropna().iloc[0]


def test_how_a_backbone_is_trained_makes_another_run_and_says_so_wherever_it_is_named(own_workspace: Workspace) -> None:
    data = Dataset.open(own_workspace, "tiny")
    either = [tiny_run(backbone=tiny_backbone(trained_on=what)) for what in ("episodes", "classes")]
    assert run_digest(either[0], data) != run_digest(either[1], data)
    assert either[1].backbone.title == "Conv-4-8 trained on classes" and either[0].backbone.title == "Conv-4-8"
    for run in either:
        train(run, own_workspace)
    arms = stored_arms(RunStore(own_workspace).runs())[0]
    names = set(names_of(arms).values())
    assert names == {"no metadata, backbone trained on episodes", "no metadata, backbone trained on classes"}


def test_a_spec_that_says_nothing_of_it_is_spelled_as_before_and_one_that_does_is_read_again() -> None:
    assert "trained_on" not in plain(tiny_backbone())
    spec = tiny_backbone(trained_on="classes")
    assert from_plain("backbone", plain(spec)) == spec and from_plain("backbone", plain(tiny_backbone())) == tiny_backbone()


def test_the_choice_is_kept_by_the_choices_of_a_spec_and_refused_where_nothing_is_trained(tmp_path) -> None:
    workspace = Workspace(tmp_path / "w")
    vectors, sentences = write_vectors(workspace), write_sentences(workspace)
    found = run_for(vectors, backbone="mlp", backbone_training="classes").backbone
    assert found.trained_on == "classes" and run_for(vectors, **found.choices).backbone == found
    for data, backbone in ((vectors, "none"), (sentences, "tfidf")):
        with pytest.raises(BadInput, match=f"backbone_training would be ignored by the backbone '{backbone}'") as refused:
            run_for(data, backbone=backbone, backbone_training="classes")
        one_sentence(refused.value)
    with pytest.raises(BadInput, match="backbone_training would be ignored by the learner 'chance'"):
        run_for(vectors, backbone="mlp", backbone_training="classes", learner="chance")
    assert run_for(vectors, backbone="mlp", backbone_training="episodes", learner="chance").backbone.trained_on == "episodes"
    with pytest.raises(BadInput, match="trained_on"):
        run_for(vectors, backbone="mlp", backbone_training="sentences")
