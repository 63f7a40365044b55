"""The grades on trained learners: glyphs, cross-fitted; its letters with what is scored on each are the population, as in ``population``.

A repetition draws letters and episodes of each, and moves the effect by points drawn from the prior of ``grades``, so that its truth is known and all
grades come up: the spread, skewness and noise are those of the learners. A second look are the same letters and episodes by another three seeds.
"""

from pathlib import Path

import numpy as np

from benchmarks.calibrating.findings import Found, share
from benchmarks.calibrating.grades import GRADES, PRIOR_MEAN, PRIOR_SPREAD, Case, apart, contradict, tally
from benchmarks.calibrating.population import EPISODES, SOURCES, Bank, bank_of, measured, planted_glyphs
from benchmarks.record import Table
from metadash.ablation.plan import ablation_run, ablation_spec
from metadash.runs.machine import prepare_process
from metadash.stats.intervals import group_jackknife
from metadash.stats.verdict import decide
from metadash.workspace import Workspace

SEEDS, LOOK = 6, 3
"""Seeds of the bank, and of each look."""


def trained_grades(quick: bool, folder: Path, workers: int) -> Found:
    prepare_process()
    workspace = Workspace(folder)
    data = planted_glyphs(workspace)
    sizes = {"n_episodes": 200, "backbone_episodes": 40, "steps": 100} if quick else {}
    run = ablation_run(data, SOURCES, shots=(1,), **sizes)
    spec = ablation_spec(data, run, "confirm", range(SEEDS), controls=(), folds=3 if quick else 5)
    bank = bank_of(measured(spec, data, workspace, workers))
    found, rows = Found(), list[list[str]]()
    letters = int(bank.group.max()) + 1
    drawn = cases_of(bank, letters, 50 if quick else 1000)
    tally(found, f"{letters} letters, trained", drawn, rows, slack=5.0)
    far = sum(apart(one.first, one.second) > 1 for one in drawn)
    found.checks.append(share("more than one grade apart: other three seeds, trained", far, len(drawn), most=2.0))
    against = sum(contradict(one.first, one.second) for one in drawn)
    found.checks.append(share("contradict each other: other three seeds, trained", against, len(drawn), most=0.0))
    caption = f"How many of the cases that are called so are true, trained heads on glyphs, in %, {len(drawn):,} cases"
    found.tables.append(Table(caption, ("case", "claim", *GRADES), rows))
    return found


def cases_of(bank: Bank, letters: int, repetitions: int) -> list[Case]:
    """For each effect in turn."""
    rng, everyone = np.random.default_rng(6), np.arange(letters)
    truth = bank.truth(everyone)
    looks = [bank.points[:, half].mean(axis=1) for half in (slice(0, LOOK), slice(LOOK, 2 * LOOK))]
    found = []
    for _ in range(repetitions):
        chosen = rng.choice(everyone, letters)
        place = rng.integers(0, letters, EPISODES)
        episode = np.empty(EPISODES, dtype=int)
        for number, letter in enumerate(chosen):
            mine = np.flatnonzero(place == number)
            episode[mine] = rng.choice(np.flatnonzero(bank.group == letter), len(mine))
        for f, true in enumerate(truth):
            wanted = rng.normal(PRIOR_MEAN, PRIOR_SPREAD)
            both = [decide(group_jackknife(look[f, episode] + wanted - true, place)) for look in looks]
            found.append(Case(float(wanted), *both))
    return found
