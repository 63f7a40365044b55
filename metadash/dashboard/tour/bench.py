"""What the tour computes while a visitor looks on: tasks, prototypes, places that names say, and how sure a gain is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.tour.network import embed
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import PoolTable, pool_table
from metadash.episodes.sampler import draw, draw_from
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.stats.paired import Difference, difference, tested_together
from metadash.stats.scored import Scores

SPLIT = "base_letter-0"
QUERIES = 5
PER_CLASS, PER_TRAINING_CLASS = 8, 4
"""Images of a class that are looked at, where many tasks are drawn, and to learn where a name belongs."""
RIDGE = 3.0
"""How far the regression is held back; chosen once, on training characters."""


@dataclass(frozen=True)
class Task:
    """One task worked out: features of ``support`` [N, K, D] and ``query`` [N, Q, D], ``anchors`` [N, D] that the names say."""

    manifest: EpisodeManifest
    support: np.ndarray
    query: np.ndarray
    anchors: np.ndarray

    @property
    def prototypes(self) -> np.ndarray:
        return self.support.mean(axis=1)

    def fused(self, kappa: float) -> np.ndarray:
        """Prototypes [N, D] with the anchors counted as ``kappa`` examples more."""
        return fused(self.prototypes, self.anchors, self.manifest.n_shot, kappa)

    def answers(self, prototypes: np.ndarray) -> np.ndarray:
        """Of each query [N, Q] the place of the nearest prototype."""
        return nearest(prototypes[None], self.query[None])[0]


def fused(prototypes: np.ndarray, anchors: np.ndarray, n_shot: int, kappa: float) -> np.ndarray:
    return (n_shot * prototypes + kappa * anchors) / (n_shot + kappa)


def nearest(prototypes: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """``prototypes`` [E, N, D] and ``queries`` [E, N, Q, D] to the place of the nearest [E, N, Q]."""
    distances = ((queries[:, :, :, None] - prototypes[:, None, None]) ** 2).sum(axis=-1)
    return distances.argmin(axis=-1)


def spec_of(n_way: int, n_shot: int, seed: int = 0, role: str = "test") -> EpisodeSpec:
    return EpisodeSpec(Pool(SPLIT, role), n_way, n_shot, QUERIES, "siblings", "base_letter", seed)


@st.cache_data(max_entries=64, show_spinner=False)
def task(fingerprint: str, n_way: int, n_shot: int, seed: int, shuffled: bool, _data: Dataset) -> Task:
    """Of characters that share a letter the network never saw; the same numbers give the same task."""
    drawn = draw(_data, spec_of(n_way, n_shot, seed))
    support, query = (seen(_data, rows[0]) for rows in (drawn.support, drawn.query))
    return Task(drawn, support, query, anchors(fingerprint, shuffled, _data)[drawn.classes[0]])


def seen(data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Features of the inputs of ``rows`` [...], each looked at once: [..., D]."""
    once, places = np.unique(rows, return_inverse=True)
    return embed(np.asarray(data.inputs[once]), SPLIT)[places.reshape(rows.shape)]


@st.cache_resource(max_entries=4, show_spinner="The network looks at training characters, to learn where a name belongs …")
def anchors(fingerprint: str, shuffled: bool, _data: Dataset) -> np.ndarray:
    """Where a character's name says that it lies [C, D]: ridge regression from the words of names to the means of the training characters."""
    table = few_of_each(
        pool_table(_data, replace(spec_of(5, 1, role="train"), strategy="uniform", column=None)), PER_TRAINING_CLASS
    )
    means = seen(_data, table.rows.reshape(-1, PER_TRAINING_CLASS)).mean(axis=1)
    told = words_of(_data.classes["unicode_name"].astype(str).tolist(), table.classes)
    if shuffled:
        told = told[np.random.default_rng(0).permutation(len(told))]
    shown, middle = told[table.classes], means.mean(axis=0)
    centred = shown - shown.mean(axis=0)
    weights = np.linalg.solve(centred.T @ centred + RIDGE * np.eye(shown.shape[1]), centred.T @ (means - middle))
    return (told - shown.mean(axis=0)) @ weights + middle


def words_of(names: Sequence[str], known: np.ndarray) -> np.ndarray:
    """Which words of the ``known`` classes' names are in each name: 0 or 1 [C, W]."""
    vocabulary = sorted({word for c in known for word in names[c].split()})
    return np.array([[word in own for word in vocabulary] for own in (set(name.split()) for name in names)], dtype=float)


