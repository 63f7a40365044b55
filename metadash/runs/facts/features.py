"""Features of an encoder that is not trained here."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.networks.encoders.registry import check_takes, encoder_entry
from metadash.runs.facts.facts import USUAL_SHAPE, Facts, fold_words
from metadash.specs.check import check_features
from metadash.specs.features import EncodedSpec, FeaturesSpec


def title(spec: FeaturesSpec) -> str:
    return f"Features {spec.title} of the inputs, {spec.dataset}{fold_words(spec.split)}"


def seconds(spec: FeaturesSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 0.5 if spec.needs else 0.5 + encoder_entry(spec.encoder).seconds_per_input * n_instances


def encoded_title(spec: EncodedSpec) -> str:
    return f"What {spec.title} makes of the inputs, {spec.dataset}"


def encoded_seconds(spec: EncodedSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 0.5 + encoder_entry(spec.encoder).seconds_per_input * n_instances


def check_encoded(spec: EncodedSpec, dataset: Dataset) -> None:
    check_takes(spec.encoder, dataset.modality.name, dataset.name)


def fewer_inputs(spec: EncodedSpec) -> str:
    return "Give the data set fewer instances."


def advice(spec: FeaturesSpec) -> str:
    if not spec.width:
        return "Give the data set fewer instances, or shorter vectors."
    return f"Keep fewer features (width is {spec.width}), or give the data set fewer instances."


def like(spec: FeaturesSpec | EncodedSpec) -> tuple:
    return spec.dataset, spec.encoder


FEATURES = Facts(title, seconds, check_features, advice, like, shared=True, listed=True)
ENCODED = Facts(encoded_title, encoded_seconds, check_encoded, fewer_inputs, like, shared=True, listed=True)
