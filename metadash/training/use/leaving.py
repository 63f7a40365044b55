"""A trained learner leaves its workspace: all that it takes to ask it, as plain tensors and tables, and the same read back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from metadash.canonical import plain
from metadash.data.dataset import Dataset, Source
from metadash.data.modality import Modality, modality_of
from metadash.errors import BadInput, nearest
from metadash.learners.core.base import Learner
from metadash.learners.registry import entry_of
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.metadata.encoder import encode
from metadash.networks.encoders.registry import fitted, is_trained
from metadash.networks.registry import make_network
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.features import FeaturesSpec
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.use import LeavingSpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import embed
from metadash.training.features.fresh import scale_of, unscaled
from metadash.training.features.normalised import Normaliser
from metadash.training.restored import restored
from metadash.training.trainer import make_learner, sources_of

LEARNER, NETWORK = "learner.", "network."
SCALE, CENTRE, LENGTH = "features.scale", "features.centre", "features.length"
"""What frozen features are multiplied by, what is subtracted from them then, and the length that they are given."""


def leave(spec: LeavingSpec, dataset: Dataset, needed: Sequence[Run], store: RunStore, history: History) -> Outcome:
    """Weights: every tensor by name. Frames: ``metadata`` [C rows] of meta-train classes that its sources are fitted on, and the ``trust-i``
    of each calibration: its answers. The summary holds the ``spec`` as it was trained in fact, and what is known of each ``trust``."""
    history(0, "packing", 0.1)
    trained, tensors, table = packed(needed[0], dataset, store)
    trusts = [{"spec": plain(one.spec), "summary": one.summary} for one in needed[1:]]
    answers = {f"trust-{number}": one.frame("answers") for number, one in enumerate(needed[1:])}
    return Outcome({"spec": plain(trained), "trust": trusts}, weights=tensors, frames={"metadata": table, **answers})


def packed(run: Run, dataset: Dataset, store: RunStore) -> tuple[RunSpec, dict[str, Tensor], pd.DataFrame]:
    """The spec as it was trained in fact, its tensors by name, and the metadata [C rows] of meta-train classes that its sources are fitted
    on."""
    arm = restored(run.spec_as(RunSpec), dataset, run, store)
    spec = arm.spec
    tensors = {LEARNER + name: value.detach().clone() for name, value in arm.learner.state_dict().items()}
    if arm.frozen:
        below = train(spec.backbone, store.workspace)
        if below.kind != "features":
            tensors |= {NETWORK + name: value.clone() for name, value in below.weights().items()}
        tensors[SCALE] = torch.tensor(scale_of(below, dataset, unscaled(below, dataset)), dtype=torch.float64)
        if arm.normalise.centre is not None:
            tensors[CENTRE] = torch.from_numpy(np.array(arm.normalise.centre))
        if arm.normalise.length is not None:
            tensors[LENGTH] = torch.tensor(float(arm.normalise.length), dtype=torch.float64)
    columns = list(dict.fromkeys(column for source in sources_read(spec, dataset) for column in source.columns))
    members = dataset.split(spec.split)["train"]
    return (
        spec,
        {name: value.contiguous() for name, value in tensors.items()},
        dataset.classes.iloc[members][columns].reset_index(drop=True),
    )


def sources_read(spec: RunSpec, dataset: Any) -> tuple[Source, ...]:
    """Those of classes that the learner is told of at test."""
    return sources_of(spec, dataset, "class") if spec.reads_at_test else ()


@dataclass
class Left:
    """What a learner took with it of its data set: the metadata of meta-train classes that its sources are fitted on, and what inputs are like."""

    name: str
    modality: Modality
    inputs: np.ndarray
    classes: pd.DataFrame
    sources: tuple[Source, ...]

    def split(self, name: str) -> dict[str, np.ndarray]:
        """All its classes are meta-train."""
        return {"train": np.arange(len(self.classes))}

    def source(self, name: str) -> Source:
        for one in self.sources:
            if one.name == name:
                return one
        raise BadInput(f"This learner knows no source '{name}'{nearest(name, (one.name for one in self.sources))}")


@dataclass
class LeftLearner:
    """A learner that has left, ready to be asked: as an ``Arm`` to whoever asks it. ``see`` makes what it reads of inputs like the data set's."""

    spec: RunSpec
    learner: Learner
    frozen: bool
    see: Callable[[Any], Tensor]
    instances: list[EncodedInstances] = field(default_factory=list)

    @property
    def can_do_without(self) -> bool:
        return not entry_of(self.spec.learner).needs_metadata


