"""What is tried of each option when a learner is tuned: a few values around its usual one, the same for every learner that reads it."""

from collections.abc import Callable
from typing import Any


def times(*factors: float) -> Callable[[Any], tuple[Any, ...]]:
    """The usual value by each factor, of a pair both its numbers."""

    def around(usual: Any) -> tuple[Any, ...]:
        if isinstance(usual, tuple):
            return tuple(tuple(float(f"{part * factor:.3g}") for part in usual) for factor in factors)
        return tuple(float(f"{usual * factor:.3g}") for factor in factors)

    return around


def of(*values: Any) -> Callable[[Any], tuple[Any, ...]]:
    """These values and the usual one."""
    return lambda usual: tuple(dict.fromkeys((usual, *values)))


TRIED: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "inner_lr": times(1, 1 / 3, 3, 10),
    "inner_steps": of(1, 5, 10),
    "alpha": times(1, 1 / 3, 2),
    "ridge_lambda": times(1, 10, 100, 1000),
    "svm_c": times(1, 0.1, 10, 100),
    "logistic_c": times(1, 0.01, 0.1, 10, 100),
    "finetune_lr": times(1, 0.3, 3, 10),
    "laplacian_lambda": times(1, 0.3, 3),
    "tim_lr": times(1, 0.3, 3),
    "feat_contrast": of(0.0, 0.1, 1.0),
    "feat_start": of("prototypes", "paper"),
    "matching_scale": of("learned", "fixed"),
}
"""By the option's name. An option that is not here costs time rather than choice, or is another method."""

TRIED_RATES = times(1, 0.3, 0.1)
"""Of the learning rate of what trains."""
