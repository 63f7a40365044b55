"""No encoder at all: feature vectors that somebody else made go to the heads as they are."""

from collections.abc import Callable

import numpy as np


def fit(inputs: np.ndarray, train: np.ndarray, width: int, tick: Callable[[float], None]) -> Callable[[np.ndarray], np.ndarray]:
    """Of rows [n, D], the same numbers as float32. There is nothing to fit, and no width to choose."""
    return lambda rows: np.asarray(rows, dtype=np.float32)