def left(name: str, modality: str, shape: tuple[int, ...], dtype: str, table: pd.DataFrame, sources: tuple[Source, ...]) -> Left:
    """From what a card says."""
    return Left(name, modality_of(modality), np.empty((0, *shape), dtype=np.dtype(dtype)), table, sources)


def unpacked(spec: RunSpec, tensors: dict[str, Tensor], own: Left) -> LeftLearner:
    """The learner of ``packed``. Raises KeyError, RuntimeError or ValueError where the tensors are not those of the spec."""
    read = sources_read(spec, own)
    encoded: list[EncodedSource] = encode(own.classes, read, np.arange(len(own.classes))) if read else []
    shape, frozen = own.inputs.shape[1:], spec.mode == "quick" and not entry_of(spec.learner).reads_inputs
    network: nn.Module = nn.Identity()
    see: Callable[[Any], Tensor] = torch.from_numpy
    if frozen:
        make, dim = maker(spec, tensors, own)
        see = seeing(make, tensors)
    elif spec.mode == "full":
        backbone = cast(BackboneSpec, spec.backbone)
        network = make_network(backbone.backbone, shape, backbone.width)
        with torch.no_grad():
            dim = network.eval()(torch.zeros(1, *shape)).shape[1]
    else:
        dim = int(np.prod(shape))
    learner = make_learner(spec, network, dim, encoded)
    learner.load_state_dict({name.removeprefix(LEARNER): value for name, value in tensors.items() if name.startswith(LEARNER)})
    learner.eval()
    return LeftLearner(spec, learner, frozen, see)


def maker(spec: RunSpec, tensors: dict[str, Tensor], own: Left) -> tuple[Callable[[Any], np.ndarray], int]:
    """What makes features of inputs, and how many numbers they are."""
    if not is_trained(spec.backbone.backbone):
        width = cast(FeaturesSpec, spec.backbone).width
        encode_rows = fitted(spec.backbone.backbone, own.inputs, np.zeros(0, dtype=bool), width)
        return encode_rows, width_of(tensors, encode_rows(blank(own)).shape[1])
    backbone = cast(BackboneSpec, spec.backbone)
    network = make_network(backbone.backbone, own.inputs.shape[1:], backbone.width)
    network.load_state_dict({name.removeprefix(NETWORK): value for name, value in tensors.items() if name.startswith(NETWORK)})
    with torch.no_grad():
        dim = network.eval()(torch.zeros(1, *own.inputs.shape[1:])).shape[1]
    return (lambda rows: embed(network, rows, np.arange(len(rows)))), dim


def blank(own: Left) -> Any:
    """One input that says nothing."""
    return [own.modality.blank] if own.modality.stored == "texts" else np.zeros((1, *own.inputs.shape[1:]), own.inputs.dtype)


def width_of(tensors: dict[str, Tensor], found: int) -> int:
    return int(tensors[CENTRE].shape[0]) if CENTRE in tensors else found


def seeing(make: Callable[[Any], np.ndarray], tensors: dict[str, Tensor]) -> Callable[[Any], Tensor]:
    """Features, scaled and normalised as in training."""
    scale = float(tensors[SCALE])
    centre = tensors[CENTRE].numpy() if CENTRE in tensors else None
    normalise = Normaliser(centre, np.float32(float(tensors[LENGTH])) if LENGTH in tensors else None)
    return lambda rows: torch.from_numpy(normalise((make(rows) * scale).astype(np.float32)))
