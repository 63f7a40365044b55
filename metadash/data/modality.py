"""The one list of kinds of inputs: what a row is called, what it may be, how it is shown, and what reads it.

A kind is one entry here. Who needs to know asks ``dataset.modality``; nobody compares its name. Imports no torch, and no pictures
until one is shown: networks and encoders stand here by their names.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from metadash.data import thumbnails
from metadash.data.inputs.mentions import HOW, around, check_mentions, fault_of, mention_words
from metadash.data.inputs.texts import check_texts, snippet
from metadash.errors import BadInput, nearest

LARGEST_SIDE = 256
"""Pixels. A larger image costs a CPU seconds a training task, and shows a network of these depths no more."""
COARSE_SIDE = 32
MARK = "background:rgba(20,150,170,.22);color:inherit;font-weight:600;padding:0 2px;border-radius:3px;border-bottom:2px solid currentColor"
HEARD = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"
"""Of what is read aloud, and not shown."""


def no_fault(text: str) -> str:
    return ""


@dataclass(frozen=True)
class Modality:
    """What there is to know of inputs of one kind.

    ``check(name, inputs)`` raises BadInput, in one sentence, for inputs of the data set ``name`` that are none of this kind.
    ``words(row)`` says one row in a few words. ``picture(row, side)`` draws it for a place of ``side`` pixels as a data URI, ``tile(row, side)``
    as a small picture for a sheet of many; without them, its words are what is shown. ``numbers(rows)`` are what a learner reads of some rows, float32, and ``numbers_are`` says so
    between which ends; without, an encoder has to make them first. ``backbones`` names the networks that read rows as they are, the usual
    one first (``metadash.networks.registry``), ``encoders`` what turns rows into feature vectors. ``parts`` says what single numbers
    of an input mean, for the audit: pixels of a plane, places of a vector, or nothing (None). ``stored`` says how they lie on disk
    (``metadash.data.inputs.storage``). ``marks(row)`` parts the words of a row into what is before the thing that is asked about, itself, and what is
    behind it; without, all of a row is. ``blank``: of texts one that says nothing;
    ``fault(text)``: why a text is none of this kind, in a few words, or nothing;
    ``how``: what a person who writes one has to do, as a sentence.
    """

    name: str
    noun: str
    check: Callable[[str, Any], None]
    words: Callable[[Any], str]
    picture: Callable[[np.ndarray, int], str] | None = None
    tile: Callable[[np.ndarray, int], Any] | None = None
    numbers: Callable[[np.ndarray], np.ndarray] | None = None
    numbers_are: str = ""
    backbones: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()
    parts: Literal["pixels", "places"] | None = None
    stored: Literal["array", "texts"] = "array"
    marks: Callable[[Any], tuple[str, str, str]] | None = None
    blank: str = ""
    fault: Callable[[str], str] = no_fault
    how: str = ""

    def html(self, row: Any, side: int, alt: str = "", title: str = "") -> str:
        """One row on a page, in a place of ``side`` pixels: a picture with its text for those who do not see it, or its words."""
        told = title or (self.words(row) if self.picture and self.parts == "places" else "")  # bars say no numbers
        hover = f' title="{html.escape(told, quote=True)}"' if told else ""
        if self.picture is None:
            return f'<span class="md-words"{hover}>{self.words_html(row)}</span>'
        smooth = "" if self.is_coarse(row) else ' style="image-rendering:auto"'
        return f'<img src="{self.picture(row, side)}" alt="{html.escape(alt, quote=True)}"{hover}{smooth}>'

    def shown_words(self, row: Any) -> dict[str, Any]:
        """Its words for a browser: ``words``, and as ``marks`` the three parts of them where something in them is asked about."""
        return {"words": self.words(row), **({} if self.marks is None else {"marks": list(self.marks(row))})}

    def words_html(self, row: Any) -> str:
        """Its words, escaped; what is asked about in them stands out by colour, weight and a line, and by a word for those who hear it."""
        if self.marks is None:
            return html.escape(self.words(row))
        before, asked, after = (html.escape(part) for part in self.marks(row))
        return f'{before}<mark style="{MARK}"><span style="{HEARD}">{self.noun}: </span>{asked}</mark>{after}'

    def is_coarse(self, row: np.ndarray) -> bool:
        """Whether a picture has so few pixels that they are to be seen as pixels."""
        return self.parts == "pixels" and max(row.shape[:2]) <= COARSE_SIDE


def check_image(name: str, images: np.ndarray) -> None:
    """Bytes, grey or with the three colours last, of at most ``LARGEST_SIDE`` pixels a side; anything else would be read askew."""
    shape = images.shape[1:]
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or not all(shape):
        raise BadInput(
            f"One image of '{name}' has the shape {tuple(shape)}; it must be (height, width), or (height, width, 3) with the "
            "colours last."
        )
    if images.dtype != np.uint8:
        raise BadInput(f"The images of '{name}' are of the type {images.dtype}; store them as bytes from 0 to 255 (uint8).")
    if max(shape[:2]) > LARGEST_SIDE:
        raise BadInput(
            f"One image of '{name}' has {shape[0]} × {shape[1]} pixels, and the most are {LARGEST_SIDE} a side; scale the images down."
        )


def check_vector(name: str, vectors: np.ndarray) -> None:
    """A row of numbers each."""
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise BadInput(f"One vector of '{name}' has the shape {tuple(vectors.shape[1:])}; it must be a row of numbers.")


def image_words(image: np.ndarray) -> str:
    return f"{'a colour' if image.ndim > 2 else 'a grey'} image of {image.shape[0]} × {image.shape[1]} pixels"


def vector_words(vector: np.ndarray, most: int = 6) -> str:
    """``0.31, −1.2, 4 … (12 numbers)``."""
    first = ", ".join(f"{value:.2g}".replace("-", "−") for value in vector[:most].tolist())
    return f"{first} … ({len(vector)} numbers)" if len(vector) > most else first


def scaled_bytes(images: np.ndarray) -> np.ndarray:
    """As ``metadash.networks.images.as_floats`` in the networks (a test compares them)."""
    return np.asarray(images, dtype=np.float32) / 255


def as_they_are(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors, dtype=np.float32)


MODALITIES = {
    entry.name: entry
    for entry in (
        Modality(
            "image",
            "image",
            check_image,
            image_words,
            picture=thumbnails.picture_of,
            tile=thumbnails.image_tile,
            numbers=scaled_bytes,
            numbers_are="pixels scaled from 0–255 to {least:.2f}–{most:.2f}",
            backbones=("conv4", "resnet12", "mlp"),
            encoders=("efficientnet-lite0",),
            parts="pixels",
        ),
        Modality(
            "vector",
            "vector",
            check_vector,
            vector_words,
            picture=thumbnails.bars_of,
            tile=thumbnails.bars_tile,
            numbers=as_they_are,
            numbers_are="numbers from {least:.2f} to {most:.2f} as they are stored",
            backbones=("mlp",),
            encoders=("none",),
            parts="places",
        ),
        Modality("text", "text", check_texts, snippet, encoders=("tfidf", "minilm"), stored="texts"),
        Modality(
            "mention",
            "mention",
            check_mentions,
            mention_words,
            encoders=("tfidf-span", "minilm-span"),
            stored="texts",
            marks=around,
            blank="[[nothing]]",
            fault=fault_of,
            how=HOW,
        ),
    )
}


def modality_of(name: str) -> Modality:
    """Raises BadInput for a kind that is not known."""
    if name not in MODALITIES:
        raise BadInput(f"There is no kind of inputs '{name}'{nearest(name, MODALITIES)}")
    return MODALITIES[name]


def kinds_in_words(names: Sequence[str]) -> str:
    """``images and vectors``."""
    return " and ".join(f"{MODALITIES[name].noun}s" for name in names)
