"""Features of inputs that are in no data set, made and scaled as those of a run were."""

from collections.abc import Callable
from typing import Any

import numpy as np

from metadash.data.dataset import Dataset
from metadash.networks.encoders.registry import fitted
from metadash.runs.record import Run
from metadash.runs.train import train
from metadash.specs.features import FeaturesSpec
from metadash.specs.run import BackboneSpec
from metadash.training.evaluate import embed
from metadash.training.features.stored import features_of, network_inputs
from metadash.training.trainer import load_backbone
from metadash.workspace import Workspace

ROWS_TO_SCALE = 16


def fresh_features(run: Run, dataset: Dataset, rows: Any) -> np.ndarray:
    """[n, D] float32 of ``rows``, shaped as the data set's inputs; of a trained backbone or of an encoder."""
    return maker(run, dataset)(rows)


def maker(run: Run, dataset: Dataset) -> Callable[[Any], np.ndarray]:
    """``fresh_features`` of any rows, with all that can be made ready beforehand: for many rows, some at a time."""
    make = unscaled(run, dataset)
    factor = scale_of(run, dataset, make)
    return lambda rows: (make(rows) * factor).astype(np.float32)


def scale_of(run: Run, dataset: Dataset, make: Callable[[Any], np.ndarray]) -> float:
    """What features that ``make`` makes are multiplied by to be as those that are stored: of a few rows, both are known."""
    few = np.arange(min(ROWS_TO_SCALE, len(dataset.inputs)))
    raw, stored = make(dataset.inputs[few]), np.asarray(features_of(run)[few])
    return float((raw * stored).sum()) / float((raw * raw).sum())


def unscaled(run: Run, dataset: Dataset) -> Callable[[Any], np.ndarray]:
    """What makes features of any rows before they are divided by their spread."""
    if run.kind == "features":
        spec = run.spec_as(FeaturesSpec)
        members = np.isin(dataset.class_of, dataset.split(spec.split)["train"])
        return fitted(spec.encoder, dataset.inputs, members, spec.width)
    network = load_backbone(run, dataset, network_inputs(run, dataset))
    return lambda rows: embed(network, read_fresh(run, dataset, rows), np.arange(len(rows)))


def read_fresh(backbone: Run, dataset: Dataset, rows: Any) -> np.ndarray:
    """What the network of a backbone reads of ``rows``: themselves, or an encoder's features where they are no numbers."""
    spec = backbone.spec_as(BackboneSpec)
    below = [train(need, Workspace(backbone.folder.parents[1])) for need in spec.needs]
    return fresh_features(below[0], dataset, rows) if below else rows
