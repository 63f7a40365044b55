"""What gives features of a whole data set without being trained here: an encoder, said completely. ``BackboneSpec`` is its sibling that trains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from metadash.errors import BadInput
from metadash.fields import Between, Checked
from metadash.networks.encoders.registry import encoder_entry


@dataclass(frozen=True)
class FeaturesSpec(Checked):
    """Features [I, D] of every input by one of the encoders of ``metadash.networks.encoders.registry``, which says what ``width`` counts
    (0 stands for its usual one). What an encoder fits, and the spread by which features are divided, come from the meta-train instances
    of ``split`` alone. The run of it has no scores; all that read features start from it as from a trained backbone.
    """

    dataset: str
    split: str
    encoder: str
    width: int = 0

    def settle(self) -> None:
        entry = encoder_entry(self.encoder)
        if entry.width:
            self.set(width=self.width or entry.width)
            Between(entry.least, entry.most).check("width", self.width)
        elif self.width:
            raise BadInput(f"The width would be ignored by the backbone '{self.encoder}': {entry.title} has none to choose.")

    @property
    def needs(self) -> "list[EncodedSpec]":
        """What a frozen network makes of every input, once for all splits."""
        return [EncodedSpec(self.dataset, self.encoder)] if encoder_entry(self.encoder).frozen else []

    @property
    def backbone(self) -> str:
        """What the choice ``backbone`` of ``run_for`` calls it."""
        return self.encoder

    @property
    def start(self) -> str:
        """No weights come with a data set for it."""
        return ""

    @property
    def trained_on(self) -> str:
        """Nothing here: no network learns."""
        return ""

    def seconds_per_input(self, shape: Sequence[int]) -> float:
        """No network learns."""
        return 0.0

    @property
    def title(self) -> str:
        """``TF-IDF-256``"""
        title = encoder_entry(self.encoder).title
        return f"{title}-{self.width}" if self.width else title

    @property
    def choices(self) -> dict[str, Any]:
        """The choices of ``run_for`` that give it."""
        return {"backbone": self.encoder, **({"width": self.width} if self.width else {})}

    def on(self, split: str) -> "FeaturesSpec":
        """The same over the training classes of another split."""
        return replace(self, split=split)


@dataclass(frozen=True)
class EncodedSpec(Checked):
    """What a frozen network from elsewhere makes of every input [I, D], as it makes it: nothing of it depends on a split, so that the
    features of every fold start from one run."""

    dataset: str
    encoder: str

    def settle(self) -> None:
        if not encoder_entry(self.encoder).frozen:
            raise BadInput(
                f"{encoder_entry(self.encoder).title} is no frozen network: what it makes of inputs depends on the split."
            )

    @property
    def needs(self) -> list:
        return []

    @property
    def title(self) -> str:
        """``MiniLM-L6``"""
        return encoder_entry(self.encoder).title
