"""What every learner over embeddings shares when metadata speak of its classes: an anchor μ and a strength κ of each class.

μ says where the class should lie, κ how many labelled examples that is worth. Each learner takes them in where its paper takes in
examples: as part of the prototype, as one more key, as a weighted row. Where κ = 0 each is its plain self, to the last bit.
"""

from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from metadash.errors import BadInput
from metadash.learners.core.base import EmbeddingLearner
from metadash.networks.anchors import AnchorNetwork, ConvexGate, MetadataContext

Fusion = Literal["none", "pseudo-shots", "am3"]
Prior = tuple[Tensor, Tensor]
"""μ [B, N, D] and κ [B, N] ≥ 0."""


class AnchoredLearner(EmbeddingLearner):
    """An EmbeddingLearner that reads metadata, unless ``fusion`` is "none".

    ``source_dims`` are the widths of the metadata sources; ``dropout`` is the anchor network's. ``options`` are those of ``prepare``.
    """

    fusions: ClassVar[tuple[str, ...]] = ("none", "pseudo-shots")

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        source_dims: list[int] | None = None,
        fusion: Fusion = "none",
        *,
        dropout: float = 0.5,
        **options: Any,
    ):
        super().__init__(backbone, dim)
        if fusion not in self.fusions:
            raise BadInput(f"{type(self).__name__} has no fusion '{fusion}'; give it {' or '.join(self.fusions)}.")
        self.fusion = fusion
        if fusion != "none":
            self.anchors = AnchorNetwork(source_dims or [], dim, dropout=dropout)
        if fusion == "am3":
            self.gate = ConvexGate(dim, dropout=dropout)
        self.prepare(**options)

    def prepare(self) -> None:
        """What the learner has beside its anchors, from the options of its own."""

    def prior(self, context: MetadataContext | None) -> Prior | None:
        """μ and κ of the classes; None for a learner, or a batch, without metadata."""
        return None if self.fusion == "none" or context is None else self.anchors(context)
