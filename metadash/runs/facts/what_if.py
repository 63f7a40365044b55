"""A trained run scored again with its metadata changed: once, or more and more of them for a curve."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.metadata.changes import check_instance_change
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.runs.facts.learner import scoring_seconds
from metadash.specs.what_if import DoseSpec, WhatIfSpec


def title(spec: WhatIfSpec | DoseSpec) -> str:
    return f"{spec.subject}: {learner.title(spec.run)}"


def check(spec: WhatIfSpec | DoseSpec, dataset: Dataset) -> None:
    for name, kind in spec.changed:
        if dataset.source(name).level == "instance":
            check_instance_change(name, kind)


def what_if_seconds(spec: WhatIfSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 1.0 + scoring_seconds(spec.run)


def dose_seconds(spec: DoseSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 2.0 + scoring_seconds(spec.run) * len(spec.kinds) * len(spec.fractions) * spec.draws


WHAT_IF = Facts[WhatIfSpec](title, what_if_seconds, check, interactive=True)
DOSE = Facts[DoseSpec](title, dose_seconds, check)
