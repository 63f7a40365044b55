"""Every kind of run: its spec, and the function that computes it. A new kind is one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from metadash.canonical import digest, plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.training.fields import build
from metadash.training.probes import ProbeSpec, ProxySpec
from metadash.training.questions import DoseSpec, WhatIfSpec
from metadash.training.spec import BackboneSpec, RunSpec
from metadash.training.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.training.version import code_version
from metadash.training.views import AdaptationSpec, MapSpec

Spec = (
    BackboneSpec
    | RunSpec
    | MapSpec
    | AdaptationSpec
    | ProxySpec
    | ProbeSpec
    | WhatIfSpec
    | DoseSpec
    | HeadsSpec
    | LoopSpec
    | MaskedSpec
)
"""Each names its ``dataset`` and lists what it ``needs``: the specs of the runs it starts from."""


@dataclass(frozen=True)
class Kind:
    """``computes`` is "module:function", imported when it is called (it imports torch): (spec, dataset, needed runs, store, history)."""

    spec: type
    computes: str

    def function(self) -> Callable:
        module, name = self.computes.split(":")
        return getattr(import_module(f"metadash.training.{module}"), name)


KINDS: dict[str, Kind] = {
    "backbone": Kind(BackboneSpec, "backbone:train_backbone"),
    "learner": Kind(RunSpec, "light:train_learner"),
    "loop": Kind(LoopSpec, "light:train_loop"),
    "map": Kind(MapSpec, "projection:draw_map"),
    "what-if": Kind(WhatIfSpec, "rescoring:what_if"),
    "dose": Kind(DoseSpec, "rescoring:dose"),
    "proxy": Kind(ProxySpec, "probe:score_proxy"),
    "probe": Kind(ProbeSpec, "probe:guess_column"),
    "adaptation": Kind(AdaptationSpec, "adaptation:watch"),
    "heads": Kind(HeadsSpec, "heads:train_heads"),
    "masked": Kind(MaskedSpec, "masked:score_masked"),
}


def kind_of(spec: Spec) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(spec, kind.spec))


def run_digest(spec: Spec, dataset: Dataset) -> str:
    """Names the run: canonical spec, content of the data, version of the code that computes it (DESIGN, section 6)."""
    return digest(kind_of(spec), spec, dataset.fingerprint, code_version())


def from_plain(kind: str, values: Mapping[str, Any]) -> Spec:
    """The spec that ``as_plain`` wrote. Raises BadInput for an unknown kind, field or a wrong type."""
    if kind not in KINDS:
        raise BadInput(f"There is no kind of run '{kind}'; there are {', '.join(KINDS)}.")
    return build(KINDS[kind].spec, values)


def as_plain(spec: Spec) -> dict[str, Any]:
    return plain(spec)
