"""Computes the features of an encoder that is not trained here, once, for all that start from them."""

import numpy as np

from metadash.data.dataset import Dataset
from metadash.networks.encoders.registry import encode, encoder_entry
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.features import FeaturesSpec
from metadash.training.backbone import Outcome
from metadash.training.scorable import spread_of


def encode_inputs(spec: FeaturesSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``embeddings`` [I, D] float32, divided by their spread over meta-train as a backbone's are. There are no scores and no
    weights."""
    train = np.isin(dataset.class_of, dataset.split(spec.split)["train"])

    def tick(fraction: float) -> None:
        history(0, "encoding every instance", fraction)

    features = encode(spec.encoder, dataset.inputs, train, spec.width, tick)
    features /= np.float32(spread_of(features[train]))
    entry = encoder_entry(spec.encoder)
    return Outcome(summary={"dim": features.shape[1], "batch_norm": "none", "seen": entry.seen}, arrays={"embeddings": features})
