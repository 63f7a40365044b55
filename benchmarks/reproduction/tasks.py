"""Omniglot in the split of the Prototypical Networks paper, the proof that it leaks no class, and the frozen test episodes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.reproduction.cells import SETTINGS
from metadash.data.dataset import Dataset
from metadash.data.omniglot.install import install
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.workspace import Workspace

SPLIT = "vinyals"
CHARACTER = ["alphabet", "character"]
EPISODES, QUERIES = 1000, 15
WAYS, SHOTS = (tuple(sorted({setting[i] for setting in SETTINGS})) for i in (0, 1))
TEST_SEED, VALIDATION_SEED = 1234, 4321


@dataclass(frozen=True)
class Tests:
    """``manifests``: of each number of ways the episodes of one role, with 5 shots; 1 shot takes the first of them."""

    role: str
    manifests: dict[int, EpisodeManifest]


def open_omniglot(source: Path, cache: Path) -> Dataset:
    """The data set with its turned copies, made of the files in ``source`` the first time."""
    workspace = Workspace(cache / "workspace")
    if (workspace.datasets / "omniglot").is_dir():
        return Dataset.open(workspace, "omniglot")
    return install(workspace, source)


def assert_disjoint(classes: pd.DataFrame, splits: pd.DataFrame) -> str:
    """Proves for every split that no *character*, upright or turned, has two roles; says so, or raises AssertionError.

    ``classes`` has class_id, alphabet and character; ``splits`` rows of (split, class_id, role). Turned copies are classes of their
    own, so that disjoint classes alone would let a character be trained on upright and tested on its side.
    """
    roles = splits.merge(classes[["class_id", *CHARACTER]], on="class_id", validate="many_to_one")
    counts = roles.groupby(["split", *CHARACTER])["role"].nunique()
    if (counts > 1).any():
        split, alphabet, character = counts.index[(counts > 1).argmax()]
        raise AssertionError(
            f"The split '{split}' leaks: {alphabet}, character {character} has {counts.max()} roles ({int((counts > 1).sum())} such characters)."
        )
    names = sorted(roles["split"].unique())
    sizes = [
        f"{role} {len(part)} classes of {len(part[CHARACTER].drop_duplicates())} characters"
        for role, part in roles[roles["split"] == SPLIT].groupby("role", sort=False)
    ]
    return f"Asserted: in none of the {len(names)} splits does a character have two roles. {SPLIT}: {', '.join(sizes)}."


def assert_drawn_from(manifest: EpisodeManifest, dataset: Dataset, role: str) -> None:
    """Every class and drawing of the episodes is of ``role``: also what was drawn is checked, not only what could be."""
    allowed = dataset.split(SPLIT)[role]
    assert np.isin(manifest.classes, allowed).all(), f"Episodes hold classes that are not {role} classes."
    for rows in (manifest.support, manifest.query):
        assert (dataset.class_of[rows] == manifest.classes[..., None]).all(), "A drawing stands under a class it is not of."


def frozen(dataset: Dataset, role: str, seed: int, episodes: int = EPISODES, ways: tuple[int, ...] = WAYS) -> Tests:
    """The same episodes for every learner and seed, so that differences are paired."""
    manifests = {}
    for n_way in ways:
        spec = EpisodeSpec(Pool(SPLIT, role), n_way, max(SHOTS), QUERIES, seed=seed, n_episodes=episodes)
        manifests[n_way] = draw(dataset, spec)
        assert_drawn_from(manifests[n_way], dataset, role)
    return Tests(role, manifests)