def few_of_each(table: PoolTable, number: int) -> PoolTable:
    """The pool with ``number`` images of each class, drawn once and for all."""
    generator = np.random.default_rng(0)
    picked = [table.rows[s : s + c][generator.permutation(c)[:number]] for s, c in zip(table.starts, table.counts, strict=True)]
    counts = np.full(len(table.classes), number)
    return replace(table, rows=np.concatenate(picked), starts=np.arange(len(picked)) * number, counts=counts)


@st.cache_resource(max_entries=2, show_spinner="The network looks at 2,800 characters, once for everybody here …")
def many(fingerprint: str, _data: Dataset) -> tuple[PoolTable, np.ndarray]:
    """The pool that many tasks are drawn from, and the features of all its images by row [I, D]."""
    table = few_of_each(pool_table(_data, spec_of(5, 1)), PER_CLASS)
    found = seen(_data, table.rows)
    by_row = np.zeros((int(table.rows.max()) + 1, found.shape[1]), dtype=found.dtype)
    by_row[table.rows] = found
    return table, by_row


@dataclass(frozen=True)
class Gains:
    """What names add over many tasks, and what the same names add when they are dealt to the wrong characters; ``base``: percent right without."""

    names: Difference
    shuffled: Difference
    base: float


@st.cache_data(max_entries=128, show_spinner=False)
def gains(fingerprint: str, n_tasks: int, seed: int, kappa: float, _data: Dataset) -> Gains:
    """Five siblings, one example each, the same ``n_tasks`` tasks for all."""
    table, by_row = many(fingerprint, _data)
    drawn = draw_from(table, replace(spec_of(5, 1), n_episodes=n_tasks), np.random.default_rng(seed), fingerprint)
    prototypes, queries = by_row[drawn.support].mean(axis=2), by_row[drawn.query]

    def scored(placed: np.ndarray) -> Scores:
        right = (nearest(placed, queries) == np.arange(drawn.n_way)[None, :, None]).mean(axis=(1, 2))
        return Scores((1,), right[None, None], drawn, ("",), (0,))

    plain, told, falsely = (
        scored(prototypes),
        *(scored(fused(prototypes, anchors(fingerprint, one, _data)[drawn.classes], 1, kappa)) for one in (False, True)),
    )
    against = difference(told, falsely, 1)
    names, shuffled = difference(told, plain, 1), difference(falsely, plain, 1)
    return Gains(tested_together([names], [against])[0], shuffled, 100 * float(plain.values.mean()))


def map_points(found: Task, kappa: float | None) -> pd.DataFrame:
    """Support, queries and prototypes on the two directions in which they differ most, as ``metadash.figures.map.task_map`` draws them;
    with ``kappa`` the anchors and the fused prototypes too."""
    task, plain = found.manifest, found.prototypes
    placed = plain if kappa is None else found.fused(kappa)
    layers = [
        ("support", found.support.reshape(-1, plain.shape[1]), np.repeat(task.classes[0], task.n_shot)),
        ("query", found.query.reshape(-1, plain.shape[1]), np.repeat(task.classes[0], task.n_query)),
        ("plain prototype", plain, task.classes[0]),
    ]
    if kappa is not None:
        layers += [("anchor", found.anchors, task.classes[0]), ("prototype", placed, task.classes[0])]
    every = np.concatenate([vectors for _, vectors, _ in layers])
    middle = every[: len(every) if kappa is None else -2 * len(plain)]
    directions = np.linalg.svd(middle - middle.mean(axis=0), full_matrices=False)[2][:2]
    signs = np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])
    directions = directions * signs[:, None]  # which way round is chance: the next step would show the same task upside down
    flat = (every - middle.mean(axis=0)) @ directions.T
    points = pd.DataFrame(
        {
            "kind": np.repeat([kind for kind, _, _ in layers], [len(vectors) for _, vectors, _ in layers]),
            "class_id": np.concatenate([classes for _, _, classes in layers]),
            "x": flat[:, 0],
            "y": flat[:, 1],
            "predicted": -1,
        }
    )
    points.loc[points["kind"] == "query", "predicted"] = task.classes[0][found.answers(placed).ravel()]
    return points
