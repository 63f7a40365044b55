"""FiLM: metadata scale and shift the features of an instance (Perez et al. 2018), starting from the identity (TADAM: Oreshkin et al. 2018).

``h <- (1 + γ₀·γ(m)) ∘ h + β₀·β(m)``, where m is what the metadata say of the instance, of the task, or of both. The multipliers
γ₀ and β₀ are two numbers that start at zero, so that the learner starts as its plain self to the last bit, and that are penalised,
so that they leave zero only as far as it pays; the authors found this to be what makes conditioning work at all.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.networks.anchors import InstanceMetadata, MetadataContext, SourceReader

PENALTY = 0.01
"""Of γ₀² + β₀² in the loss, beside a cross-entropy of about one. It is no bound on the modulation, since γ and β can grow instead;
it makes leaving zero cost something. On glyphs the shift's multiplier settles at 0.04 to 0.14 with the metadata of fonts, at 0 to
0.04 with their rows shuffled, which then change no accuracy."""


class Modulation(NamedTuple):
    """``scale`` γ₀·γ(m) and ``shift`` β₀·β(m), both [..., D]; a dimension of 1 where all instances of a task are treated alike."""

    scale: Tensor
    shift: Tensor

    def of(self, features: Tensor) -> Tensor:
        """[..., D] to [..., D]: where scale and shift are zero, the features to the last bit."""
        return (1 + self.scale) * features + self.shift

    def rows(self) -> "Modulation":
        """As [R, D], for features in one row an instance."""
        return Modulation(self.scale.flatten(0, -2), self.shift.flatten(0, -2))

    def detach(self) -> "Modulation":
        return Modulation(self.scale.detach(), self.shift.detach())


class FilmNetwork(nn.Module):
    """From a ``MetadataContext`` to the modulation of the support [B, S, D] and of the queries [B, Q, D].

    Sources that describe instances (widths ``instance_dims``) speak of each instance by itself. Sources that describe classes
    (``class_dims``) speak of the task: the mean of what is read of its classes, the same for support and queries, since the class
    of a query is what is asked for. An instance of which nothing is known is not modulated.

    One dropout mask a task: support and queries are read by the same thinned network, else its noise would come between them.
    """

    def __init__(self, class_dims: list[int], instance_dims: list[int], dim: int, hidden: int = 64, dropout: float = 0.5):
        super().__init__()
        self.of_classes = SourceReader(class_dims, hidden, 0.0) if class_dims else None
        self.of_instances = SourceReader(instance_dims, hidden, 0.0) if instance_dims else None
        self.width, self.dropout = hidden, dropout
        self.scale, self.shift = nn.Linear(hidden, dim), nn.Linear(hidden, dim)
        self.scale_multiplier, self.shift_multiplier = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def forward(self, context: MetadataContext) -> tuple[Modulation, Modulation]:
        thinned = F.dropout(self.scale.weight.new_ones(len(context.present), self.width), self.dropout, self.training)
        context = context.flat()
        return self.modulation(context, context.support, thinned), self.modulation(context, context.query, thinned)

    def of_rows(self, read: InstanceMetadata) -> Modulation:
        """[R, ...] instances by themselves to [R, D]: without sources of classes, and in evaluation, no instance depends on its task.

        Raises ValueError where that does not hold.
        """
        if self.of_classes is not None or self.training:
            raise ValueError("what modulates an instance depends on its task here")
        batch = InstanceMetadata([x[None] for x in read.vectors], read.present[None])
        nowhere = MetadataContext([], read.present.new_ones(1, 1, 0))
        return self.modulation(nowhere, batch, self.scale.weight.new_ones(1, self.width)).rows()

    def modulation(self, context: MetadataContext, read: InstanceMetadata | None, thinned: Tensor) -> Modulation:
        """Of instances [B, R, ·]; ``thinned`` [B, H] is the dropout mask."""
        ahead = (len(thinned), 1)
        parts, known = [], []
        if self.of_classes is not None:
            some = context.present.any(dim=-1)  # [B, N]
            summed = (self.of_classes.hidden(context) * some[..., None]).sum(dim=1)
            parts.append((summed / some.sum(dim=1, keepdim=True).clamp(min=1)).view(*ahead, -1))
            known.append(some.any(dim=1).view(*ahead, 1))
        if self.of_instances is not None and read is not None:
            parts.append(self.of_instances.hidden(read))
            known.append(read.present.any(dim=-1, keepdim=True))
        if not parts:
            nothing = thinned.new_zeros(*ahead, self.scale.out_features)
            return Modulation(nothing, nothing)
        sums = [part * here for part, here in zip(parts, known, strict=True)]
        total, count = sums[0], known[0].to(sums[0].dtype)
        for part, here in zip(sums[1:], known[1:], strict=True):
            total, count = total + part, count + here
        hidden = total / count.clamp(min=1) * thinned.view(*ahead, -1)
        return Modulation(
            torch.where(count > 0, self.scale_multiplier * self.scale(hidden), 0.0),
            torch.where(count > 0, self.shift_multiplier * self.shift(hidden), 0.0),
        )

    def penalty(self) -> Tensor:
        return PENALTY * (self.scale_multiplier.square() + self.shift_multiplier.square())
