"""What a backbone is trained by, one loss a step; the file of each kind stands beside this one."""

from abc import ABC, abstractmethod

import numpy as np
from torch import Tensor, nn

from metadash.data.dataset import Dataset
from metadash.specs.run import BackboneSpec


class Lessons(ABC):
    """``network`` gives embeddings [·, dim]; what learns beside it, and is forgotten after training, is in ``parameters``."""

    def __init__(self, spec: BackboneSpec, network: nn.Module, dim: int, dataset: Dataset, inputs: np.ndarray):
        self.spec, self.network, self.dataset, self.inputs = spec, network, dataset, inputs
        self.generator = np.random.default_rng(spec.seed)

    @abstractmethod
    def parameters(self) -> list[nn.Parameter]: ...

    @abstractmethod
    def loss(self, step: int) -> Tensor:
        """Of a step, counted from 1."""
