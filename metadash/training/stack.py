"""Many anchor networks as one: their parameters stacked, so that a step of all of them is a few large matrix products.

A stack is a rectangle of heads: *lanes*, each with its own training tasks (one a seed), by *arms*, each with its own subset of the
inputs (a source, real or falsified). A head's numbers are those it would have alone: it shares nothing with the others of its lane but
the tasks and the positions at which dropout strikes, and all is computed in double precision, since training multiplies rounding
errors, those of single precision (which depend on the heads beside it) up to half a point of accuracy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from metadash.learners.core.anchored import anchor_share, with_unknown
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedSource

Parameters = dict[str, Tensor]
COMMON = ("anchor.weight", "anchor.bias", "strength.weight", "strength.bias")


@dataclass(frozen=True)
class HeadInputs:
    """The inputs that heads read. Sources that are always read together are one input, so that a step is as few products as can be.

    ``tables`` one [S, C, d + n] an input: the d numbers of its n sources for every lane and class, 0 where a source is absent, then
    whether each is there (its bias's factor). ``widths`` are the numbers of each of its sources; ``places`` [A, ...] where among
    the sources of an arm they stand; ``reads`` [A, U] whether an arm reads an input; ``there`` [S, C, U] how many of an input's
    sources a class has.
    """

    tables: list[Tensor]
    widths: list[list[int]]
    places: list[dict[int, list[int]]]
    reads: np.ndarray
    there: Tensor


def inputs_of(lanes: Sequence[Sequence[Sequence[EncodedSource]]]) -> HeadInputs:
    """Of the encoded sources of every lane's arms, the same structure in each lane; the same one object is the same source."""
    first = lanes[0]
    readers: dict[int, list[int]] = {}
    for a, arm in enumerate(first):
        for source in arm:
            readers.setdefault(id(source), []).append(a)
    inputs: dict[tuple[int, ...], list[tuple[int, int]]] = {}  # by who reads: (an arm that does, the source's place in it)
    for a, arm in enumerate(first):
        for p, source in enumerate(arm):
            if readers[id(source)][0] == a:
                inputs.setdefault(tuple(readers[id(source)]), []).append((a, p))
    reads = np.zeros((len(first), len(inputs)), dtype=bool)
    tables, widths, places, there = [], [], [], []
    for u, (arms, members) in enumerate(inputs.items()):
        reads[list(arms), u] = True
        tables.append(torch.stack([table_of([lane[a][p] for a, p in members]) for lane in lanes]))
        widths.append([first[a][p].vectors.shape[1] for a, p in members])
        sources = [first[a][p] for a, p in members]
        places.append({a: [place_of(source, first[a]) for source in sources] for a in arms})
        there.append(tables[-1][..., -len(members) :].sum(dim=-1))
    return HeadInputs(tables, widths, places, reads, torch.stack(there, dim=-1))


def place_of(source: EncodedSource, arm: Sequence[EncodedSource]) -> int:
    return next(p for p, other in enumerate(arm) if other is source)


def table_of(sources: Sequence[EncodedSource]) -> Tensor:
    """[C, d + n] float64."""
    there = np.stack([source.present for source in sources], axis=1).astype(float)
    vectors = [np.where(source.present[:, None], source.vectors, 0.0) for source in sources]
    return torch.from_numpy(np.concatenate([*vectors, there], axis=1))


class HeadStack:
    """The heads ``lanes`` [S] × ``arms`` [A] (numbers that outlive the leaving of others) with their stacked parameters.

    ``parameters`` by the names of the learner's own, each [S, A, ...], and for input u ``input.u`` [S, A_u, hidden, d + n], the weights
    and biases of the sources in it, of the arms that read it.
    """

    def __init__(self, inputs: HeadInputs, parameters: Parameters, lanes: np.ndarray, arms: np.ndarray):
        self.inputs, self.lanes, self.arms = inputs, lanes, arms
        self.parameters = {name: value.requires_grad_() for name, value in parameters.items()}
        reads = inputs.reads[arms]
        self.used = np.flatnonzero(reads.any(axis=0)).tolist()
        self.readers = {u: torch.from_numpy(np.flatnonzero(reads[:, u])) for u in self.used}
        self.reads = torch.from_numpy(reads).double()

    def columns(self, name: str, arms: np.ndarray) -> np.ndarray:
        """The places in a parameter's second dimension of those of some arms that it belongs to."""
        own = self.arms[self.readers[int(name.split(".")[1])].numpy()] if name.startswith("input.") else self.arms
        return np.flatnonzero(np.isin(own, arms))

    def anchors(self, classes: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """μ [S, A, T, D] and κ [S, A, T] of ``classes`` [S, T]; ``kept`` [S, T, hidden] is dropout's mask, scaled."""
        lanes, slots = classes.shape
        chosen = torch.from_numpy(self.lanes)[:, None]
        hidden_dim, n_arms = self.parameters["anchor.weight"].shape[-1], len(self.arms)
        total = torch.zeros(lanes, slots, n_arms, hidden_dim, dtype=torch.float64)
        for u in self.used:
            found = self.inputs.tables[u][chosen, classes] @ self.parameters[f"input.{u}"].flatten(1, 2).mT
            total.index_add_(2, self.readers[u], found.view(lanes, slots, -1, hidden_dim))
        count = self.inputs.there[chosen, classes] @ self.reads.T  # [S, T, A]
        hidden = F.relu(total * (1 / count.clamp(min=1))[..., None])
        if kept is not None:
            hidden = hidden * kept[:, :, None]
        hidden = hidden.transpose(1, 2).flatten(0, 1)  # [S·A, T, hidden]
        own = {name: self.parameters[name].flatten(0, 1) for name in COMMON}
        anchor = torch.baddbmm(own["anchor.bias"][:, None], hidden, own["anchor.weight"].mT)
        strength = torch.baddbmm(own["strength.bias"][:, None], hidden, own["strength.weight"].mT)
        strength = F.softplus(strength).squeeze(-1).view(lanes, n_arms, slots) * (count.mT > 0)
        return anchor.view(lanes, n_arms, slots, -1), strength

    def loss(
        self, mean: Tensor, shots: Tensor, query: Tensor, classes: Tensor, distance: str, kept: Tensor | None = None
    ) -> Tensor:
        """Each head's mean cross-entropy [S, A] on tasks with visual prototypes ``mean`` [S, B, N, D] of ``shots`` [S] examples.

        ``query`` [S, B, N·Q, D], the queries of a class together; ``classes`` [S, B, N].
        """
        lanes, tasks, n_way, dim = mean.shape
        n_arms = len(self.arms)
        anchor, strength = self.anchors(classes.flatten(1), kept)
        strength = strength.view(lanes, n_arms, tasks, n_way, 1)
        examples = shots[:, None, None, None, None]
        if not shots.all():
            strength = with_unknown(strength.squeeze(-1), examples.squeeze(-1))[..., None]
        share = anchor_share(strength, examples)
        prototypes = torch.lerp(mean[:, None], anchor.view(lanes, n_arms, tasks, n_way, dim), share)
        prototypes = prototypes.permute(0, 2, 3, 1, 4).flatten(0, 1)  # [S·B, N, A, D]
        scale = self.parameters["log_scale"].exp().repeat_interleave(tasks, dim=0)[:, None, :, None]  # [S·B, 1, A, 1]
        query = query.flatten(0, 1)
        if distance == "cosine":
            query = F.normalize(query, dim=-1)
            logits = (scale * F.normalize(prototypes, dim=-1)).flatten(1, 2) @ query.mT
        else:  # −squared distance, but for the query's own square, which all classes share
            square = (scale * prototypes.square().sum(dim=-1, keepdim=True)).flatten(1, 2)
            logits = torch.baddbmm(square, (scale * prototypes).flatten(1, 2), query.mT, beta=-1, alpha=2)
        logits = logits.view(lanes, tasks, n_way, n_arms, n_way, -1)  # classes first: sums then run over whole rows of queries
        return torch.logsumexp(logits, dim=2).mean(dim=(1, 3, 4)) - logits.diagonal(dim1=2, dim2=4).mean(dim=(1, 3, 4))

    def part(self, lanes: np.ndarray, arms: np.ndarray) -> "HeadStack":
        """The stack of some of its lanes and arms."""
        kept = {name: self.rows(name, value.detach(), lanes, arms) for name, value in self.parameters.items()}
        return HeadStack(self.inputs, {name: value for name, value in kept.items() if value.shape[1]}, lanes, arms)

    def rows(self, name: str, value: Tensor, lanes: np.ndarray, arms: np.ndarray) -> Tensor:
        """What of a tensor like the parameter ``name`` belongs to some lanes and arms."""
        return value[np.flatnonzero(np.isin(self.lanes, lanes))][:, self.columns(name, arms)]

    def snapshot(self) -> Parameters:
        return {name: value.detach().clone() for name, value in self.parameters.items()}

    def write(self, learner: PrototypicalNetwork, lane: int, arm: int) -> None:
        """Give the head in that place of the rectangle to an ordinary learner, in its single precision."""
        number = int(self.arms[arm])
        own = dict(learner.anchors.named_parameters())
        for name in COMMON:
            own[name].data = self.parameters[name][lane, arm].detach().float()
        learner.log_scale.data = self.parameters["log_scale"][lane, arm].detach().float()
        for u in self.used:
            if number not in self.inputs.places[u]:
                continue
            column = int(self.columns(f"input.{u}", np.array([number]))[0])
            weights = self.parameters[f"input.{u}"][lane, column].detach().float()
            widths, places = self.inputs.widths[u], self.inputs.places[u][number]
            *parts, biases = weights.split([*widths, len(widths)], dim=-1)
            for part, bias, place in zip(parts, biases.T, places, strict=True):
                own[f"sources.{place}.weight"].data = part.contiguous()
                own[f"sources.{place}.bias"].data = bias.contiguous()

    def rounded(self) -> "HeadStack":
        """With the weights that an ordinary learner keeps of it: those of single precision."""
        kept = {name: value.detach().float().double() for name, value in self.parameters.items()}
        return HeadStack(self.inputs, kept, self.lanes, self.arms)


def stack_learners(lanes: Sequence[Sequence[PrototypicalNetwork]], inputs: HeadInputs) -> HeadStack:
    """One stack with the weights of the learners [S][A], arm a reading the inputs that row a of ``inputs.reads`` names."""
    own = [[dict(learner.anchors.named_parameters()) for learner in lane] for lane in lanes]
    parameters: Parameters = {name: nested([[head[name] for head in lane] for lane in own]) for name in COMMON}
    parameters["log_scale"] = nested([[learner.log_scale for learner in lane] for lane in lanes])
    for u, places in enumerate(inputs.places):
        parameters[f"input.{u}"] = nested([[joined(lane[a], places[a]) for a in sorted(places)] for lane in own])
    return HeadStack(inputs, parameters, np.arange(len(lanes)), np.arange(len(lanes[0])))


def joined(head: Mapping[str, Tensor], places: Sequence[int]) -> Tensor:
    """The weights of some sources side by side, and then their biases: [hidden, d + n]."""
    weights = [head[f"sources.{place}.weight"] for place in places]
    biases = torch.stack([head[f"sources.{place}.bias"] for place in places], dim=1)
    return torch.cat([*weights, biases], dim=1)


def nested(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    return torch.stack([torch.stack([value.detach().double() for value in row]) for row in rows])
