"""The one place where frozen embeddings are made ready for heads: centred, at length one, or left as they are.

SimpleShot (Wang, Chao, Weinberger & van der Maaten 2019) showed that with these two a nearest centroid rivals meta-learners. All that is
subtracted or divided by comes from meta-train classes: a task of new classes is seen as it will be met.
"""

from dataclasses import dataclass

import numpy as np

from metadash.specs.normalising import Normalise
from metadash.training.scorable import spread_of

TINY = np.float32(1e-12)


@dataclass(frozen=True)
class Normaliser:
    """``normaliser(rows)`` of embeddings [n, D]: less ``centre`` [D], then, where ``length`` is given, scaled to that length."""

    centre: np.ndarray | None = None
    length: np.float32 | None = None

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        if self.centre is not None:
            rows = rows - self.centre
        return rows if self.length is None else self.length * unit(rows)


def normaliser(how: Normalise, train: np.ndarray) -> Normaliser:
    """Fitted on the embeddings ``train`` [T, D] of meta-train.

    The length that all rows get is the one at which their spread over meta-train is one, as that of embeddings is that are left as they
    are: step sizes and penalties then mean the same. Raises BadInput where all rows point one way.
    """
    centre = train.mean(axis=0) if how in ("centred", "centred-l2") else None
    if how not in ("l2", "centred-l2"):
        return Normaliser(centre)
    return Normaliser(centre, np.float32(1 / spread_of(unit(train if centre is None else train - centre))))


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows [n, D] at length one; a row of zeros stays one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
