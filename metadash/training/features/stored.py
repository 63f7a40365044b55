"""Features of a whole data set, whoever made them: the two ways in which everybody gets at them."""

from typing import cast

import numpy as np

from metadash.data.dataset import Dataset
from metadash.runs.record import Run
from metadash.runs.train import train
from metadash.specs.run import BackboneSpec
from metadash.workspace import Workspace


def features_of(run: Run) -> np.ndarray:
    """[I, D] float32, one row an instance, memory-mapped, of a run of either kind: a backbone that was trained (here, or shipped with the
    data), or an encoder. Their spread over meta-train is one."""
    return run.array("embeddings")


def network_inputs(backbone: Run, dataset: Dataset) -> np.ndarray:
    """What the network of a backbone reads [I, ...]: the data set's inputs, or features of an encoder where those are no numbers (made
    anew where they are gone)."""
    spec = cast(BackboneSpec, backbone.spec)
    return read_by(spec, dataset, [train(need, Workspace(backbone.folder.parents[1])) for need in spec.needs])


def read_by(spec: BackboneSpec, dataset: Dataset, needed: list[Run]) -> np.ndarray:
    """The same of a backbone that is to be trained, from the runs that it needs."""
    return features_of(needed[0]) if spec.reads else dataset.inputs
