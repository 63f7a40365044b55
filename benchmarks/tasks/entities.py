"""Entity typing: 5-way tasks of types in domains that no training has seen, with the type's name as metadata and with names shuffled."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import metadash as md
from benchmarks.tasks.row import Row
from metadash.data.dataset import Dataset
from metadash.data.inputs.mentions import mention_of
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.stats.intervals import episode_interval

SETS = {
    "crossner": ("type name", "domain", ("50.2", "+7.7 ± 0.6", "−5.8 ± 0.6"), ("67.9", "+1.3 ± 0.2", "−0.1")),
    "snips-slots": ("slot name", "intent", ("72.9", "+1.0 ± 0.5", "−4.4 ± 0.6"), ("85.7", "+0.2 ± 0.2", "+0.1")),
}
"""The source with the names, what splits hold out, and what was measured beforehand at 1 and at 5 shots: without names, what names add, what shuffled names add."""
SPLITS = 3
SHOTS = (1, 5)
BUDGET = {"n_episodes": 300, "steps": 300, "shots": SHOTS, "n_way": 5, "strategy": "uniform", "backbone": "minilm-span"}


def rows(data: Path) -> Iterator[Row]:
    for name, (source, held, *wanted) in SETS.items():
        with TemporaryDirectory() as folder:
            made = md.install(name, data / "entities", workspace=folder, progress=False)
            yield features(made)
            scores = [np.stack([arm(made, source, f"{held}-{seed}", kind) for seed in range(SPLITS)], axis=1) for kind in ARMS]
            for place, shot in enumerate(SHOTS):
                plain, named, shuffled = (100 * one[place].reshape(-1) for one in scores)
                what = f"{name}, 5-way {shot} shot{'s' * (shot > 1)}"
                for label, values, sign, known in zip(
                    ("accuracy, %", "its names add", "shuffled names add"),
                    (plain, named - plain, shuffled - plain),
                    ("", "+", "+"),
                    wanted[place],
                    strict=True,
                ):
                    mean = episode_interval(values)
                    yield Row(f"{what}: {label}", known, f"{mean.estimate:{sign}.1f} {mean.bracket}".replace("-", "−"))


ARMS = ({}, {"control": "none"}, {"control": "shuffled"})


def arm(data: Dataset, source: str, split: str, choices: dict[str, str]) -> np.ndarray:
    """[shots, episodes] accuracy; without metadata where nothing is chosen."""
    informed = {**choices, "text_encoder": "minilm"} if choices else {}
    run = train(run_for(data, (source,) if choices else (), split=split, **BUDGET, **informed), data.workspace)
    found = run.scores().query("n_way == 5").sort_values(["shot", "episode"])
    return np.stack([(one["correct"] / one["queries"]).to_numpy() for _, one in found.groupby("shot")])


def features(data: Dataset) -> Row:
    """A sentence is read once, however many mentions it has."""
    sentences = len({mention_of(text).text for piece in data.inputs.pieces() for text in piece})
    begun, wall = time.process_time(), time.perf_counter()
    train(run_for(data, split=data.split_names[0], backbone="minilm-span").backbone, data.workspace)
    spent, waited = time.process_time() - begun, time.perf_counter() - wall
    return Row(
        f"{data.name}: features of {sentences} sentences",
        "60 s for 5,000",
        f"{waited:.0f} s, {spent:.0f} CPU-s ({5000 * spent / sentences:.0f} for 5,000)",
    )
