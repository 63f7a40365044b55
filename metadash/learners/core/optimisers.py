"""What moves a learner's weights along its gradient, and how the rate of that falls over the steps."""

import math
from typing import Any

import torch

from metadash.learners.core.base import Learner
from metadash.learners.core.entry import LearnerEntry


def optimisers_of(
    learner: Learner, entry: LearnerEntry, groups: list[dict[str, Any]], learning_rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """AdamW on ``groups`` of the learner's parameters (fused: of a light head's step, a quarter of the time; without weight decay it is
    Adam); plain descent where the entry says so, as for Reptile, whose gradient is θ − φ and whose step is ε.

    FiLM's networks and the auxiliary head are no part of such a θ: they take no inner steps to follow, and have AdamW.
    """
    if entry.optimiser == "adamw":
        return [torch.optim.AdamW(groups, fused=True)]
    hooks = [module for module in (learner.film, learner.auxiliary) if module is not None]
    own = [parameter for module in hooks for parameter in module.parameters()]
    known = {id(parameter) for parameter in own}
    followed = torch.optim.SGD([p for p in learner.parameters() if id(p) not in known], lr=1.0)
    return [followed, torch.optim.AdamW(own, learning_rate, weight_decay=weight_decay, fused=True)] if own else [followed]


class Annealing:
    """The rates of some optimisers over a training: those they were made with, times what ``schedule`` says.

    ``descent`` is the first step of the first optimiser where that is one of plain descent; it falls linearly to zero whatever the
    schedule (Reptile's ε: Nichol et al. 2018, section 5).
    """

    def __init__(self, optimisers: list[torch.optim.Optimizer], schedule: str, descent: float | None = None):
        self.schedule, groups = schedule, [[*optimiser.param_groups] for optimiser in optimisers]
        self.descending = groups.pop(0) if descent is not None else []
        self.descent = descent or 0.0
        self.rates = [(group, group["lr"]) for own in groups for group in own]

    def __call__(self, progress: float) -> None:
        """Sets the rates for a step before which ``progress`` (0..1) of the training is done."""
        for group in self.descending:
            group["lr"] = self.descent * factor("linear", progress)
        for group, rate in self.rates:
            group["lr"] = rate * factor(self.schedule, progress)


def factor(schedule: str, progress: float) -> float:
    """By what the first rate is multiplied: 1; half a cosine or a line to zero; a half after each fifth of the steps."""
    if schedule == "cosine":
        return (1 + math.cos(math.pi * progress)) / 2
    if schedule == "linear":
        return 1 - progress
    return 0.5 ** min(4, int(5 * progress + 1e-9)) if schedule == "step" else 1.0
