"""Any spec: what a run may be asked for, of whatever kind."""

from metadash.specs.features import FeaturesSpec
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.specs.run import BackboneSpec, RunSpec
from metadash.specs.subsets import HeadsSpec, LoopSpec, MaskedSpec
from metadash.specs.views import AdaptationSpec, MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec

Spec = (
    BackboneSpec
    | FeaturesSpec
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
