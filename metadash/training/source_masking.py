"""Scores subsets of a trained run's sources by hiding the others at evaluation: what the one model does with what it is given."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.subsets import MaskedSpec, members
from metadash.training.backbone import Outcome
from metadash.training.counting import count_correct, places_of
from metadash.training.modulated import SeenRows, anchors_of, by_row, seen_rows
from metadash.training.trainer import Arm

Encoded = TypeVar("Encoded", EncodedSource, EncodedInstances)


def score_masked(spec: MaskedSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Arrays: ``correct`` [A, shots, E]. Frames: ``arms``, one row a subset in the order of ``spec.masks``."""
    *below, run = needed
    arm = Arm(spec.run, dataset, *below)
    arm.learner.load_state_dict(run.weights())
    arm.learner.eval()
    manifest = store.manifest(run)
    placed = isinstance(arm.learner, PrototypicalNetwork) and arm.learner.film is None
    correct = (prototypes_masked if placed or by_row(arm.learner) else any_masked)(arm, spec.masks, manifest, history)
    queries = manifest.queries_each
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "metric": run.metric.name,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": run.summary["batch_norm"],
            "queries": queries,
        },
        frames={"arms": pd.DataFrame({"mask": spec.masks, "accuracy": correct.mean(axis=(1, 2)) / queries * 100})},
        arrays={"correct": correct.astype(np.uint8) if queries < 256 else correct},
    )


def prototypes_masked(arm: Arm, masks: list[int], manifest: EpisodeManifest, history: History) -> np.ndarray:
    """Every subset's anchors first, one small pass each; then all subsets together, episode by episode.

    What differs in sources that describe instances sees other embeddings: these are modulated once for all that see the same.
    """
    classes, place = places_of(manifest)
    table, position = arm.embeddings_of(manifest.rows)
    shots, learner = arm.spec.evaluation.shots, arm.learner
    names = [source.name for source in arm.instances]
    alike: dict[tuple[str, ...], list[int]] = {}
    for index, mask in enumerate(masks):
        kept = members(mask, arm.spec.sources)
        alike.setdefault(tuple(name for name in names if name in kept), []).append(index)
    correct = np.zeros((len(masks), len(shots), len(manifest)), dtype=np.uint16)
    for done, (kept, chosen) in enumerate(alike.items()):
        seen = SeenRows(table, None, position)
        if learner.film is not None:
            seen = seen_rows(learner, table, position, manifest, hidden(arm.instances, kept))
        told = [hidden(arm.encoded, members(masks[index], arm.spec.sources)) for index in chosen]
        anchor, share = zip(*(anchors_of(learner, encoded, classes, shots) for encoded in told), strict=True)

        def tick(fraction: float, done: int = done) -> None:
            history(0, "scoring every subset", (done + fraction) / len(alike))

        correct[chosen] = count_correct(
            seen.support,
            seen.position,
            manifest,
            shots,
            torch.stack(anchor),
            torch.stack(share),
            place,
            arm.spec.distance,
            tick,
            asked=seen.query,
        )
    return correct


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
