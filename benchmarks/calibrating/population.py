"""Coverage on trained learners: glyphs with two planted sources, its 28 letters with many characters taken for the population.

Cross-fitting makes every letter a test letter once. What the learners score on each is a bank of episodes; a repetition draws letters
from the 28, with replacement, and episodes from their banks, and asks whether the interval holds the mean over all 28. So the
differences between letters, their skewness and the noise of an episode are real, and the truth is known. Training seeds likewise: a
repetition draws five of many trained seeds.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibrating.findings import Found, covered, share
from benchmarks.record import Table
from metadash.ablation.plan import AblationSpec, ablation_run, ablation_spec
from metadash.ablation.result import ablation
from metadash.ablation.values import Values
from metadash.data.dataset import Dataset, Source, write_dataset
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.runs.machine import prepare_process
from metadash.runs.progress import silent
from metadash.runs.queue.batch import train_all
from metadash.runs.store import RunStore
from metadash.stats.intervals import episode_interval, group_jackknife, seed_interval, skewness
from metadash.stats.shapley import leave_one_out, shapley, together
from metadash.workspace import Workspace

SOURCES = ("accents", "planted", "random")
DIRECTIONS, NOISE = 8, 0.7
"""Of the planted source: so many directions of the mean picture, and noise of this size beside their spread."""
GROUPS, EPISODES, SEEDS, SHOT = 11, 2000, 5, 1
TRAINED = 96
"""Seeds of the bank. Among five draws from 24, two are the same as often as one time in three, as no two trainings ever are, and what
repeats has no spread; from 96, one time in ten."""
NAME = "planted-glyphs"


@dataclass(frozen=True)
class Bank:
    """``points`` [F, S, E] of each effect, seed and episode; ``group`` [E] the letter, 0..G-1."""

    effects: tuple[str, ...]
    points: np.ndarray
    group: np.ndarray

    def truth(self, letters: np.ndarray) -> np.ndarray:
        """[F] the mean over ``letters``, each weighing the same, and over the seeds."""
        mean = self.points.mean(axis=1)
        return np.stack([mean[:, self.group == letter].mean(axis=1) for letter in letters]).mean(axis=0)


def population(quick: bool, folder: Path, workers: int) -> Found:
    prepare_process()
    workspace = Workspace(folder)
    data = planted_glyphs(workspace)
    sizes = {"n_episodes": 200, "backbone_episodes": 40, "steps": 100} if quick else {}
    run = ablation_run(data, SOURCES, shots=(SHOT,), **sizes)
    crossed = ablation_spec(data, run, "confirm", range(SEEDS), folds=3 if quick else 5)
    many = AblationSpec(run, "confirm", tuple(range(6 if quick else TRAINED)))
    letters = bank_of(measured(crossed, data, workspace, workers))
    seeds = bank_of(measured(many, data, workspace, workers))
    repetitions, found, rows = 200 if quick else 2000, Found(), []
    for kind, hits, truth in (
        ("these letters (episodes)", *of_episodes(letters, repetitions)),
        ("new letters", *of_letters(letters, repetitions)),
        ("training again (seeds)", *of_seeds(seeds, repetitions)),
    ):
        for f, effect in enumerate(letters.effects):
            found.checks.append(share(f"coverage on glyphs, {kind}: {effect}", int(hits[f]), repetitions, 93.0, 97.0))
        rows.append(
            [kind, *(f"{100 * h / repetitions:.1f} ({t:+.1f})".replace("-", "−") for h, t in zip(hits, truth, strict=True))]
        )
    columns = ("interval for", *letters.effects)
    n_letters = int(letters.group.max()) + 1
    caption = f"How many of {repetitions:,} intervals of 95 % hold the truth (in brackets, in points), trained heads on {n_letters} letters, in %"
    found.tables.append(Table(caption, columns, rows))
    found.tables.append(
        Table("How skewed the letters are", ("effect", "spread over letters, points", "skewness"), spread_of(letters))
    )
    return found


def measured(spec: AblationSpec, data: Dataset, workspace: Workspace, workers: int) -> Values:
    train_all(spec.runs, workspace, workers, silent)
    found = ablation(spec, data, RunStore(workspace))
    if found is None:
        raise BadInput("The runs of the ablation were not stored.")
    return found.values


def bank_of(values: Values) -> Bank:
    count, masks = len(SOURCES), values.masks
    named = {
        "all together": together(count, masks),
        **{f"left out: {name}": row[None] for name, row in zip(SOURCES, leave_one_out(count, masks), strict=True)},
        **{f"share: {name}": row[None] for name, row in zip(SOURCES, shapley(count, masks), strict=True)},
    }
    points = values.effects(np.concatenate(list(named.values())), SHOT)
    return Bank(tuple(named), points, np.unique(values.manifest.group, return_inverse=True)[1])


def drawn(bank: Bank, letters: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """As a manifest is drawn: a letter for each episode, evenly, and an episode of that letter. [F, E] and the place [E] of the letter."""
    place = rng.integers(0, len(letters), EPISODES)
    chosen = np.empty(EPISODES, dtype=int)
    for number, letter in enumerate(letters):
        mine = np.flatnonzero(place == number)
        chosen[mine] = rng.choice(np.flatnonzero(bank.group == letter), len(mine))
    return bank.points.mean(axis=1)[:, chosen], place


def of_episodes(bank: Bank, repetitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The letters are those of one draw; only episodes are drawn afresh."""
    rng = np.random.default_rng(1)
    letters = rng.choice(int(bank.group.max()) + 1, GROUPS, replace=False)
    truth, hits = bank.truth(letters), np.zeros(len(bank.effects))
    for _ in range(repetitions):
        points, _ = drawn(bank, letters, rng)
        hits += [covered(true, episode_interval(one)) for true, one in zip(truth, points, strict=True)]
    return hits, truth


