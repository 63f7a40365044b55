"""Whether the break-even share of wrong metadata is found: against a planted truth, and against a run with many episodes and draws."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.calibrating.findings import Found, share
from benchmarks.calibrating.laboratory import Laboratory, open_laboratory
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.record import Table
from metadash.answers.doses import BreakEven, break_even
from metadash.episodes.sampler import draw
from metadash.metadata.changes import Change
from metadash.runs.train import train
from metadash.specs.what_if import DoseSpec
from metadash.training.rescoring import Rescorer, same_every_draw

CLOSE = 0.1
USUAL = DoseSpec.__dataclass_fields__["fractions"].default
DRAWS = DoseSpec.__dataclass_fields__["draws"].default
FINE = tuple(np.round(np.arange(1, 11) / 10, 2).tolist())
GAIN = 2.0  # points that true metadata add
TRUTHS = (0.2, 0.4, 0.6, 0.8)
BENT = 1.3  # the planted curve falls as the share to this power: not linear between the measured shares
EPISODE_NOISE, KEPT_NOISE = 6.0, 4.0  # points: of an episode at all shares, and at each share by itself


def break_even_part(quick: bool, folder: Path, workers: int) -> Found:
    found = Found()
    planted(found, 10 if quick else 1000, workers)
    trained(found, open_laboratory(folder, quick), quick)
    return found


def planted(found: Found, repetitions: int, workers: int) -> None:
    """Gains whose mean crosses zero at a known share, measured at the usual shares on 2,000 episodes."""
    rows = []
    for truth, answers in zip(
        TRUTHS, side_by_side(planted_answers, [(truth, repetitions) for truth in TRUTHS], workers), strict=True
    ):
        rows.append([f"gain {GAIN:g} points, zero at {truth:g}", *summary(answers, truth)])
        within = sum(abs(answer.value - truth) <= CLOSE for answer in answers)
        found.checks.append(share(f"break-even within {CLOSE:g} of the planted {truth:g}", within, repetitions, least=95.0))
    found.tables.append(Table(f"Break-even of a planted curve, {repetitions} repetitions of 2,000 episodes", COLUMNS, rows))


def planted_answers(truth: float, repetitions: int) -> list[BreakEven]:
    fractions, rng = np.array([0.0, *USUAL]), np.random.default_rng([int(10 * truth), 5])
    mean = GAIN * (1 - (fractions / truth) ** BENT)
    found = []
    for _ in range(repetitions):
        noise = rng.normal(0, EPISODE_NOISE, 2000) + rng.normal(0, KEPT_NOISE, (len(fractions), 2000))
        found.append(break_even(fractions, mean[:, None] + noise, rng))
    return found


COLUMNS = ("case", "truth", "found, mean", "largest error", "within 0.1, %", "95 % interval holds the truth, %")


def summary(answers: list[BreakEven], truth: float) -> list[str]:
    errors = [abs(answer.value - truth) for answer in answers]
    held = np.mean([answer.low <= truth <= answer.high for answer in answers])
    within = np.mean([error <= CLOSE for error in errors])
    mean = np.mean([answer.value for answer in answers])
    return [f"{truth:.2f}", f"{mean:.2f}", f"{max(errors):.2f}", f"{100 * within:.0f}", f"{100 * held:.0f}"]


def trained(found: Found, lab: Laboratory, quick: bool) -> None:
    """One trained learner over all six sources; the truth from many episodes, draws and shares, the answers from usual ones."""
    run = train(lab.at_one_shot(), lab.workspace)
    scorer = Rescorer(run, lab.data, lab.store)
    repetitions, episodes = (3, 200) if quick else (10, 2000)
    large, many = (500, 4) if quick else (5000, 12)
    rows = []
    for kind in ("swap", "nearest", "noise"):
        fractions = np.array([0.0, *FINE])
        gain = gains(scorer, lab, kind, FINE, many, large, seed=77)
        truth = break_even(fractions, gain, np.random.default_rng(0))
        answers = [
            break_even(
                np.array([0.0, *USUAL]), gains(scorer, lab, kind, USUAL, DRAWS, episodes, seed), np.random.default_rng(seed)
            )
            for seed in range(repetitions)
        ]
        name = f"all six sources, {kind}: {gain[0].mean():+.1f} points as they are, {gain[-1].mean():+.1f} at the end"
        rows.append([name.replace("-", "−"), *summary(answers, truth.value)])
        within = sum(abs(answer.value - truth.value) <= CLOSE for answer in answers)
        note = f"censored: {truth.censored}" if truth.censored else ""
        found.checks.append(
            share(
                f"break-even within {CLOSE:g} of a large run's ({truth.value:.2f}), glyphs, {kind}",
                within,
                repetitions,
                95.0,
                note=note,
            )
        )
        print(rows[-1], flush=True)
    caption = (
        f"Break-even of a learner trained on glyphs: {repetitions} answers from {episodes:,} episodes and {DRAWS} draws each, "
        f"the truth from {large:,} episodes, {many} draws and {len(FINE)} shares"
    )
    found.tables.append(Table(caption, COLUMNS, rows))


def gains(
    scorer: Rescorer, lab: Laboratory, kind: str, fractions: tuple[float, ...], draws: int, episodes: int, seed: int
) -> np.ndarray:
    """Points over doing without [F + 1, draws, E] on new episodes of the same classes: what a dose run stores, with its own draws."""
    tests = replace(scorer.spec.evaluation, seed=500 + seed, n_episodes=episodes)
    scorer.manifest = draw(lab.data, tests.episodes(scorer.spec.split, "test"))
    sources = scorer.spec.sources

    def changed(fraction: float, to: str, number: int) -> list:
        return scorer.encoded(tuple(Change(source, to, fraction) for source in sources), seed=1000 * seed + number)

    whole, without = (
        scorer.correct([variant])[0, 0].astype(float) for variant in (scorer.arm.encoded, changed(1.0, "missing", 0))
    )
    rows = [np.tile(whole, (draws, 1))]
    for fraction in fractions:
        times = 1 if same_every_draw(kind, fraction, "random") else draws
        found = scorer.correct([changed(fraction, kind, number) for number in range(times)])[:, 0]
        rows.append(np.broadcast_to(found, (draws, found.shape[1])))
    return 100 * (np.stack(rows) - without) / (scorer.manifest.n_way * scorer.manifest.n_query)
