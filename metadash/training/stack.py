"""Many anchor networks as one: their parameters stacked, so that a step of all of them is a few large matrix products.

Every head reads its own subset of the *inputs* (a source, real or falsified). A head's numbers are those it would have alone: nothing
is shared between heads but the tasks and the positions at which dropout strikes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedSource

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class HeadInputs:
    """The inputs that heads read: ``vectors`` one [C, d] each, ``present`` [C, U] as 0 or 1. ``place`` [A, U] is an input's place
    among those of a head, −1 where the head does not read it."""

    vectors: list[Tensor]
    present: Tensor
    place: np.ndarray


def inputs_of(heads: Sequence[Sequence[EncodedSource]]) -> HeadInputs:
    """The different encoded sources among those of all heads; the same one object is the same input."""
    different = {id(source): source for head in heads for source in head}
    column = {identity: u for u, identity in enumerate(different)}
    place = np.full((len(heads), len(different)), -1)
    for a, head in enumerate(heads):
        place[a, [column[id(source)] for source in head]] = np.arange(len(head))
    present = np.stack([source.present for source in different.values()], axis=1)
    return HeadInputs(
        [torch.from_numpy(source.vectors) for source in different.values()], torch.from_numpy(present).float(), place
    )


class HeadStack:
    """The heads ``heads`` [A] (numbers that outlive the leaving of others) with their stacked parameters.

    ``parameters`` by the names of the learner's own, each [A, ...], and for input u ``input.u.weight`` [A_u, hidden, d] and
    ``input.u.bias`` [A_u, hidden] of the heads that read it.
    """

    def __init__(self, inputs: HeadInputs, parameters: Parameters, heads: np.ndarray):
        self.inputs, self.heads = inputs, heads
        self.parameters = {name: value.requires_grad_() for name, value in parameters.items()}
        reads = inputs.place[heads] >= 0
        self.used = np.flatnonzero(reads.any(axis=0)).tolist()
        self.readers = {u: torch.from_numpy(np.flatnonzero(reads[:, u])) for u in self.used}
        self.reads = torch.from_numpy(reads).float()

    def __len__(self) -> int:
        return len(self.heads)

    def rows_of(self, name: str) -> np.ndarray:
        """The head that each row of a parameter belongs to."""
        return self.heads[self.readers[int(name.split(".")[1])].numpy()] if name.startswith("input.") else self.heads

    def anchors(self, classes: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """μ [A, T, D] and κ [A, T] of ``classes`` [T]; ``kept`` [T, hidden] is dropout's mask, scaled."""
        present = self.inputs.present[classes]  # [T, U]
        hidden_dim = self.parameters["anchor.weight"].shape[-1]
        total = torch.zeros(len(classes), len(self), hidden_dim)
        for u in self.used:
            weight, bias = self.parameters[f"input.{u}.weight"], self.parameters[f"input.{u}.bias"]
            found = torch.addmm(bias.flatten(), self.inputs.vectors[u][classes], weight.flatten(0, 1).T)
            found = found.view(len(classes), *bias.shape)
            if not present[:, u].all():
                found = found * present[:, u, None, None]
            total.index_add_(1, self.readers[u], found)
        count = present @ self.reads.T  # [T, A]
        hidden = F.relu(total * (1 / count.clamp(min=1))[..., None])
        if kept is not None:
            hidden = hidden * kept[:, None]
        hidden = hidden.transpose(0, 1)  # [A, T, hidden]
        anchor = torch.baddbmm(self.parameters["anchor.bias"][:, None], hidden, self.parameters["anchor.weight"].mT)
        strength = torch.baddbmm(self.parameters["strength.bias"][:, None], hidden, self.parameters["strength.weight"].mT)
        return anchor, F.softplus(strength).squeeze(-1) * (count.T > 0)

    def loss(self, mean: Tensor, shots: int, query: Tensor, classes: Tensor, distance: str, kept: Tensor | None = None) -> Tensor:
        """Each head's mean cross-entropy [A] on tasks with visual prototypes ``mean`` [B, N, D] of ``shots`` examples.

        ``query`` [B, N·Q, D], the queries of a class together; ``classes`` [B, N].
        """
        tasks, n_way, dim = mean.shape
        anchor, strength = self.anchors(classes.flatten(), kept)
        share = (strength / (shots + strength)).view(-1, tasks, n_way, 1)
        prototypes = torch.lerp(mean, anchor.view(-1, tasks, n_way, dim), share)
        prototypes = prototypes.permute(1, 2, 0, 3)  # [B, N, A, D]
        scale = self.parameters["log_scale"].exp()
        if distance == "cosine":
            query = F.normalize(query, dim=-1)
            logits = query @ (scale[:, None] * F.normalize(prototypes, dim=-1)).reshape(tasks, -1, dim).mT
        else:  # −squared distance, but for the query's own square, which all classes share
            square = (scale * prototypes.square().sum(dim=-1)).view(tasks, 1, -1)
            logits = torch.baddbmm(square, query, (scale[:, None] * prototypes).reshape(tasks, -1, dim).mT, beta=-1, alpha=2)
        # classes before heads: the softmax then runs over whole vectors of heads
        log_p = F.log_softmax(logits.view(tasks, -1, n_way, len(self)), dim=2).view(tasks, n_way, -1, n_way, len(self))
        return -log_p.diagonal(dim1=1, dim2=3).mean(dim=(0, 1, 3))

    def without(self, leaving: np.ndarray) -> "HeadStack":
        """The stack of the heads that stay."""
        kept = {name: value.detach()[keep] for name, value in self.parameters.items() if len(keep := self.staying(name, leaving))}
        return HeadStack(self.inputs, kept, self.heads[~np.isin(self.heads, leaving)])

    def staying(self, name: str, leaving: np.ndarray) -> Tensor:
        """The rows of a parameter that belong to heads that stay."""
        return torch.from_numpy(np.flatnonzero(~np.isin(self.rows_of(name), leaving)))

    def snapshot(self) -> Parameters:
        return {name: value.detach().clone() for name, value in self.parameters.items()}


def stack_learners(learners: Sequence[PrototypicalNetwork], inputs: HeadInputs) -> HeadStack:
    """One stack with the weights of these learners, learner a reading the inputs that row a of ``inputs.place`` names."""
    common = [dict(learner.anchors.named_parameters()) for learner in learners]
    parameters: Parameters = {
        name: torch.stack([own[name].detach() for own in common])
        for name in ("anchor.weight", "anchor.bias", "strength.weight", "strength.bias")
    }
    parameters["log_scale"] = torch.stack([learner.log_scale.detach() for learner in learners])
    for u, place in enumerate(inputs.place.T):
        for part in ("weight", "bias"):
            own = [common[a][f"sources.{place[a]}.{part}"].detach() for a in np.flatnonzero(place >= 0)]
            parameters[f"input.{u}.{part}"] = torch.stack(own)
    return HeadStack(inputs, parameters, np.arange(len(learners)))
