"""The one list of backbones: what each is, what it takes, what it costs. Imports no torch: classes are loaded by name when needed."""

import importlib
import math
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from metadash.data.modality import MODALITIES, kinds_in_words, modality_of
from metadash.errors import BadInput, nearest

if typing.TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class BackboneEntry:
    """``make`` is "module:Class", whose ``of(shape, width)`` makes it for one input of ``shape`` ([H, W], [H, W, 3] or [D]).

    ``smallest_side`` in pixels. ``width`` is the usual one, ``widths`` those a page offers, ``least`` and ``most`` what may be asked
    for, ``width_means`` what it counts. ``milliseconds``: forward and backward of one 28×28 image on one thread of a 2024 server
    core, measured at some widths; a forward pass alone is a third of it. ``weights`` is about how many parameters a width has
    for inputs of so many values: what an inner loop moves at each step. ``bytes_per_pixel`` a pixel of an image takes in memory for
    each unit of width, from a forward pass to its gradient (measured at 256×256).
    """

    name: str
    title: str
    paper: str
    idea: str
    make: str
    width: int
    widths: tuple[int, ...]
    least: int
    most: int
    width_means: str
    milliseconds: Mapping[int, float]
    weights: Callable[[int, int], int]
    smallest_side: int = 1
    bytes_per_pixel: float = 0.0
    grows_with_area: bool = True

    def seconds_per_input(self, width: int, shape: Sequence[int] = (28, 28)) -> float:
        """Forward and backward of one input: between (and beyond) the measured widths by a power law, in proportion to its pixels.

        Colours cost no more than grey: only the first of many layers reads them.
        """
        area = math.prod(shape[:2]) / 28**2 if self.grows_with_area and len(shape) > 1 else 1.0
        known = sorted(self.milliseconds)
        below = max([w for w in known[:-1] if w <= width], default=known[0])
        above = known[known.index(below) + 1]
        slope = math.log(self.milliseconds[above] / self.milliseconds[below]) / math.log(above / below)
        return 1e-3 * area * self.milliseconds[below] * (width / below) ** slope

    def bytes_per_input(self, width: int, shape: Sequence[int]) -> float:
        """Memory of one input from its forward pass to its gradient; nothing to speak of where inputs are no images."""
        return self.bytes_per_pixel * width * math.prod(shape[:2]) if len(shape) > 1 else 0.0


BACKBONES = {
    entry.name: entry
    for entry in (
        BackboneEntry(
            "conv4",
            "Conv-4",
            "Vinyals et al. 2016; Snell et al. 2017",
            "Four blocks of 3×3 convolution, the field's standard for small images.",
            "metadash.networks.conv4:Conv4",
            width=32,
            widths=(32, 64),
            least=4,
            most=256,
            width_means="filters of each block",
            milliseconds={16: 0.13, 32: 0.30, 64: 0.69, 128: 1.9},
            weights=lambda width, size: 27 * width**2,
            smallest_side=16,
            bytes_per_pixel=17,
        ),
        BackboneEntry(
            "resnet12",
            "ResNet-12",
            "Oreshkin et al. 2018; Lee et al. 2019",
            "Twelve convolutions in four residual blocks, what most papers since 2018 report; it wants larger images and more data.",
            "metadash.networks.resnet12:ResNet12",
            width=16,
            widths=(16, 32, 64),
            least=4,
            most=128,
            width_means="filters of the first block; the others have 2.5, 5 and 10 times as many, and 64 is the paper's",
            milliseconds={8: 0.74, 16: 1.6, 32: 5.3, 64: 20.0},
            weights=lambda width, size: 3030 * width**2,
            smallest_side=8,
            bytes_per_pixel=92,
        ),
        BackboneEntry(
            "mlp",
            "MLP",
            "Finn et al. 2017, section 5.1",
            "Four dense layers: they know which number of an input is which, and nothing of how these lie side by side.",
            "metadash.networks.mlp:MLP",
            width=64,
            widths=(64, 128),
            least=4,
            most=1024,
            width_means="units of the last two layers; the first two have four times and twice as many",
            milliseconds={32: 0.008, 64: 0.013, 128: 0.028, 256: 0.081},
            weights=lambda width, size: 4 * size * width + 11 * width**2,
            grows_with_area=False,
        ),
    )
}


def backbone_entry(name: str) -> BackboneEntry:
    if name not in BACKBONES:
        raise BadInput(f"There is no backbone '{name}'{nearest(name, BACKBONES)}")
    return BACKBONES[name]


def backbones_for(modality: str) -> dict[str, BackboneEntry]:
    """Those that take such inputs, as ``metadash.data.modality`` names them; the first is the usual one. Raises BadInput where there is none."""
    found = {name: BACKBONES[name] for name in modality_of(modality).backbones}
    if not found:
        taken = [name for name, known in MODALITIES.items() if known.backbones]
        raise BadInput(f"No backbone takes inputs of the kind '{modality}'; there are backbones for {' and '.join(taken)}.")
    return found


def usual_backbone(modality: str) -> BackboneEntry:
    return next(iter(backbones_for(modality).values()))


def check_inputs(name: str, modality: str, shape: Sequence[int], whose: str) -> None:
    """Raises BadInput where a backbone cannot take inputs of this modality or of this shape (of one input)."""
    entry = backbone_entry(name)
    others = [other for other in backbones_for(modality) if other != name]
    instead = f"; choose the backbone {' or '.join(others)}." if others else "."
    taken = [known for known, of_it in MODALITIES.items() if name in of_it.backbones]
    if modality not in taken:
        raise BadInput(f"{entry.title} takes {kinds_in_words(taken)}, and '{whose}' holds {kinds_in_words([modality])}{instead}")
    if entry.smallest_side > 1 and (len(shape) < 2 or min(shape[:2]) < entry.smallest_side):
        raise BadInput(
            f"{entry.title} needs images of at least {entry.smallest_side} pixels a side; '{whose}' has images of {tuple(shape)}, too "
            f"small for it{instead}"
        )


def make_network(name: str, shape: Sequence[int], width: int) -> "nn.Module":
    """The untrained network for one input of ``shape``; this is what imports torch."""
    module, cls = backbone_entry(name).make.split(":")
    return getattr(importlib.import_module(module), cls).of(tuple(shape), width)
