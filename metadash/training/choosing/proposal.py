"""Scores arrangements (features, what is done to them, a light head) on validation classes, so that one can be proposed."""

import numpy as np

from metadash.data.dataset import Dataset
from metadash.learners.registry import entry_of
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.training.backbone import Outcome
from metadash.training.heads import plain_count
from metadash.training.trainer import Arm


def compare_arrangements(spec: ProposalSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Array ``correct`` [arrangements, shots, E]: right answers on the validation tasks, in the order of ``spec.runs``."""
    features = dict(zip(spec.needs, needed, strict=True))
    correct, manifest = [], None
    for place, run in enumerate(spec.runs):
        history(place, f"arrangement {place + 1} of {len(spec.runs)}", place / len(spec.runs))
        arm = Arm(run, dataset, features[run.backbone])
        manifest = arm.validation[: spec.tasks]
        correct.append(plain_count(arm, manifest) if entry_of(run.learner).stacks else arm.evaluate(manifest))
    assert manifest is not None
    store.keep_manifest(manifest)
    return Outcome(
        summary={"manifest": manifest.hash, "metric": spec.runs[0].evaluation.metric.name},
        arrays={"correct": np.stack(correct).astype(np.uint16)},
    )