def of_letters(bank: Bank, repetitions: int) -> tuple[np.ndarray, np.ndarray]:
    rng, all_letters = np.random.default_rng(2), np.arange(int(bank.group.max()) + 1)
    truth, hits = bank.truth(all_letters), np.zeros(len(bank.effects))
    for _ in range(repetitions):
        points, place = drawn(bank, rng.choice(all_letters, GROUPS), rng)
        hits += [covered(true, group_jackknife(one, place)) for true, one in zip(truth, points, strict=True)]
    return hits, truth


def of_seeds(bank: Bank, repetitions: int) -> tuple[np.ndarray, np.ndarray]:
    rng, by_seed = np.random.default_rng(3), bank.points.mean(axis=2)  # [F, S]
    truth, hits = by_seed.mean(axis=1), np.zeros(len(bank.effects))
    for _ in range(repetitions):
        chosen = rng.integers(0, by_seed.shape[1], SEEDS)
        hits += [covered(true, seed_interval(one)) for true, one in zip(truth, by_seed[:, chosen], strict=True)]
    return hits, truth


def spread_of(bank: Bank) -> list[list[str]]:
    letters = np.arange(int(bank.group.max()) + 1)
    by_letter = np.stack([bank.truth(np.array([letter])) for letter in letters], axis=1)
    return [
        [effect, f"{row.std(ddof=1):.2f}", f"{skewness(row):+.1f}".replace("-", "−")]
        for effect, row in zip(bank.effects, by_letter, strict=True)
    ]


def planted_glyphs(workspace: Workspace) -> Dataset:
    """Glyphs with a source that says, with some noise, what a character looks like on average, and one of random numbers."""
    if (workspace.datasets / NAME).is_dir():
        return Dataset.open(workspace, NAME)
    data = open_dataset(workspace, "glyphs")
    rng, n = np.random.default_rng(0), len(data.classes)
    mean = np.zeros((n, data.inputs[0].size))
    np.add.at(mean, data.class_of, data.inputs.reshape(len(data.inputs), -1).astype(np.float32) / 255)
    mean /= np.bincount(data.class_of, minlength=n)[:, None]
    centred = mean - mean.mean(axis=0)
    leading = centred @ np.linalg.svd(centred, full_matrices=False)[2][:DIRECTIONS].T
    planted = leading / leading.std(axis=0) + NOISE * rng.standard_normal(leading.shape)
    columns = {"looks": planted, "dice": rng.standard_normal((n, DIRECTIONS))}
    classes = data.classes.assign(**{name: pd.Series(list(vectors)) for name, vectors in columns.items()})
    own = (Source("planted", "class", ("looks",)), Source("random", "class", ("dice",)))
    description = replace(data.description, name=NAME, questions=(), sources=(data.source("accents"), *own))
    return write_dataset(workspace, description, classes, data.instances, np.asarray(data.inputs), data.splits)
