"""The prototype map: where a run's embedding puts instances, prototypes and metadata anchors, flattened by t-SNE.

Where metadata modulate the embedding (FiLM), every instance lies where the learner sees it in this task, the background as if it
were asked for; plain prototypes are the means of what the embedding gives without metadata.
"""

import numpy as np
import pandas as pd
import torch
from sklearn.manifold import TSNE

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.prototypical import PrototypeLearner, pseudo_shot_prototype
from metadash.networks.anchors import MetadataContext
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.views import MapSpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of
from metadash.training.restored import restored
from metadash.training.trainer import Arm

NEIGHBOURS = 3
"""Times the perplexity are looked at around each point; where a data set has fewer points, its perplexity is what they serve."""

POINT_KINDS = ("instance", "support", "query", "plain prototype", "prototype", "anchor")


def draw_map(spec: MapSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``points``: kind, row (of the data set, −1 for prototypes and anchors), class_id, predicted and plainly_predicted
    (classes of queries, by the fused and by the plain prototypes), x, y. Array ``vectors`` [P, D]: what was flattened."""
    history(0, "embedding the points", 0.0)
    points, vectors = gather(spec, dataset, needed[0], store)
    history(0, "arranging the map (t-SNE)", 0.1)
    if len(np.unique(vectors, axis=0)) < 10:
        raise BadInput("Nearly all points of this map have the same embedding; there is nothing to arrange.")
    perplexity = min(spec.perplexity, (len(vectors) - 1) / NEIGHBOURS)
    layout = TSNE(perplexity=perplexity, init="pca", random_state=spec.seed, n_jobs=1).fit_transform(vectors)
    points["x"], points["y"] = layout.astype(np.float32).T
    return Outcome(
        summary={"n_points": len(points), "perplexity": round(perplexity, 1)},
        frames={"points": points},
        arrays={"vectors": vectors},
    )


def gather(spec: MapSpec, dataset: Dataset, run: Run, store: RunStore) -> tuple[pd.DataFrame, np.ndarray]:
    """The points and their embeddings [P, D], before they are flattened."""
    arm = restored(spec.run, dataset, run, store)
    task = store.manifest(run)[spec.episode : spec.episode + 1].at_shot(spec.n_shot)
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
        predicted, plainly = (classes[arm.predict(task, told)] for told in (context, None if arm.can_do_without else context))
    parts = [
        frame("instance", rows, dataset.class_of[rows], of_rows.numpy()),
        frame("support", support.ravel(), np.repeat(classes, task.n_shot), seen.flatten(0, 1).numpy()),
        frame("query", query, classes[label], of_query.numpy(), predicted, plainly),
        frame("plain prototype", None, classes, plain.numpy()),
        frame("prototype", None, classes, fused.numpy()) if arm.spec.reads_at_test else None,
        frame("anchor", None, classes, anchors) if len(anchors) else None,
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


def frame(
    kind: str,
    rows: np.ndarray | None,
    classes: np.ndarray,
    vectors: np.ndarray,
    predicted: np.ndarray | None = None,
    plainly: np.ndarray | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    n = len(classes)
    table = {
        "kind": kind,
        "row": rows if rows is not None else np.full(n, -1),
        "class_id": classes,
        "predicted": predicted if predicted is not None else np.full(n, -1),
        "plainly_predicted": plainly if plainly is not None else np.full(n, -1),
    }
    return pd.DataFrame(table), np.asarray(vectors)


def background_rows(spec: MapSpec, dataset: Dataset, taken: np.ndarray) -> np.ndarray:
    """Test instances outside the episode, as evenly over the classes as the number allows."""
    generator = np.random.default_rng(spec.seed)
    test = dataset.split(spec.run.split)["test"]
    rows = generator.permutation(np.setdiff1d(np.flatnonzero(np.isin(dataset.class_of, test)), taken))
    turn = pd.Series(dataset.class_of[rows]).groupby(dataset.class_of[rows]).cumcount().to_numpy()
    return np.sort(rows[np.argsort(turn, kind="stable")[: spec.background]])
