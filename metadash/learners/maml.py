"""MAML (Finn, Abbeel & Levine 2017), its first-order form, and the options of MAML++ (Antoniou, Edwards & Storkey 2019).

Learn a start θ from which a few gradient steps on a task's support, θ' = θ − α∇L(θ), do well on its queries. The outer gradient
goes through the inner steps (second order) or takes the inner gradients for constants (first order). MAML++ learns α for each
layer and step, gives batch norm its own weights and statistics at each step, and early in training minds the loss after every step.
"""

from typing import Unpack

import torch
from torch import Tensor, nn

from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.base import query_loss
from metadash.learners.core.constructors import Inner
from metadash.learners.core.inner_loop import Parameters
from metadash.learners.core.task_batch import TaskBatch

ANNEALED = 0.15
"""The part of the training after which only the last step's loss counts: 15 of 100 epochs in the authors' configuration."""

FLOOR = 0.03
"""Of 1/T: what the weight of an earlier step's loss does not fall below."""


class GradientDescent:
    """θ' = θ − α∇L, with α a number, or learned: for each parameter tensor a row of rates, one a step."""

    def __init__(self, rate: float | dict[str, Tensor]):
        self.rate = rate

    def rate_of(self, name: str, step: int) -> Tensor | float:
        if not isinstance(self.rate, dict):
            return self.rate
        rates = self.rate[name]
        return rates[min(step, len(rates) - 1)]

    def __call__(self, step: int, params: Parameters, gradients: Parameters, loss: Tensor) -> Parameters:
        return params | {name: params[name] - self.rate_of(name, step) * gradient for name, gradient in gradients.items()}

    def notes(self) -> dict[str, Tensor]:
        return {}


class MAML(AdaptingLearner):
    """``logits = learner(batch)`` with logits [B, Q, N].

    MAML++: ``learned_rates`` (one α a layer and step), ``per_step_norm``, ``multi_step_loss`` (used by ``loss``). Further steps
    in evaluation than in training use the last step's rates and batch norm.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int,
        inner_steps: int = 5,
        inner_lr: float = 0.01,
        learned_rates: bool = False,
        per_step_norm: bool = False,
        multi_step_loss: bool = False,
        **inner: Unpack[Inner],
    ):
        sets = inner_steps + 1 if per_step_norm else 0
        super().__init__(backbone, dim, n_way, inner_steps, norm_sets=sets, **inner)
        self.inner_lr, self.multi_step_loss = inner_lr, multi_step_loss
        if learned_rates:
            self.names = [name for name in self.adapted() if name not in self.network.per_step_names()]
            self.rates = nn.ParameterList([torch.full((max(inner_steps, 1),), inner_lr) for _ in self.names])
        self.learned_rates = learned_rates
        self.add_anchors()

    def rule(self) -> GradientDescent:
        return GradientDescent(dict(zip(self.names, self.rates, strict=True)) if self.learned_rates else self.inner_lr)

    def task_loss(self, batch: TaskBatch, progress: float) -> Tensor:
        if not self.multi_step_loss:
            return super().task_loss(batch, progress)
        logits = self.adapt(batch, every_step=True).logits  # [B, L, Q, N]
        after = logits[:, 1:] if logits.shape[1] > 1 else logits  # no step was made
        losses = torch.stack([query_loss(step, batch) for step in after.transpose(0, 1)])
        return (losses * step_weights(len(losses), progress).to(losses)).sum()


def step_weights(steps: int, progress: float) -> Tensor:
    """[steps], sum 1: equal at the start of the training, annealed linearly until (almost) all is on the last step."""
    left = 1 - min(progress / ANNEALED, 1.0)
    weights = torch.full((steps,), max(left, FLOOR) / steps, dtype=torch.float64)
    weights[-1] = 1 - weights[:-1].sum()
    return weights
