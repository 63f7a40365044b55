"""ProtoMAML (Triantafillou et al. 2020, *Meta-Dataset*, section 3).

A prototypical network is a linear classifier, −‖q − p_c‖² = 2p_c·q − ‖p_c‖² + (the same for all classes), so MAML's head can start
as one: W_c = 2p_c, b_c = −‖p_c‖² from the support's own prototypes. Then MAML's inner steps adapt backbone and head together, and
the outer gradient also flows through the prototypes. No head is learned, so any number of ways will do.
"""

from typing import Unpack

import torch
from torch import nn

from metadash.errors import BadInput
from metadash.learners.core.adapting import ANCHOR, STRENGTH, AdaptingLearner, prototype_head
from metadash.learners.core.anchored import with_unknown
from metadash.learners.core.constructors import Inner
from metadash.learners.core.inner_loop import HEAD_BIAS, HEAD_WEIGHT, SUPPORT, Parameters, film_of
from metadash.learners.core.task_batch import Examples
from metadash.learners.maml import GradientDescent
from metadash.learners.prototypical import pseudo_shot_prototype


class ProtoMAML(AdaptingLearner):
    """Metadata enters the prototypes as κ pseudo-shots at μ, exactly as in ``PrototypicalNetwork``.

    The learned scale s of the distances starts at the paper's 1: W_c = 2s·p_c, b_c = −s‖p_c‖². ``n_way`` is not needed, and not
    looked at.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int | None = None,
        inner_steps: int = 5,
        inner_lr: float = 0.01,
        **inner: Unpack[Inner],
    ):
        super().__init__(backbone, dim, None, inner_steps, **inner)
        self.inner_lr = inner_lr
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.add_anchors()

    def adapted(self) -> Parameters:
        return self.network.parameters()

    def begin(self, examples: Examples, own: Parameters) -> Parameters:
        start = self.adapted()
        if len(examples.x):
            features, film = self.network.embed(start, examples.x), film_of(own, SUPPORT)
            features = features if film is None else film.of(features)
            prototypes = examples.class_mean(features)  # [N, D]
        elif ANCHOR in own:
            prototypes = torch.zeros_like(own[ANCHOR])
        else:
            raise BadInput(
                "ProtoMAML makes its head from the support or from metadata, and this task has neither; give it a shot."
            )
        if ANCHOR in own:
            strength = with_unknown(own[STRENGTH], examples.counts)
            prototypes = pseudo_shot_prototype(prototypes, examples.counts, own[ANCHOR], strength)
        weight, bias = prototype_head(prototypes, self.log_scale.exp())
        return start | {HEAD_WEIGHT: weight, HEAD_BIAS: bias}

    def rule(self) -> GradientDescent:
        return GradientDescent(self.inner_lr)
