"""The one list of encoders that nobody trains here, and the one place that knows them together with the backbones that are.

Whatever gives features [I, D] of a data set is a choice of the same kind to everybody above: a backbone trained here or shipped with the
data (``metadash.networks.registry``), counts of words, the inputs themselves. Imports no torch and no scikit-learn.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metadash.errors import BadInput, nearest
from metadash.networks.registry import BACKBONES, BackboneEntry, backbone_entry


@dataclass(frozen=True)
class EncoderEntry:
    """``make`` is "module:function" of (inputs, train [I] of bool, width, tick) that gives features [I, D] float32; what it fits, it fits
    on the rows of ``train``. ``modalities`` are those that it reads.

    ``width`` is the usual one (0: it has none to choose), ``widths``, ``least``, ``most`` and ``width_means`` as a backbone's. ``seen``
    says what it had seen before the first task, ``seconds_per_input`` what one input costs on a core.
    """

    name: str
    title: str
    paper: str
    idea: str
    make: str
    modalities: tuple[str, ...]
    seen: str
    width: int = 0
    widths: tuple[int, ...] = ()
    least: int = 0
    most: int = 0
    width_means: str = ""
    seconds_per_input: float = 1e-6


ENCODERS = {
    entry.name: entry
    for entry in (
        EncoderEntry(
            "none",
            "No backbone",
            "",
            "The inputs go to the heads as they are: for feature vectors that a large network made elsewhere.",
            "metadash.networks.encoders.itself:encode",
            ("vector",),
            "nothing of this data set; what made the vectors is not known here",
        ),
        EncoderEntry(
            "tfidf",
            "TF-IDF",
            "Deerwester et al. 1990",
            "Counts of words and of groups of letters, weighed by how rare they are and reduced by an SVD: no network, no pre-training.",
            "metadash.networks.encoders.tfidf:encode",
            ("text",),
            "the texts of meta-train classes, and not which class they are of",
            width=256,
            widths=(128, 256, 512),
            least=2,
            most=2048,
            width_means="directions of the SVD that are kept",
            seconds_per_input=6e-4,
        ),
    )
}

Entry = BackboneEntry | EncoderEntry

VECTORS_OF = {"text": "tfidf"}
"""Modality to the encoder that makes vectors of it, for backbones that read vectors."""


def entry_of(name: str) -> Entry:
    """Of an encoder or a backbone. Raises BadInput for a name that is neither, with the nearest that is one."""
    found: dict[str, Entry] = {**BACKBONES, **ENCODERS}
    if name not in found:
        raise BadInput(f"There is no backbone '{name}'{nearest(name, found)}")
    return found[name]


def encoder_entry(name: str) -> EncoderEntry:
    if name not in ENCODERS:
        raise BadInput(f"There is no encoder '{name}'{nearest(name, ENCODERS)}")
    return ENCODERS[name]


def encode(name: str, inputs: Any, train: np.ndarray, width: int, tick: Callable[[float], None]) -> np.ndarray:
    """Features [I, D] float32 of ``inputs``; this is what imports scikit-learn, or what else an encoder needs."""
    module, function = encoder_entry(name).make.split(":")
    return getattr(importlib.import_module(module), function)(inputs, train, width, tick)
