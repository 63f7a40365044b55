"""The one list of encoders that nobody trains here, and the one place that knows them together with the backbones that are.

Whatever gives features [I, D] of a data set is a choice of the same kind to everybody above: a backbone trained here or shipped with the
data (``metadash.networks.registry``), counts of words, the inputs themselves. Imports no torch and no scikit-learn.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from metadash.data.modality import MODALITIES, kinds_in_words, modality_of
from metadash.errors import BadInput, nearest
from metadash.networks.registry import BACKBONES, BackboneEntry


@dataclass(frozen=True)
class EncoderEntry:
    """``make`` is "module:function" of (inputs, train [I] of bool, width, tick) that gives a function of any rows like the inputs to features [n, D]
    float32; what it fits, it fits on the rows of ``train``. What it reads stands in ``metadash.data.modality``.

    ``width`` is the usual one (0: it has none to choose), ``widths``, ``least``, ``most`` and ``width_means`` as a backbone's. ``seen``
    says what it had seen before the first task, ``seconds_per_input`` what one input costs on a core. ``fits``: it
    learns something of the training inputs, and cannot be made again without them.
    """

    name: str
    title: str
    paper: str
    idea: str
    make: str
    seen: str
    width: int = 0
    widths: tuple[int, ...] = ()
    least: int = 0
    most: int = 0
    width_means: str = ""
    seconds_per_input: float = 1e-6
    fits: bool = False


ENCODERS = {
    entry.name: entry
    for entry in (
        EncoderEntry(
            "none",
            "No backbone",
            "",
            "The inputs go to the heads as they are: for feature vectors that a large network made elsewhere.",
            "metadash.networks.encoders.itself:fit",
            "nothing of this data set; what made the vectors is not known here",
        ),
        EncoderEntry(
            "tfidf",
            "TF-IDF",
            "Deerwester et al. 1990",
            "Counts of words and of groups of letters, weighed by how rare they are and reduced by an SVD: no network, no pre-training.",
            "metadash.networks.encoders.tfidf:fit",
            "the texts of meta-train classes, and not which class they are of",
            width=256,
            widths=(128, 256, 512),
            least=2,
            most=2048,
            width_means="directions of the SVD that are kept",
            fits=True,
            seconds_per_input=6e-4,
        ),
    )
}

Entry = BackboneEntry | EncoderEntry


def feature_entry(name: str) -> Entry:
    """Of an encoder or a backbone. Raises BadInput for a name that is neither, with the nearest that is one."""
    known: dict[str, Entry] = {**BACKBONES, **ENCODERS}
    if name not in known:
        raise BadInput(f"There is no backbone '{name}'{nearest(name, known)}")
    return known[name]


def features_for(modality: str) -> dict[str, Entry]:
    """All that gives features of such inputs, the usual one first: backbones that read them as they are, encoders, and backbones of
    vectors over the usual encoder where the inputs are no numbers."""
    kind = modality_of(modality)
    over = () if kind.backbones else MODALITIES["vector"].backbones
    return {name: feature_entry(name) for name in (*kind.backbones, *kind.encoders, *over)}


def usual_features(modality: str, mode: str = "quick") -> Entry:
    """What is taken where nothing is chosen; end to end there must be something to train."""
    return next(entry for name, entry in features_for(modality).items() if mode == "quick" or is_trained(name))


def is_trained(name: str) -> bool:
    """Whether it is a network that is trained here (or would be, where its weights come with the data)."""
    return name in BACKBONES


def read_through(name: str, modality: str) -> str:
    """The encoder whose features a backbone of vectors reads in place of such inputs; empty where it reads them as they are."""
    kind = modality_of(modality)
    over = name in MODALITIES["vector"].backbones and not kind.backbones
    return next(iter(kind.encoders), "") if over else ""


def check_takes(name: str, modality: str, whose: str) -> None:
    """Raises BadInput where a backbone or an encoder cannot take inputs of this modality."""
    if name in (known := features_for(modality)):
        return
    able = [kind for kind in MODALITIES if name in features_for(kind)]
    raise BadInput(
        f"{feature_entry(name).title} takes {kinds_in_words(able)}, and '{whose}' holds {kinds_in_words([modality])}; choose the backbone "
        f"{' or '.join(known)}."
    )


def encoder_entry(name: str) -> EncoderEntry:
    if name not in ENCODERS:
        raise BadInput(f"There is no encoder '{name}'{nearest(name, ENCODERS)}")
    return ENCODERS[name]


def fitted(
    name: str, inputs: Any, train: np.ndarray, width: int, tick: Callable[[float], None] = lambda fraction: None
) -> Callable[[Any], np.ndarray]:
    """What makes features [n, D] float32 of any rows like ``inputs``, fitted on those that ``train`` [I] marks; this is what imports
    scikit-learn, or what else an encoder needs."""
    module, function = encoder_entry(name).make.split(":")
    return getattr(importlib.import_module(module), function)(inputs, train, width, tick)
