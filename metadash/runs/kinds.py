"""Every kind of run: its spec, and the function that computes it. A new kind is one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from metadash.canonical import digest, plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.version import code_version
from metadash.specs.any_spec import Spec
from metadash.specs.fields import build
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec


@dataclass(frozen=True)
class Kind:
    """``computes`` is "module:function", imported when it is called (it imports torch): (spec, dataset, needed runs, store, history)."""

    spec: type
    computes: str

    def function(self) -> Callable:
        module, name = self.computes.split(":")
        return getattr(import_module(module), name)


KINDS: dict[str, Kind] = {
    "backbone": Kind(BackboneSpec, "metadash.training.backbone:train_backbone"),
    "learner": Kind(RunSpec, "metadash.training.light_runs:train_learner"),
    "loop": Kind(LoopSpec, "metadash.training.light_runs:train_loop"),
    "map": Kind(MapSpec, "metadash.training.projection:draw_map"),
    "what-if": Kind(WhatIfSpec, "metadash.training.rescoring:what_if"),
    "dose": Kind(DoseSpec, "metadash.training.rescoring:dose"),
    "proxy": Kind(ProxySpec, "metadash.training.attack:score_proxy"),
    "probe": Kind(ProbeSpec, "metadash.training.attack:guess_column"),
    "adaptation": Kind(AdaptationSpec, "metadash.training.adaptation:watch"),
    "heads": Kind(HeadsSpec, "metadash.training.heads:train_heads"),
    "masked": Kind(MaskedSpec, "metadash.training.source_masking:score_masked"),
}


def kind_of(spec: Spec) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(spec, kind.spec))


def run_digest(spec: Spec, dataset: Dataset) -> str:
    """Names the run: canonical spec, content of the data, version of the code that computes it."""
    return digest(kind_of(spec), spec, dataset.fingerprint, code_version())


def from_plain(kind: str, values: Mapping[str, Any]) -> Spec:
    """The spec that ``as_plain`` wrote. Raises BadInput for an unknown kind, field or a wrong type."""
    if kind not in KINDS:
        raise BadInput(f"There is no kind of run '{kind}'; there are {', '.join(KINDS)}.")
    return build(KINDS[kind].spec, values)


def as_plain(spec: Spec) -> dict[str, Any]:
    return plain(spec)
