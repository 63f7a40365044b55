"""The prototype map: where a run's embedding puts instances, prototypes and metadata anchors, flattened.

Where metadata modulate the embedding (FiLM), every instance lies where the learner sees it in this task, the background as if it
were asked for; plain prototypes are the means of what the embedding gives without metadata.
"""

import numpy as np
import pandas as pd
import torch

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypeLearner, pseudo_shot_prototype
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.views import MAP_METHODS, MapSpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of
from metadash.training.mapping.beside import around_steps, without
from metadash.training.mapping.confusing import confusions
from metadash.training.mapping.flattening import arranged, trustworthiness, usable_perplexity
from metadash.training.mapping.points import background_rows, frame
from metadash.training.restored import restored
from metadash.training.trainer import Arm

POINT_KINDS = ("instance", "support", "query", "plain prototype", "prototype", "anchor")


def draw_map(spec: MapSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``points``: kind, row (of the data set, −1 for prototypes and anchors), class_id, predicted and plainly_predicted
    (classes of queries, by the fused and by the plain prototypes), kappa (of prototypes and anchors that metadata pull by pseudo-shots: in
    labelled examples; else missing), x, y. Array ``vectors`` [P, D]: what was flattened. Frame ``confusions``: see
    ``metadash.training.mapping.confusing``. What stands beside it has ``points_beside``, ``vectors_beside`` and, but for a start, ``confusions_beside``.
    """
    history(0, "embedding the points", 0.0)
    arms = [restored(run, dataset, done, store) for run, done in zip(spec.needs, needed, strict=True)]
    if spec.without:
        arms.append(without(arms[0], spec.without))
    manifest = store.manifest(needed[0])  # of what stands beside it too: both were scored on the same tasks
    found = around_steps(spec, arms[0], manifest) if spec.before_steps else [gathered(spec, arm, manifest) for arm in arms]
    history(0, f"arranging the map ({MAP_METHODS[spec.method]})", 0.1)
    vectors = [part for _, part in found]
    for part in vectors:
        if len(np.unique(part, axis=0)) < 10:
            raise BadInput("Nearly all points of this map have the same embedding; there is nothing to arrange.")
    layouts = arranged(spec, vectors, [(points["row"] >= 0).to_numpy() for points, _ in found])
    history(0, "asking the other tasks what is confused", 0.85)
    told = [confusions(arm, manifest, spec.n_shot) for arm in arms]
    summary: dict = {"n_points": len(vectors[0])}
    if spec.method == "tsne":
        summary["perplexity"] = round(usable_perplexity(spec, vectors[0]), 1)
    summary |= {"tasks_asked": told[0][1], "trustworthiness": []}
    frames: dict[str, pd.DataFrame] = {}
    arrays: dict[str, np.ndarray] = {}
    for place, ((points, part), layout) in enumerate(zip(found, layouts, strict=True)):
        end = "_beside" if place else ""
        points["x"], points["y"] = layout.astype(np.float32).T
        frames[f"points{end}"] = points
        if place < len(told):
            frames[f"confusions{end}"] = told[place][0]
        arrays[f"vectors{end}"] = part
        summary["trustworthiness"].append(round(trustworthiness(part, layout, seed=spec.seed), 3))
    return Outcome(summary=summary, frames=frames, arrays=arrays)


def gather(spec: MapSpec, dataset: Dataset, run: Run, store: RunStore) -> tuple[pd.DataFrame, np.ndarray]:
    """The points of the map's run and their embeddings [P, D], before they are flattened."""
    return gathered(spec, restored(spec.run, dataset, run, store), store.manifest(run))


def gathered(spec: MapSpec, arm: Arm, manifest: EpisodeManifest) -> tuple[pd.DataFrame, np.ndarray]:
    """The points as ``arm`` sees them and their embeddings [P, D]: test instances, support, queries, prototypes, anchors."""
    dataset = arm.dataset
    task = manifest[spec.episode : spec.episode + 1].at_shot(spec.n_shot)
    classes, support, (query, label) = task.classes[0], task.support[0], (part[0] for part in task.asked)
    rows = background_rows(spec, dataset, np.concatenate([support.ravel(), query]))
    embedded, position = arm.embeddings_of(np.concatenate([rows, support.ravel(), query]))
    at = lambda chosen: torch.from_numpy(embedded[position[chosen]])  # noqa: E731
    plain = at(support).mean(dim=1)
    with torch.no_grad():
        context = arm.context(task) if arm.spec.reads_at_test else None
        seen, asked = modulated(arm, task, at(support), at(np.concatenate([query, rows])), rows)
        of_query, of_rows = asked[: query.size], asked[query.size :]
        fused, anchors = fused_prototypes(arm, seen, context)
        if context is not None and not context.present.any():
            anchors = anchors[:0]  # all that describes classes is hidden: no class has a place by it
        kappa = strengths(arm, context)
        predicted, plainly = (classes[arm.predict(task, told)] for told in (context, None if arm.can_do_without else context))
    parts = [
        frame("instance", rows, dataset.class_of[rows], of_rows.numpy()),
        frame("support", support.ravel(), np.repeat(classes, task.n_shot), seen.flatten(0, 1).numpy()),
        frame("query", query, classes[label], of_query.numpy(), predicted, plainly),
        frame("plain prototype", None, classes, plain.numpy()),
        frame("prototype", None, classes, fused.numpy(), kappa=kappa) if arm.spec.reads_at_test else None,
        frame("anchor", None, classes, anchors, kappa=kappa) if len(anchors) else None,
    ]
    kept = [part for part in parts if part is not None]
    return pd.concat([points for points, _ in kept], ignore_index=True), np.concatenate([vectors for _, vectors in kept]).astype(
        np.float32
    )


def modulated(
    arm: Arm, task: EpisodeManifest, support: torch.Tensor, asked: torch.Tensor, rows: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """The task's support [N, K, D], and its queries and some other ``rows`` [Q + R, D], as the learner sees them."""
    film = arm.learner.film
    if film is None:
        return support, asked
    every = np.concatenate([task.asked[0][0], rows])[None]
    context = context_of(arm.encoded, task.classes, arm.instances, task.support, every)
    assert context is not None
    of_support, of_asked = film(context)
    return of_support.of(support.flatten(0, 1)[None])[0].view_as(support), of_asked.of(asked[None])[0]


def fused_prototypes(arm: Arm, support: torch.Tensor, context: MetadataContext | None) -> tuple[torch.Tensor, np.ndarray]:
    """Prototypes [N, D] with the metadata's pull, and the anchors [N, D] (where there are any), for whichever learner."""
    mean = support.mean(dim=1)
    if context is None or arm.spec.fusion == "film":
        return mean, np.zeros((0, mean.shape[1]), np.float32)
    anchor, strength = arm.learner.anchors(context)
    if isinstance(arm.learner, PrototypeLearner):
        return arm.learner.prototypes(TaskBatch.by_class(support[None], support[None, 0], context))[0], anchor[0].numpy()
    return pseudo_shot_prototype(mean[None], support.shape[1], anchor, strength)[0], anchor[0].numpy()


def strengths(arm: Arm, context: MetadataContext | None) -> np.ndarray | None:
    """κ [N] of each class of the task, in labelled examples; None where metadata pull no prototype, or by a gate that knows none."""
    if context is None or arm.spec.fusion not in ("pseudo-shots", BOTH):
        return None
    return arm.learner.anchors(context)[1][0].numpy()
