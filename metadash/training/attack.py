"""What metadata give away of the class, and what a map or prototypes give away of the metadata: computed in a job."""

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from metadash.data.columns.registry import kind_of, rung_named
from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.learners.prototypical import PrototypicalNetwork
from metadash.metadata.encoder import encode
from metadash.runs.progress import History
from metadash.runs.store import Run, RunStore
from metadash.specs.probes import ProbeSpec, ProxySpec
from metadash.training.backbone import Outcome
from metadash.training.evaluate import context_of, places, score, scores_frame
from metadash.training.outcome import accuracies
from metadash.training.projection import fused_prototypes, restored

NEIGHBOURS = 5
FEW_NUMBERS = 10


def score_proxy(spec: ProxySpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``scores``, like a learner's."""
    history(0, "encoding the instances' metadata", 0.1)
    sources = tuple(dataset.source(name) for name in spec.sources)
    train = np.flatnonzero(np.isin(dataset.class_of, dataset.split(spec.split)["train"]))
    encoded = encode(dataset.instances, sources, train)
    manifest = draw(dataset, spec.evaluation.episodes(spec.split, "test"))
    rows, position = places(manifest.rows, len(dataset.class_of))
    table = np.concatenate([source.vectors[rows] for source in encoded], axis=1)
    history(0, "scoring the test episodes", 0.4)
    learner = PrototypicalNetwork(nn.Identity(), table.shape[1])
    correct = score(learner, table, position, manifest, spec.evaluation.shots, [])
    store.keep_manifest(manifest)
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "metric": spec.evaluation.metric.name,
            "n_test_classes": len(np.unique(manifest.classes)),
            "accuracy": accuracies(correct, spec.evaluation.shots, manifest.queries),
        },
        frames={"scores": scores_frame(correct, spec.evaluation.shots, manifest)},
    )


def guess_column(spec: ProbeSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frame ``guesses``: class_id, truth and guess of each point, guessed from points that the guesser was not fitted on.

    Points of one class stay in one fold where the column describes classes: else one would only have to recognise the class.
    """
    history(0, "gathering the points", 0.05)
    classes, rows, vectors = points_of(spec, dataset, needed[0], store)
    of_class = spec.column in dataset.classes.columns
    truth = values_of(dataset, spec.column, classes if of_class else rows)
    known = truth.notna().to_numpy()
    common = truth[known].value_counts()
    kept = known & truth.isin(common.index[common >= spec.folds]).to_numpy()
    if truth[kept].nunique() < 2:
        raise BadInput(
            f"'{spec.column}' has no two values with {spec.folds} of these points each; there is nothing to tell apart."
        )
    x, y, group = vectors[kept], truth[kept].to_numpy(dtype=object).astype(str), classes[kept]
    folds = StratifiedGroupKFold(spec.folds, shuffle=True, random_state=spec.seed)
    groups = group if of_class else np.arange(len(y))
    guess = np.empty(len(y), dtype=object)
    for done, (fit, rest) in enumerate(folds.split(x, y, groups)):
        history(done, "guessing", 0.1 + 0.9 * done / spec.folds)
        if len(rest):
            guess[rest] = guesser(spec, y[fit]).fit(x[fit], y[fit]).predict(x[rest]) if len(set(y[fit])) > 1 else y[fit][0]
    frame = pd.DataFrame({"class_id": group, "truth": y, "guess": guess.astype(str)})
    return Outcome(
        summary={
            "n_points": len(frame),
            "left_out": int(len(kept) - kept.sum()),
            "levels": int(frame["truth"].nunique()),
            "guessed_as": kind_of(dataset.classes[spec.column] if of_class else dataset.instances[spec.column]).guessed_as,
        },
        frames={"guesses": frame},
    )


def guesser(spec: ProbeSpec, known: np.ndarray) -> BaseEstimator:
    if spec.method == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return KNeighborsClassifier(min(NEIGHBOURS, len(known)))


def points_of(spec: ProbeSpec, dataset: Dataset, run: Run, store: RunStore) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(class of each point, its row of the data set or −1, its coordinates [P, D]) of what would be published."""
    if spec.what == "map":
        points = run.frame("points")
        points = points[points["row"] >= 0].drop_duplicates("row")
        return points["class_id"].to_numpy(), points["row"].to_numpy(), points[["x", "y"]].to_numpy(dtype=float)
    if spec.column not in dataset.classes.columns:
        raise BadInput(f"A prototype stands for a class, and '{spec.column}' describes instances; probe the map instead.")
    arm = restored(spec.map.run, dataset, run, store)
    n_shot, generator = spec.map.n_shot, np.random.default_rng([spec.seed, 5])
    by_class = pd.Series(np.arange(len(dataset.class_of))).groupby(dataset.class_of).apply(np.asarray)
    test = np.array([c for c in dataset.split(spec.map.run.split)["test"] if len(by_class.get(c, ())) >= n_shot])
    support = np.stack([generator.choice(by_class[c], n_shot, replace=False) for c in test])
    embedded, position = arm.embeddings_of(support.ravel())
    with torch.no_grad():
        examples = torch.from_numpy(np.ascontiguousarray(embedded[position[support]]))
        prototypes, _ = fused_prototypes(arm, examples, context_of(arm.encoded, test[None]))
    return test, np.full(len(test), -1), prototypes.numpy()


def values_of(dataset: Dataset, column: str, rows: np.ndarray) -> pd.Series:
    """What is guessed for each point: the column as it is where it has few values, else less exactly, as its kind says."""
    table = dataset.classes if column in dataset.classes.columns else dataset.instances
    values, kind = table[column], kind_of(table[column])
    if not kind.groups:
        raise BadInput(f"'{column}' holds {kind.plural}; a probe guesses one value at a time.")
    if kind.guessed_as and not (kind.counts and values.nunique() <= FEW_NUMBERS):
        values = rung_named(kind.guessed_as).apply(values)
    return values.iloc[rows].astype("string").reset_index(drop=True)
