"""Many heads in one loop, each over rows of metadata of its own: permuted, replaced by noise, or planted with the truth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.calibrating.laboratory import Laboratory
from metadash.ablation.values import Values
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.metadata.controls import control
from metadash.metadata.encoded import EncodedSource
from metadash.runs.progress import History
from metadash.specs.run import RunSpec
from metadash.specs.subsets import SourceArm
from metadash.training.heads import Heads, fit_heads, plain_count


class HeadsOver(Heads):
    """A head for each of ``sources``, all else as in an ablation: the same tasks, start, stopping and best weights."""

    def __init__(self, lab: Laboratory, run: RunSpec, sources: Sequence[EncodedSource]):
        self.given = sources
        super().__init__([run] * len(sources), (run.seed,), lab.data, lab.backbone)

    def encode_arms(self, seed: int, everything: tuple[str, ...]) -> list[list[EncodedSource]]:
        return [[source] for source in self.given]


def trained_heads(
    lab: Laboratory, seed: int, sources: Sequence[EncodedSource], run: RunSpec | None = None
) -> tuple[np.ndarray, EpisodeManifest, np.ndarray]:
    """Right answers [1 + A, shots, E], the plain prototype first; the test episodes, drawn anew for every ``seed``; best steps [A]."""
    run = replace(run or lab.at_one_shot(), seed=seed)
    heads = HeadsOver(lab, run, sources)
    fitted = fit_heads(heads, History())
    manifest = draw(lab.data, run.evaluation.episodes(run.split, "test", seed=1000 + seed))
    correct = np.concatenate([plain_count(heads.arm, manifest)[None], heads.count(manifest)[0][0]])
    return correct, manifest, fitted["best_step"][0]


def falsified(source: EncodedSource, kind: str, roles: list[np.ndarray], generator: np.random.Generator) -> EncodedSource:
    return control([source], kind, roles, generator)[0]


def values_of(correct: np.ndarray, manifest: EpisodeManifest, real: Sequence[int], wrong: Sequence[int]) -> Values:
    """An ablation of one source as the cards read it: without, with, and with its rows shuffled; ``correct`` [1 + A, shots, E].

    ``real`` and ``wrong`` are heads, from 1, one a seed.
    """
    queries = manifest.n_way * manifest.n_query
    arms = (SourceArm(0), SourceArm(1), SourceArm(1, "shuffled", 1))
    stacked = np.stack([correct[[0, r, w]] for r, w in zip(real, wrong, strict=True)])
    return Values(arms, (1,), tuple(range(len(real))), stacked, queries, manifest, ())
