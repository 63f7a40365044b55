"""Meta-SGD (Li, Zhou, Chen & Li 2017).

Learn not only where to start but also, for every single parameter, how far and which way to go: θ' = θ − α ∘ ∇L(θ), with a vector
α of the size of θ that the outer loop learns together with θ and that may turn negative. One inner step is often enough.
"""

from typing import Unpack

import torch
from torch import nn

from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.constructors import Inner
from metadash.learners.maml import GradientDescent


class MetaSGD(AdaptingLearner):
    """α starts uniform in ``alpha``, as in the paper; equal ends make it a constant, and the learner MAML at its start."""

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int,
        inner_steps: int = 1,
        alpha: tuple[float, float] = (0.005, 0.1),
        **inner: Unpack[Inner],
    ):
        super().__init__(backbone, dim, n_way, inner_steps, **inner)
        start = self.adapted()
        self.names = list(start)
        self.alpha = nn.ParameterList([torch.empty_like(start[name]).uniform_(*alpha) for name in self.names])
        self.add_anchors()

    def rule(self) -> GradientDescent:
        return GradientDescent({name: alpha[None] for name, alpha in zip(self.names, self.alpha, strict=True)})
