"""Omniglot's own test (Lake, Salakhutdinov & Tenenbaum 2015): 400 one-shot trials, twenty runs of twenty, each within one alphabet.

In a run one drawer shows each of twenty characters of an evaluation alphabet once, and another draws the same twenty; each of these is a
trial. The authors' runs lie in their ``all_runs.zip``, on ten alphabets and by drawers that they chose; without that file runs of the same
form are drawn here, on all alphabets of their evaluation set and by any drawers: *not* theirs, and not to be compared with figures on theirs.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Dataset
from metadash.data.omniglot.drawing import read_png, shrink
from metadash.errors import BadInput
from metadash.learners.core.base import Learner
from metadash.learners.core.task_batch import TaskBatch

WAYS, RUNS_EACH = 20, 2
"""Characters of a run, and runs of each alphabet."""


@dataclass(frozen=True)
class Trials:
    """``shown`` and ``asked`` [R, 20, 28, 28] uint8, and which of the shown each asked one is: ``answer`` [R, 20]."""

    shown: np.ndarray
    asked: np.ndarray
    answer: np.ndarray
    whose: str

    def __len__(self) -> int:
        return self.answer.size


def drawn_trials(dataset: Dataset, seed: int = 0) -> Trials:
    """Runs of the authors' form on each alphabet of their evaluation set, twice, upright, by pairs of drawers drawn with ``seed``."""
    shown, asked = (np.asarray(dataset.inputs)[rows] for rows in drawn_rows(dataset, seed).swapaxes(0, 1))
    return Trials(shown, asked, np.tile(np.arange(WAYS), (len(shown), 1)), f"drawn here (seed {seed})")


def drawn_rows(dataset: Dataset, seed: int, ways: int = WAYS) -> np.ndarray:
    """Rows [R, 2, ways] of what is shown and asked, the same characters in the same order."""
    generator = np.random.default_rng(seed)
    rows = dataset.instances.merge(dataset.classes, on="class_id", validate="many_to_one")
    rows["row"] = np.arange(len(rows))
    rows = rows[(rows["authors_split"] == "evaluation") & (rows["rotation"].astype(int) == 0)]
    found = []
    for _, alphabet in rows.groupby("alphabet", sort=True):
        places = alphabet.pivot(index="class_id", columns="drawer", values="row").to_numpy()
        for _ in range(RUNS_EACH):
            characters = generator.permutation(len(places))[:ways]
            drawers = generator.permutation(places.shape[1])[:2]
            found.append(places[characters][:, drawers].T)
    return np.stack(found).astype(np.int64)


def official_trials(file: Path) -> Trials:
    """The authors' own, from their ``all_runs.zip``: ``runNN/class_labels.txt`` pairs each ``test/itemNN.png`` with its
    ``training/classNN.png``. Raises BadInput for a file that is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = {"/".join(PurePosixPath(name).parts[-3:]): name for name in archive.namelist() if "__MACOSX" not in name}
            labels = sorted(name for name in archive.namelist() if name.endswith("class_labels.txt") and "__MACOSX" not in name)
            runs = [read_run(archive, names, label) for label in labels]
    except (OSError, zipfile.BadZipFile, KeyError) as problem:
        raise BadInput(f"{file.name} does not hold the authors' one-shot runs; get all_runs.zip again.") from problem
    if not runs:
        raise BadInput(f"{file.name} holds no class_labels.txt; it is not the authors' all_runs.zip.")
    shown, asked, answer = (np.stack([run[part] for run in runs]) for part in range(3))
    return Trials(shown, asked, answer, "the authors' own")


def read_run(archive: zipfile.ZipFile, names: dict[str, str], label: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_csv(io.BytesIO(archive.read(label)), sep=r"\s+", header=None)
    pairs = [["/".join(PurePosixPath(cell).parts[-3:]) for cell in row] for row in table.to_numpy().tolist()]
    classes = sorted({shown for _, shown in pairs})

    def picture(name: str) -> np.ndarray:
        return shrink(read_png(archive.read(names[name]), name))

    shown = np.stack([picture(name) for name in classes])
    return shown, np.stack([picture(item) for item, _ in pairs]), np.array([classes.index(right) for _, right in pairs])


@torch.no_grad()
def wrong_trials(learner: Learner, trials: Trials) -> np.ndarray:
    """How many of each run's trials [R] the learner gets wrong, run by run."""
    learner.eval()
    labels = torch.arange(trials.shown.shape[1])[None]

    def picked(shown: np.ndarray, asked: np.ndarray) -> Tensor:
        return learner(TaskBatch(torch.from_numpy(shown)[None], labels, torch.from_numpy(asked)[None]))[0].argmax(dim=-1)

    found = [picked(shown, asked).numpy() for shown, asked in zip(trials.shown, trials.asked, strict=True)]
    return (np.stack(found) != trials.answer).sum(axis=1)


def sentence(wrong: np.ndarray, trials: Trials) -> str:
    total = int(wrong.sum())
    return f"{100 * total / len(trials):.2f} % error: {total} of {len(trials)} one-shot trials, {trials.whose}."
