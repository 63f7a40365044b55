"""Scores every method on the same tasks of users, fold by fold: each user is a test user once, and nothing of it is known before."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.rated import rated_tasks, user_roles
from metadash.runs.progress import SCORING, History
from metadash.runs.store import Run, RunStore
from metadash.specs.given.ratings import ANYTHING, INFORMED, PLAIN, SHUFFLED, SHUFFLES, RatingsSpec
from metadash.training.backbone import Outcome
from metadash.training.ratings.features import dealt_anew, item_features, together
from metadash.training.ratings.known import Known, Ratings
from metadash.training.ratings.methods import (
    Foresee,
    Users,
    both_offsets,
    everything,
    item_mean,
    neighbours,
    own_mean,
    ridge_over,
)
from metadash.training.ratings.values import VALUES, Asked

Array = np.ndarray
ITEM_SHRINKS = (2.0, 5.0, 10.0)
OWN_SHRINKS = (0.5, 1.0, 2.0, 4.0, 8.0)
WEIGHTS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)
NEIGHBOUR_WEIGHTS = tuple((weight, stay) for weight in (0.5, 1.0) for stay in (0.1, 0.3, 1.0))
USUAL_SHRINK = 2.0


def score_ratings(spec: RatingsSpec, dataset: Dataset, needed: list[Run], store: RunStore, history: History) -> Outcome:
    """Frames: ``scores``, a row for each method, metric, number of shots and task; ``strengths``, what was chosen on validation users."""
    rated = ratings_of(dataset)
    values = dataset.instance_columns([rated.user, rated.value])
    names, user = np.unique(values[rated.user].astype(str).to_numpy(), return_inverse=True)
    stars = rated.in_stars(values[rated.value].to_numpy(dtype=float))
    every = Ratings(user, dataset.class_of, stars, len(dataset.classes))
    liked = stars > (np.bincount(user, stars) / np.bincount(user))[user]
    manifests: list[EpisodeManifest] = []
    scores, strengths = [], []
    for fold in range(1, spec.folds + 1):
        history(fold, f"fold {fold} of {spec.folds}", (fold - 1) / spec.folds)
        role = user_roles(dataset, rated, fold, spec.folds).reindex(names).to_numpy()
        tests = rated_tasks(dataset, spec.tasks(fold, "test"))
        found, chosen = score_fold(spec, dataset, every, liked, role[user] == "train", fold, tests)
        start = sum(len(one) for one in manifests)
        scores.append(found.assign(episode=found["episode"] + start))
        strengths.append(chosen.assign(fold=fold))
        manifests.append(tests)
    history(spec.folds, SCORING, 0.99)
    manifest = EpisodeManifest.joined(manifests)
    store.keep_manifest(manifest)
    frame = pd.concat(scores, ignore_index=True)
    tested = len(manifest.group_names)
    return Outcome(
        summary={
            "manifest": manifest.hash,
            "metric": "mae",
            "n_users": tested,
            "left_out": len(names) - tested,
            "n_tasks": len(manifest),
            "one_sided": one_sided(manifest, liked),
            "means": means_of(frame),
        },
        frames={"scores": frame, "strengths": pd.concat(strengths, ignore_index=True)},
    )


def score_fold(
    spec: RatingsSpec, dataset: Dataset, every: Ratings, liked: Array, trains: Array, fold: int, tests: EpisodeManifest
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of one fold the values of its test tasks, and the strengths chosen on its validation tasks."""
    validation = rated_tasks(dataset, spec.tasks(fold, "validation"))
    known = shrunk(every, every.of(np.flatnonzero(trains)), validation, max(spec.shots))
    rows_asked = np.maximum(tests.query[:, 0], 0)
    asked = Asked(every.stars[rows_asked], liked[rows_asked], tests.query[:, 0] >= 0)
    rows, chosen = [], []
    methods = methods_of(spec, dataset, known, fold)
    for shot in spec.shots:
        looked, scored = tasks_at(every, validation, shot), tasks_at(every, tests, shot)
        own = best_of([(both_offsets, shrink) for shrink in OWN_SHRINKS], known, looked, every, validation)[1]
        found: dict[str, list[Array]] = {}
        for name, foresee, tried in methods:
            options = [(foresee, strength(one, own)) for one in tried]
            least, best = best_of(options, known, looked, every, validation) if len(options) > 1 else (None, options[0][1])
            found.setdefault(name, []).append(foresee(known, scored, best))
            chosen.append({"method": name, "shot": shot, "strength": str(best), "validation_mae": least})
        for name, foreseen in found.items():
            for metric, value in VALUES.items():
                worth = np.mean([value(asked, one) for one in foreseen], axis=0)
                rows.append(
                    pd.DataFrame(
                        {"method": name, "metric": metric, "shot": shot, "episode": np.arange(len(tests)), "value": worth}
                    )
                )
    return pd.concat(rows, ignore_index=True), pd.DataFrame(chosen)


