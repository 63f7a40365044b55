"""Scores are counted of numbers only: an accuracy of what is not a number is an error, never a fact."""

import numpy as np
import torch
from torch import Tensor

from metadash.data.finite import LARGEST
from metadash.errors import BadInput

REMEDY = "look for inputs that are far larger than the rest, or try another seed"
"""What helps, wherever it broke: inputs come first, and what learns from them can diverge."""


def scorable(logits: Tensor) -> Tensor:
    """``logits`` as they are. Raises BadInput where one of them is no number: the largest of those would be the first class."""
    if not torch.isfinite(logits).all():
        raise BadInput(f"The learner's answers to some tasks are not numbers, so there is nothing to count; {REMEDY}.")
    return logits


def check_prototypes(table: np.ndarray, anchor: Tensor, share: Tensor) -> None:
    """That embeddings [R, D], anchors and their shares can be squared and summed; one look before thousands of tasks are counted."""
    if not within(torch.from_numpy(table)):
        raise BadInput(f"Some embeddings are not numbers, or too large to be squared, so nothing can be counted; {REMEDY}.")
    if not (within(anchor) and within(share)):
        raise BadInput(
            f"What the metadata say of some classes has become something that is no number, so nothing can be counted; {REMEDY}."
        )


def within(values: Tensor, largest: float = LARGEST) -> bool:
    """Whether all lie within ± ``largest``; what is not a number does not."""
    return not values.numel() or bool((values.min() >= -largest) & (values.max() <= largest))


def spread_of(embeddings: np.ndarray) -> float:
    """The standard deviation of embeddings. Raises BadInput where it is no number or zero: dividing by it would make all alike."""
    spread = float(embeddings.std())
    if not (np.isfinite(spread) and spread > 0):
        what = "are all the same" if spread == 0 else "are not numbers"
        raise BadInput(
            f"The backbone's embeddings of the training classes {what}; see whether the inputs differ, scale them to a spread of about 1, "
            "or choose another width of the backbone."
        )
    return spread
