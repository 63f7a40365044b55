"""Scores subsets of a trained run's sources by hiding the others at evaluation: what the one model does with what it is given."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.training.arms import ANCHORED, Arm
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of
from metadash.training.heads import places_of, share_of_anchor
from metadash.training.progress import History
from metadash.training.store import Run, RunStore
from metadash.training.subsets import MaskedSpec, members
from metadash.training.tally import count_correct

Encoded = TypeVar("Encoded", EncodedSource, EncodedInstances)


def score_masked(spec: MaskedSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [A, shots, E]. Frames: ``arms``, one row a subset in the order of ``spec.masks``."""
    backbone, run = needed
    arm = Arm(spec.run, dataset, backbone)
    arm.learner.load_state_dict(run.weights())
    arm.learner.eval()
    manifest = store.manifest(run)
    placed = isinstance(arm.learner, PrototypicalNetwork) and spec.run.fusion in ANCHORED
    correct = (prototypes_masked if placed else any_masked)(arm, spec.masks, manifest, history)
    queries = manifest.n_way * manifest.n_query
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": run.summary["batch_norm"],
            "queries": queries,
        },
        frames={"arms": pd.DataFrame({"mask": spec.masks, "accuracy": correct.mean(axis=(1, 2)) / queries * 100})},
        arrays={"correct": correct.astype(np.uint8) if queries < 256 else correct},
    )


def prototypes_masked(arm: Arm, masks: list[int], manifest: EpisodeManifest, history: History) -> np.ndarray:
    """Every subset's anchors first, one small pass each; then all subsets together, episode by episode."""
    classes, place = places_of(manifest, len(arm.dataset.classes))
    table, position = arm.embeddings_of(np.concatenate([manifest.support.ravel(), manifest.query.ravel()]))
    anchor, share = zip(*(anchor_and_share(arm, classes, mask) for mask in masks), strict=True)

    def tick(fraction: float) -> None:
        history(0, "scoring every subset", fraction)

    shots, distance = arm.spec.evaluation.shots, arm.spec.distance
    return count_correct(table, position, manifest, shots, torch.stack(anchor), torch.stack(share), place, distance, tick)


@torch.no_grad()
def anchor_and_share(arm: Arm, classes: np.ndarray, mask: int) -> tuple[Tensor, Tensor]:
    """μ [T, D] of some classes and its share [len(shots), T] in their prototypes, with only the sources of ``mask``."""
    context = context_of(hidden(arm.encoded, members(mask, arm.spec.sources)), classes[None])
    assert context is not None
    anchor, strength = arm.learner.anchors(context)
    shots = arm.spec.evaluation.shots
    if arm.spec.fusion == "am3":
        share = torch.where(context.present.any(dim=-1), 1 - arm.learner.gate(anchor), 0.0)
        return anchor[0], share.expand(len(shots), -1)
    return anchor[0], share_of_anchor(strength, shots)[0]


def any_masked(arm: Arm, masks: list[int], manifest: EpisodeManifest, history: History) -> np.ndarray:
    """Any other learner: one evaluation a subset."""
    encoded, instances, found = arm.encoded, arm.instances, []
    for done, mask in enumerate(masks):
        history(0, "scoring every subset", done / len(masks))
        kept = members(mask, arm.spec.sources)
        arm.encoded, arm.instances = hidden(encoded, kept), hidden(instances, kept)
        found.append(arm.evaluate(manifest))
    arm.encoded, arm.instances = encoded, instances
    return np.stack(found).astype(np.uint16)


def hidden(encoded: list[Encoded], kept: tuple[str, ...]) -> list[Encoded]:
    """The sources, those that are not ``kept`` present nowhere."""
    return [source if source.name in kept else replace(source, present=np.zeros_like(source.present)) for source in encoded]
