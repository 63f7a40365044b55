"""What encoding a source gives: apart from the encoder, so that who only passes it on need not import scikit-learn."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EncodedSource:
    """``vectors`` [C, d] float32, zero where absent; ``present`` [C] bool; ``features`` the d names, for people."""

    name: str
    vectors: np.ndarray
    present: np.ndarray
    features: tuple[str, ...]
