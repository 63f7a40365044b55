"""What is done to frozen embeddings before any head sees them, as a run says it: SimpleShot's transformations (Wang et al. 2019)."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from metadash.errors import BadInput
from metadash.learners.registry import entry_of
from metadash.networks.encoders.registry import ENCODERS

if TYPE_CHECKING:
    from metadash.specs.run import RunSpec

Normalise = Literal["usual", "none", "centred", "l2", "centred-l2"]
"""As they are, less the mean of meta-train, at length one, or the one after the other; *usual* is what the encoder's entry says of its
features, or else the learner's."""

NORMALISATIONS: dict[Normalise, str] = {
    "none": "features as they are",
    "centred": "centred features",
    "l2": "features of length one",
    "centred-l2": "centred features of length one",
}
"""Each in words."""


def normalisation_in_words(value: object) -> str:
    """Of a stored value, which an older version may lack."""
    return next((words for name, words in NORMALISATIONS.items() if name == value), "features as usual")


def normalised(spec: "RunSpec") -> Normalise:
    """What is done to the embeddings that a run's head reads; *none* where it reads none that are frozen."""
    if spec.mode == "full":
        return "none"
    return (
        usual_normalise(spec.learner, spec.backbone.backbone, sees_lengths(spec)) if spec.normalise == "usual" else spec.normalise
    )


def usual_normalise(learner: str, backbone: str, lengths: bool = True) -> Normalise:
    """What is done to frozen features of that name where nothing is chosen; ``lengths``: whether the learner sees them."""
    entry = entry_of(learner)
    own = ENCODERS[backbone].normalise if backbone in ENCODERS and entry.reads_embeddings else ""
    if own == "centred-l2" and not lengths:
        return "centred"
    return cast(Normalise, own or entry.normalise)


def sees_lengths(spec: "RunSpec") -> bool:
    """Whether it makes a difference to the learner how long its embeddings are."""
    by_direction = entry_of(spec.learner).compares_directions and spec.fusion == "none"
    return not by_direction or bool(dict(spec.options).get("fce"))


def normal_normalise(spec: "RunSpec") -> Normalise:
    """The one spelling of the field ``normalise``. Raises BadInput where it would change nothing."""
    entry, given = entry_of(spec.learner), spec.normalise
    usual = usual_normalise(spec.learner, spec.backbone.backbone, sees_lengths(spec))
    if given in ("usual", "none" if spec.mode == "full" or not entry.reads_embeddings else usual):
        return "usual"
    if spec.mode == "full":
        raise BadInput(
            f"normalise '{given}' would be ignored in the mode full, which trains the embedding itself; use the mode quick, or leave it out."
        )
    if not entry.reads_embeddings:
        raise BadInput(
            f"normalise '{given}' would be ignored by the learner '{spec.learner}', which reads no embeddings; leave it out, or choose the "
            "learner prototypical."
        )
    by_difference = entry.compares_differences and spec.distance == "euclidean" and spec.fusion in ("none", "pseudo-shots")
    if by_difference and given == "centred":
        raise BadInput(
            f"normalise 'centred' would be ignored by the learner '{spec.learner}', which compares differences and sees no common offset; use none, "
            "or centred-l2."
        )
    if not sees_lengths(spec) and given in ("l2", "centred-l2"):
        instead = "none" if given == "l2" else "centred"
        raise BadInput(
            f"The lengths that normalise '{given}' makes one would be ignored by the learner '{spec.learner}', which compares directions; "
            f"use {instead}."
        )
    return given


def normalisations_of(spec: "RunSpec") -> tuple[Normalise, ...]:
    """Every choice that makes another run of it, its usual one first."""
    found: dict[RunSpec, Normalise] = {}
    usual = usual_normalise(spec.learner, spec.backbone.backbone, sees_lengths(spec))
    for how in dict.fromkeys((usual, *NORMALISATIONS)):
        with suppress(BadInput):
            found.setdefault(replace(spec, normalise=how), how)
    return tuple(found.values())