OWN = object()
"""Stands in a strength for the shrinkage of a user's own offset, which is chosen once for all methods over it."""


def strength(tried: Any, own: float) -> Any:
    if isinstance(tried, tuple):
        return tuple(own if part is OWN else part for part in tried)
    return own if tried is OWN else tried


def methods_of(spec: RatingsSpec, dataset: Dataset, known: Known, fold: int) -> list[tuple[str, Foresee, Sequence[Any]]]:
    """Name, function and what is tried of it; those of one name (rows dealt several times) are scored together."""
    ridge = [(weight, OWN) for weight in WEIGHTS]
    found: list[tuple[str, Foresee, Sequence[Any]]] = [
        (ANYTHING, everything, (None,)),
        ("own-mean", own_mean, OWN_SHRINKS),
        ("item-mean", item_mean, (None,)),
        (PLAIN, both_offsets, (OWN,)),
        ("neighbours", neighbours, [(0.0, 1.0, OWN), *((*pair, OWN) for pair in NEIGHBOUR_WEIGHTS)]),
        ("factors", ridge_over(known.scaled(known.factors)), ridge),
    ]
    sources = [dataset.source(name) for name in spec.sources]
    if not sources:
        return found
    encoded = item_features(dataset, sources, known)
    features = together(encoded, known)
    found.append((INFORMED, ridge_over(features), ridge))
    found.append(("factors+metadata", ridge_over(np.concatenate([known.scaled(known.factors), features], axis=1)), ridge))
    for deal in range(SHUFFLES):
        shuffled = together(dealt_anew(encoded, (spec.seed, deal)), known)
        found.append((SHUFFLED, ridge_over(shuffled), ridge))
    return found


def shrunk(every: Ratings, train: Ratings, validation: EpisodeManifest, shot: int) -> Known:
    """What meta-train ratings tell, items' offsets as far from the mean as is best for validation users."""
    looked = tasks_at(every, validation, shot)
    found = [Known(train, shrink) for shrink in ITEM_SHRINKS]
    errors = [error_of(both_offsets(known, looked, USUAL_SHRINK), every, validation) for known in found]
    return found[int(np.argmin(errors))]


def best_of(
    options: Sequence[tuple[Foresee, Any]], known: Known, looked: Users, every: Ratings, tasks: EpisodeManifest
) -> tuple[float, Any]:
    """The least error on validation tasks, and the strength that has it; the weaker where two have."""
    errors = [error_of(foresee(known, looked, one), every, tasks) for foresee, one in options]
    best = int(np.argmin(errors))
    return errors[best], options[best][1]


def error_of(foreseen: Array, every: Ratings, tasks: EpisodeManifest) -> float:
    rows = tasks.query[:, 0]
    return float(np.abs(every.stars[np.maximum(rows, 0)] - foreseen)[rows >= 0].mean())


def tasks_at(every: Ratings, tasks: EpisodeManifest, shot: int) -> Users:
    """The tasks with the first ``shot`` of their known ratings; a place without a query stands for any."""
    support, query = tasks.support[:, 0, :shot], np.maximum(tasks.query[:, 0], 0)
    return Users(every.item[support], every.stars[support], every.item[query])


def one_sided(tasks: EpisodeManifest, liked: Array) -> int:
    """Tasks in which all that is asked about was liked, or nothing was: there is nothing to tell apart."""
    rows = tasks.query[:, 0]
    share = np.where(rows >= 0, liked[np.maximum(rows, 0)], False).sum(axis=1) / (rows >= 0).sum(axis=1)
    return int(((share == 0) | (share == 1)).sum())


def means_of(scores: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """The mean over tasks by metric, method and shots, as a record shows it."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in scores.groupby(["metric", "method", "shot"])["value"].mean().reset_index().itertuples(index=False):
        found.setdefault(str(row.metric), {}).setdefault(str(row.method), {})[str(row.shot)] = round(float(row.value), 6)  # type: ignore[arg-type]
    return found
