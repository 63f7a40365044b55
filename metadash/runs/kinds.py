"""Every kind of run: its spec, the function that computes it, and what else is known of it. A new kind is one line here.

Who wants to know something of a run asks here, and nobody asks of what class a spec is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from metadash.canonical import digest, plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.fields import build
from metadash.runs.device import marked
from metadash.runs.facts.attack import PROBE, PROXY
from metadash.runs.facts.backbone import BACKBONE
from metadash.runs.facts.facts import Facts
from metadash.runs.facts.features import ENCODED, FEATURES
from metadash.runs.facts.learner import LEARNER
from metadash.runs.facts.proposal import PROPOSAL
from metadash.runs.facts.ratings import RATINGS
from metadash.runs.facts.subsets import HEADS, LOOP, MASKED
from metadash.runs.facts.tuning import TUNING
from metadash.runs.facts.use import CALIBRATION, LEAVING, SEEN, STEPS, USE
from metadash.runs.facts.views import ADAPTATION, MAP
from metadash.runs.facts.what_if import DOSE, WHAT_IF
from metadash.runs.version import code_version
from metadash.specs.any_spec import Spec
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.specs.choosing.tuning import TuneSpec
from metadash.specs.features import EncodedSpec, FeaturesSpec
from metadash.specs.given.ratings import RatingsSpec
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.use import CalibrationSpec, LeavingSpec, SeenSpec, StepsSpec, UseSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec


@dataclass(frozen=True)
class Kind:
    """``computes`` is "module:function", imported when it is called (it imports torch): (spec, dataset, needed runs, store, history)."""

    spec: type
    computes: str
    facts: Facts[Any]

    def function(self) -> Callable:
        module, name = self.computes.split(":")
        return getattr(import_module(module), name)


KINDS: dict[str, Kind] = {
    "backbone": Kind(BackboneSpec, "metadash.training.backbone:train_backbone", BACKBONE),
    "features": Kind(FeaturesSpec, "metadash.training.features.encoding:encode_inputs", FEATURES),
    "encoded": Kind(EncodedSpec, "metadash.training.features.encoding:encode_once", ENCODED),
    "learner": Kind(RunSpec, "metadash.training.light_runs:train_learner", LEARNER),
    "tuning": Kind(TuneSpec, "metadash.training.choosing.tuning:tune", TUNING),
    "proposal": Kind(ProposalSpec, "metadash.training.choosing.proposal:compare_arrangements", PROPOSAL),
    "loop": Kind(LoopSpec, "metadash.training.light_runs:train_loop", LOOP),
    "map": Kind(MapSpec, "metadash.training.projection:draw_map", MAP),
    "what-if": Kind(WhatIfSpec, "metadash.training.rescoring:what_if", WHAT_IF),
    "dose": Kind(DoseSpec, "metadash.training.rescoring:dose", DOSE),
    "proxy": Kind(ProxySpec, "metadash.training.attack:score_proxy", PROXY),
    "probe": Kind(ProbeSpec, "metadash.training.attack:guess_column", PROBE),
    "ratings": Kind(RatingsSpec, "metadash.training.ratings.scoring:score_ratings", RATINGS),
    "adaptation": Kind(AdaptationSpec, "metadash.training.adaptation:watch", ADAPTATION),
    "calibration": Kind(CalibrationSpec, "metadash.training.use.calibrating:calibrate", CALIBRATION),
    "steps": Kind(StepsSpec, "metadash.training.use.stepping:take_steps", STEPS),
    "seen": Kind(SeenSpec, "metadash.training.use.labelling:look_at", SEEN),
    "use": Kind(UseSpec, "metadash.training.use.labelling:label_given", USE),
    "leaving": Kind(LeavingSpec, "metadash.training.use.leaving:leave", LEAVING),
    "heads": Kind(HeadsSpec, "metadash.training.heads:train_heads", HEADS),
    "masked": Kind(MaskedSpec, "metadash.training.source_masking:score_masked", MASKED),
}


KEPT = "_digest"
"""No field of a spec: equality, spelling and copies with changes know nothing of it."""


def kind_of(spec: Spec) -> str:
    return next(name for name, kind in KINDS.items() if type(spec) is kind.spec)


def facts_of(spec: Spec) -> Facts[Any]:
    return KINDS[kind_of(spec)].facts


def run_digest(spec: Spec, dataset: Dataset) -> str:
    """Names the run: canonical spec, content of the data, version of the code that computes it, and the device where it is no
    processor. Kept with the spec: pages ask for hundreds at each rerun."""
    content = (dataset.fingerprint, marked(code_version()))
    kept = vars(spec).get(KEPT)
    if kept is None or kept[0] != content:
        kept = (content, digest(kind_of(spec), spec, *content))
        object.__setattr__(spec, KEPT, kept)
    return str(kept[1])


def from_plain(kind: str, values: Mapping[str, Any]) -> Spec:
    """The spec that ``as_plain`` wrote. Raises BadInput for an unknown kind, field or a wrong type."""
    if kind not in KINDS:
        raise BadInput(f"There is no kind of run '{kind}'; there are {', '.join(KINDS)}.")
    return build(KINDS[kind].spec, values)


def as_plain(spec: Spec) -> dict[str, Any]:
    return plain(spec)


def title_of(spec: Spec) -> str:
    """A line that tells a run from its neighbours."""
    return facts_of(spec).title(spec)


def check(spec: Spec, dataset: Dataset) -> None:
    """Looks a spec over, with all that it needs, before anything is computed: what does not fit the data is said at once, not after
    the backbone has trained. Raises BadInput, in one sentence. Reads tables only: no torch, no scikit-learn."""
    facts_of(spec).check(spec, dataset)
    for need in spec.needs:
        check(need, dataset)
