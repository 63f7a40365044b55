"""Computes the features of an encoder that is not trained here, once, for all that start from them."""

import numpy as np

from metadash.data.dataset import Dataset
from metadash.data.inputs.storage import pieces_of
from metadash.networks.encoders.registry import encoder_entry, fitted
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.features import EncodedSpec, FeaturesSpec
from metadash.training.backbone import Outcome
from metadash.training.scorable import spread_of

FITTING = 0.6
"""Of its time; only the progress bar depends on it."""


def encode_inputs(spec: FeaturesSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``embeddings`` [I, D] float32, divided by their spread over meta-train as a backbone's are. There are no scores and no
    weights. Those of a frozen network are ``needed`` already, and only divided."""
    train = np.isin(dataset.class_of, dataset.split(spec.split)["train"])
    made = [np.array(run.array("embeddings")) for run in needed]
    features = made[0] if made else encoded(spec.encoder, dataset, train, spec.width, history)
    features /= np.float32(spread_of(features[train]))
    seen = encoder_entry(spec.encoder).seen
    return Outcome(summary={"dim": features.shape[1], "batch_norm": "none", "seen": seen}, arrays={"embeddings": features})


def encode_once(spec: EncodedSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``embeddings`` [I, D] float32, as the frozen network makes them."""
    nothing = np.zeros(len(dataset.class_of), dtype=bool)
    features = encoded(spec.encoder, dataset, nothing, 0, history)
    return Outcome(
        summary={"dim": features.shape[1], "batch_norm": "none", "seen": encoder_entry(spec.encoder).seen},
        arrays={"embeddings": features},
    )


def encoded(encoder: str, dataset: Dataset, train: np.ndarray, width: int, history: History) -> np.ndarray:
    """[I, D] float32 of every input, by an encoder that fits what it fits on those of ``train`` [I]."""
    inputs = dataset.inputs

    def tick(fraction: float) -> None:
        history(0, "encoding every instance", fraction)

    encode = fitted(encoder, inputs, train, width, lambda fraction: tick(FITTING * fraction))
    features, start = np.zeros((0, 0), np.float32), 0
    for rows in pieces_of(inputs):
        found = encode(rows)
        if not start:
            features = np.empty((len(inputs), found.shape[1]), dtype=np.float32)
        features[start : start + len(found)] = found
        start += len(found)
        tick(FITTING + (1 - FITTING) * start / len(inputs))
    return features
