"""What an ablation costs, in wall seconds and in this process's own: each arm as arms grow, and the four times promised."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.calibrating.findings import Check, Found
from benchmarks.calibrating.laboratory import Laboratory, open_laboratory
from benchmarks.record import Stopwatch, Table
from metadash.ablation.plan import AblationSpec
from metadash.metadata.changes import Change
from metadash.runs.progress import History, silent
from metadash.runs.queue.batch import train_all
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.any_spec import Spec
from metadash.specs.subsets import HeadsSpec, MaskedSpec, SourceArm, run_of
from metadash.specs.what_if import WhatIfSpec
from metadash.training.heads import Heads, fit_heads

NUMBERS = (4, 8, 16, 32, 64, 128, 256)
STEPS = 60


def timing(quick: bool, folder: Path, workers: int) -> Found:
    """The runs of this part are thrown away first where they are stored, so that they are computed; the backbone stays."""
    lab, found = open_laboratory(folder, quick), Found()
    found.tables.append(arms_growing(lab, NUMBERS[:3] if quick else NUMBERS))
    spec = AblationSpec(replace(lab.run, seed=0), "confirm")
    heads = sum(len(cell.arms) for cell in spec.runs if isinstance(cell, HeadsSpec))
    timed(
        found,
        lab,
        f"confirm: {heads} heads of 6 sources, 5 seeds, with shuffled controls, {workers} workers",
        list(spec.runs),
        workers,
        150,
    )
    screen = AblationSpec(lab.run, "screen", (0, 1, 2))
    needed = [*dict.fromkeys(cell.run for cell in screen.runs if isinstance(cell, MaskedSpec)), *screen.runs]
    timed(found, lab, f"screen: 3 seeds, every subset of 6 sources, {workers} workers", needed, workers, 20)
    slider(found, lab, screen)
    subsets(found, lab, quick)
    return found


def arms_growing(lab: Laboratory, numbers: tuple[int, ...]) -> Table:
    """The same few steps with more and more heads; the subsets of the six sources in turn, so that the mix stays alike."""
    run = replace(lab.run, steps=STEPS)
    rng, rows = np.random.default_rng(0), []
    masks = rng.permutation(np.arange(1, 2 ** len(run.sources)))
    for number in numbers:
        arms = [SourceArm(int(masks[i % len(masks)])) for i in range(number)]
        heads = Heads([run_of(run, arm) for arm in arms], (run.seed,), lab.data, lab.backbone)
        with Stopwatch() as trained:
            fit_heads(heads, History())
        manifest = heads.arm.validation
        with Stopwatch() as scored:
            heads.count(manifest)
        each = trained.processor / number / STEPS * 1000
        rows.append(
            [
                str(number),
                f"{each:.2f}",
                f"{trained.seconds / number / STEPS * 1000:.2f}",
                f"{1e6 * scored.processor / number / len(manifest):.0f}",
            ]
        )
        print(rows[-1], flush=True)
    columns = (
        "heads",
        "ms of computing a head and step",
        "ms of wall time",
        "µs of computing a head and episode scored, 4 numbers of shots",
    )
    return Table(f"Cost of an arm as arms grow ({STEPS} steps with their validation, one thread)", columns, rows)


def timed(found: Found, lab: Laboratory, what: str, runs: list[Spec], workers: int, most: float) -> None:
    forget(lab, runs)
    with Stopwatch() as watch:
        train_all(runs, lab.workspace, workers, silent)
    computed = sum(run.about["seconds"] for spec in runs if (run := lab.store.find(spec, lab.data)))
    found.checks.append(Check(what, watch.seconds, "s", 1, most=most, note=f"its runs one by one: {computed:.0f} s of wall time"))
    print(what, round(watch.seconds, 1), flush=True)


def slider(found: Found, lab: Laboratory, screen: AblationSpec) -> None:
    """The first answer reads the learner, later ones keep it, as on the page; each is another question."""
    cell = screen.runs[0]
    assert isinstance(cell, MaskedSpec)
    asked = [
        WhatIfSpec(cell.run, (Change(source, "swap", fraction),))
        for source in screen.sources[:2]
        for fraction in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    forget(lab, asked)
    wall, own = [], []
    for spec in asked:
        with Stopwatch() as watch:
            train(spec, lab.workspace)
        wall.append(watch.seconds)
        own.append(watch.processor)
    note = f"median of {len(wall)}, {min(wall):.2f} to {max(wall):.2f}; computing {np.median(own):.2f} s"
    found.checks.append(Check("a what-if slider answers", float(np.median(wall)), "s", len(wall), most=1.0, note=note))


def subsets(found: Found, lab: Laboratory, quick: bool) -> None:
    """Eight sources: the six, and two of them under other names; weights do not change the time."""
    from metadash.episodes.sampler import draw
    from metadash.training.source_masking import prototypes_masked
    from metadash.training.trainer import Arm, make_learner

    run = lab.at_one_shot(n_episodes=500 if quick else 10_000)
    arm = Arm(run, lab.data, lab.backbone)
    arm.encoded = [*arm.encoded, *(replace(source, name=f"{source.name} again") for source in arm.encoded[:2])]
    arm.learner = make_learner(run, arm.learner.backbone, arm.stored.shape[1], arm.encoded).eval()
    manifest = draw(lab.data, run.evaluation.episodes(run.split, "test"))
    with Stopwatch() as watch:
        prototypes_masked(arm, list(range(2 ** len(arm.encoded))), manifest, History())
    what = f"2⁸ subsets × {len(manifest):,} episodes scored without retraining, 1 shot, one thread"
    found.checks.append(Check(what, watch.seconds, "s", 1, most=60.0, note=f"computing {watch.processor:.1f} s"))


def forget(lab: Laboratory, runs: list[Spec]) -> None:
    store = RunStore(lab.workspace)
    for spec in runs:
        run = store.find(spec, lab.data)
        if run is not None:
            shutil.rmtree(run.folder)
