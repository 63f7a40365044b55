"""What is stored of a learner that has been trained and scored."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.core.base import Learner
from metadash.learners.core.fusions import PLACING
from metadash.metadata.encoded import EncodedSource
from metadash.specs.run import RunSpec, ways_note
from metadash.specs.transduction import statistics_of, transductive
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of, scores_frame


def outcome_of(
    spec: RunSpec,
    learner: Learner,
    encoded: list[EncodedSource],
    manifest: EpisodeManifest,
    correct: dict[int, np.ndarray],
    found: Mapping[str, float],
) -> Outcome:
    """What is stored of a learner that has been trained and scored: right answers [len(shots), E] by the number of ways."""
    percent = {n_way: accuracies(rows, spec.evaluation.shots, manifest.at_ways(n_way).queries) for n_way, rows in correct.items()}
    outcome = Outcome(
        summary={
            **found,
            "manifest": manifest.hash,
            "metric": spec.evaluation.metric.name,
            "n_test_classes": len(np.unique(manifest.classes)),
            "batch_norm": statistics_of(spec),
            "transductive": transductive(spec),
            "trained_parameters": trained_parameters(learner) if spec.trains else 0,
            "read_at_test": list(spec.sources) if spec.reads_at_test else [],
            "accuracy": percent[manifest.n_way],
            **({"accuracy_by_ways": {str(n_way): found for n_way, found in percent.items()}} if spec.evaluation.ways else {}),
            **({"ways_note": ways_note(spec)} if ways_note(spec) else {}),
        },
        weights={name: value.contiguous() for name, value in learner.state_dict().items()} if spec.trains else {},
        frames={
            "scores": pd.concat(
                [scores_frame(rows, spec.evaluation.shots, manifest.at_ways(n_way)) for n_way, rows in correct.items()],
                ignore_index=True,
            )
        },
    )
    if learner.film is not None:
        outcome.summary["film_multipliers"] = [learner.film.scale_multiplier.item(), learner.film.shift_multiplier.item()]
    if spec.fusion in PLACING:
        outcome.frames["anchors"] = anchors_frame(learner, encoded, spec.fusion)
        tested = np.unique(manifest.classes)
        outcome.summary["kappa"] = float(outcome.frames["anchors"]["kappa"].iloc[tested].mean()) if spec.fusion != "am3" else None
    return outcome


def accuracies(correct: np.ndarray, shots: tuple[int, ...], queries: np.ndarray) -> dict[str, float]:
    """In %, the mean over the episodes of ``correct`` [len(shots), E] of ``queries`` [E], by the number of shots."""
    return {str(shot): accuracy_of(row, queries) for shot, row in zip(shots, correct, strict=True)}


def accuracy_of(correct: np.ndarray, queries: np.ndarray) -> float:
    """In %, the mean over the episodes of ``correct`` [..., E] of ``queries`` [E]; of equal numbers of queries, counts are added first."""
    if queries.min() == queries.max():
        return float(correct.mean() / int(queries[0]) * 100)
    return float((correct / queries).mean() * 100)


def trained_parameters(learner: Learner) -> int:
    """How many numbers training moves: in quick mode none of the backbone's, which is frozen and shared."""
    return sum(parameter.numel() for parameter in learner.parameters() if parameter.requires_grad)


@torch.no_grad()
def anchors_frame(learner: Learner, encoded: list[EncodedSource], fusion: str) -> pd.DataFrame:
    """One row a class: its strength κ (pseudo-shots) or mixing weight λ (AM3), and its anchor μ."""
    learner.eval()
    anchor, strength = learner.anchors(context_of(encoded, np.arange(len(encoded[0].present))[None]))
    frame = pd.DataFrame({"class_id": np.arange(anchor.shape[1]), "kappa": strength[0].numpy().astype(float)})
    if fusion == "am3":
        frame = frame.drop(columns="kappa").assign(weight=learner.gate(anchor)[0].numpy().astype(float))
    return frame.assign(mu=list(anchor[0].numpy()))
