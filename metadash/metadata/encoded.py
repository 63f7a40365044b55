"""What encoding a source gives: apart from the encoder, so that who only passes it on need not import scikit-learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class EncodedSource:
    """``vectors`` [C, d] float32, zero where absent; ``present`` [C] bool; ``features`` the d names, for people."""

    name: str
    vectors: np.ndarray
    present: np.ndarray
    features: tuple[str, ...]


@dataclass(frozen=True)
class EncodedInstances:
    """A source that describes instances, held so that 10⁶ of them fit beside everything else.

    Instance i has row ``place[i]`` of ``table`` [R, d] (float32; sparse, or an array), if ``present[i]``. ``on_queries``: whether it
    is known of an instance whose class is asked for.
    """

    name: str
    table: Any
    place: np.ndarray
    present: np.ndarray
    features: tuple[str, ...]
    on_queries: bool = True

    @property
    def width(self) -> int:
        return self.table.shape[1]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """[..., d] float32 for ``rows`` [...] of the data set, zero where absent."""
        found = self.table[self.place[rows.reshape(-1)]]
        dense = found if isinstance(found, np.ndarray) else found.toarray()
        return (dense * self.present[rows.reshape(-1), None]).reshape(*rows.shape, self.width)
