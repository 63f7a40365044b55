"""Training by classes: a backbone from the cross-entropy over all meta-train classes, without meta-learning."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.data.dataset import Dataset
from metadash.runs.device import place_of
from metadash.specs.run import BackboneSpec
from metadash.training.lessons.lessons import Lessons

SHIFT = 14
"""An image moves by up to a fourteenth of its side: by two of 28 pixels."""

MANY_CLASSES, SCALES = 200, (2.0, 10.0)
"""The cosine head's scale for up to so many classes, and for more: its authors'."""


class Classes(Lessons):
    """Examples of meta-train classes, of which a head for all these classes must say the class: cross-entropy, no tasks, no learning to
    learn (the training stage of Baseline and Baseline++, Chen et al. 2019).

    A batch is as large as an episode, so that both cost the same; each example comes once before any comes again. The head is linear,
    or where the distance is *cosine* that of Baseline++. Images are shifted at random, edges repeated; they are neither flipped nor
    turned, since that makes another class of a character.
    """

    def __init__(self, spec: BackboneSpec, network: nn.Module, dim: int, dataset: Dataset, inputs: np.ndarray):
        super().__init__(spec, network, dim, dataset, inputs)
        members = dataset.split(spec.split)["train"]
        self.rows = np.flatnonzero(np.isin(dataset.class_of, members))
        self.target = np.searchsorted(np.sort(members), dataset.class_of[self.rows])
        self.images = dataset.modality.parts == "pixels" and not spec.reads
        make = CosineHead if spec.distance == "cosine" else nn.Linear
        self.head = make(dim, len(members)).to(place_of(network))
        self.order = self.generator.permutation(len(self.rows))

    def parameters(self) -> list[nn.Parameter]:
        return [*self.network.parameters(), *self.head.parameters()]

    def loss(self, step: int) -> Tensor:
        size = min(self.spec.batch, len(self.rows))
        if len(self.order) < size:
            self.order = np.concatenate([self.order, self.generator.permutation(len(self.rows))])
        chosen, self.order = self.order[:size], self.order[size:]
        batch = self.inputs[self.rows[chosen]]
        if self.images:
            batch = shifted(batch, self.generator)
        there = place_of(self.network)
        scores = self.head(self.network(torch.from_numpy(np.ascontiguousarray(batch)).to(there)))
        return F.cross_entropy(scores, torch.from_numpy(self.target[chosen]).to(there))


class CosineHead(nn.Module):
    """Baseline++'s: a direction and a length a class (Salimans & Kingma 2016), inputs of length one, a fixed scale."""

    def __init__(self, dim: int, n_classes: int):
        super().__init__()
        self.direction = nn.Parameter(nn.Linear(dim, n_classes, bias=False).weight.detach())
        self.length = nn.Parameter(self.direction.detach().norm(dim=1))
        self.scale = SCALES[n_classes > MANY_CLASSES]

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * F.normalize(x, dim=1) @ (self.length[:, None] * F.normalize(self.direction, dim=1)).mT


def shifted(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Images [B, H, W, ...] each moved by a draw of its own, up and down and sideways; what comes in repeats the edge."""
    places = []
    for side in images.shape[1:3]:
        moved = generator.integers(-(side // SHIFT), side // SHIFT, len(images), endpoint=True)
        places.append((np.arange(side) + moved[:, None]).clip(0, side - 1))
    down, across = places
    return images[np.arange(len(images))[:, None, None], down[:, :, None], across[:, None, :]]
